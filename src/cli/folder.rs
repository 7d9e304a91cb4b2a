//! Folders written whole or not at all.
//!
//! Each top-level folder of a set of files is built beside its place and renamed
//! when it is complete. One that an earlier run left is replaced as a whole; one
//! that is anybody else's is not touched.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process;

use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::exit::Failure;
use super::{input, output};
use crate::bundle::File;

/// A set of files and where it goes.
pub(super) struct Target<'a> {
    root: &'a Path,
    /// Files by top-level folder, which is empty for those in none.
    folders: BTreeMap<&'a str, Vec<(&'a str, &'a File)>>,
}

/// What every folder of ours holds, and a folder of somebody else hardly does.
const MARKS: [&str; 2] = ["recipe.yaml", "checksums.txt"];

impl<'a> Target<'a> {
    pub(super) fn new(root: &'a Path, files: &'a [File]) -> Self {
        let mut folders: BTreeMap<&str, Vec<(&str, &File)>> = BTreeMap::new();
        for file in files {
            let (folder, path) = file.path.split_once('/').unwrap_or(("", &file.path));
            folders.entry(folder).or_default().push((path, file));
        }
        Self { root, folders }
    }

    /// Writes all of it; gives what was written. Nothing is replaced before
    /// everything has been built.
    pub(super) fn write(&self) -> Result<Vec<PathBuf>, Failure> {
        if input::is_elsewhere(self.root) {
            return Err(Failure::NoFile(self.root.to_owned()));
        }
        self.check()?;
        let mut built = Vec::new();
        let mut loose = Vec::new();
        for (folder, files) in &self.folders {
            if folder.is_empty() {
                let placed = |(path, file): &(_, _)| (self.root.join(path), *file);
                loose.extend(files.iter().map(placed));
                continue;
            }
            // Two runs at once do not build in one place.
            let beside = format!(".{folder}.{}.part", process::id());
            built.push((self.root.join(folder), self.root.join(beside), files));
        }
        let build_all = || {
            built
                .iter()
                .try_for_each(|(_, beside, files)| build(beside, files))
        };
        let place_all = || {
            built.iter().try_for_each(|(place, beside, _)| {
                exchange(beside, place).map_err(|cause| Failure::Write {
                    path: place.clone(),
                    cause,
                })
            })
        };
        let outcome = build_all().and_then(|()| place_all());
        if outcome.is_err() {
            for (_, beside, _) in &built {
                drop(fs::remove_dir_all(beside));
            }
        }
        outcome?;
        let mut written: Vec<PathBuf> = built.into_iter().map(|(place, ..)| place).collect();
        for (path, file) in loose {
            output::save(&path, &file.bytes)?;
            written.push(path);
        }
        Ok(written)
    }

    /// Refuses to replace what is not ours.
    fn check(&self) -> Result<(), Failure> {
        for folder in self.folders.keys().filter(|folder| !folder.is_empty()) {
            let place = self.root.join(folder);
            let foreign = match fs::read_dir(&place) {
                Ok(mut entries) => {
                    entries.next().is_some() && !MARKS.iter().all(|mark| place.join(mark).is_file())
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => false,
                // A file, or a folder that cannot be looked into.
                Err(cause) => return Err(Failure::Write { path: place, cause }),
            };
            if foreign {
                return Err(Failure::ForeignFolder(place));
            }
        }
        Ok(())
    }
}

fn build(beside: &Path, files: &[(&str, &File)]) -> Result<(), Failure> {
    // A run that was ended may have had the same number: in a container it always has.
    drop(fs::remove_dir_all(beside));
    for (path, file) in files {
        let path = beside.join(path);
        let folder = path.parent().unwrap_or(beside);
        let written = fs::create_dir_all(folder)
            .and_then(|()| fs::write(&path, &file.bytes))
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(file.mode)));
        written.map_err(|cause| Failure::Write { path, cause })?;
    }
    Ok(())
}

/// Puts a built folder in its place, and takes away what was there. Both change
/// places at once, so that somebody finds a whole bundle at any moment.
fn exchange(beside: &Path, place: &Path) -> io::Result<()> {
    let swap = || -> io::Result<()> {
        renameat_with(CWD, beside, CWD, place, RenameFlags::EXCHANGE)?;
        fs::remove_dir_all(beside)
    };
    match fs::rename(beside, place) {
        // Nothing was there, or an empty folder.
        Ok(()) => Ok(()),
        // File systems say the one or the other.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
            ) =>
        {
            swap().or_else(|error| match error.kind() {
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported => {
                    exchange_in_steps(beside, place)
                }
                _ => Err(error),
            })
        }
        Err(error) => Err(error),
    }
}

/// For file systems that know no exchange: the old one is moved aside first, and
/// back if the new one cannot be moved in.
fn exchange_in_steps(beside: &Path, place: &Path) -> io::Result<()> {
    let old = beside.with_extension("old");
    fs::rename(place, &old)?;
    match fs::rename(beside, place) {
        Ok(()) => fs::remove_dir_all(&old),
        Err(error) => {
            drop(fs::rename(&old, place));
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Target, exchange, exchange_in_steps};
    use crate::bundle::File;
    use std::fs;
    use std::io;
    use std::path::Path;
    use std::process;

    fn check(exchange: impl Fn(&Path, &Path) -> io::Result<()>) {
        let root = tempfile::tempdir().unwrap();
        let (beside, place) = (root.path().join(".b.1.part"), root.path().join("b"));
        for (folder, name) in [(&beside, "new"), (&place, "old")] {
            fs::create_dir(folder).unwrap();
            fs::write(folder.join(name), "").unwrap();
        }
        exchange(&beside, &place).unwrap();
        assert!(place.join("new").exists() && !place.join("old").exists());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_an_ended_run_left_is_not_shipped_and_what_fails_is_taken_away() {
        let root = tempfile::tempdir().unwrap();
        let stale = root.path().join(format!(".one.{}.part", process::id()));
        fs::create_dir(&stale).unwrap();
        fs::write(stale.join("stale"), "").unwrap();
        let file = |path: &str| File {
            path: path.to_owned(),
            bytes: b"x".to_vec(),
            mode: 0o644,
        };
        Target::new(root.path(), &[file("one/new")])
            .write()
            .unwrap();
        let found: Vec<_> = fs::read_dir(root.path().join("one")).unwrap().collect();
        assert_eq!(found.len(), 1);
        // The second one cannot be built: its file is in the way of its folder.
        let broken = [file("a/new"), file("b/new"), file("b/new/below")];
        assert!(Target::new(root.path(), &broken).write().is_err());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_folder_takes_the_place_of_another_and_nothing_is_left() {
        check(exchange);
        check(exchange_in_steps);
    }
}
