//! Files that are there whole or not at all, also when the process is ended while
//! it writes one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// The file that is being written beside its place. There is one at a time: only
/// the main thread writes.
static UNFINISHED: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Writes a file beside its place, makes sure that it is on the disk, and moves it
/// there; folders on the way are made. A link stays a link, a file keeps its
/// permissions, and what is no file, such as a pipe, is written as it is.
///
/// # Errors
/// What the system says. A file that was there is then as it was, unless it was moved
/// and only its folder is not on the disk; a pipe may have taken a part.
pub fn save(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let before = fs::metadata(&path).ok();
    if before
        .as_ref()
        .is_some_and(|known| !known.is_file() && !known.is_dir())
    {
        return File::options().write(true).open(&path)?.write_all(bytes);
    }
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    fs::create_dir_all(folder).map_err(|error| match error.kind() {
        // Something is there, but nothing that holds files.
        io::ErrorKind::AlreadyExists => io::ErrorKind::NotADirectory.into(),
        _ => error,
    })?;
    let mut beside = path.clone().into_os_string();
    beside.push(format!(".{}.part", std::process::id()));
    let beside = PathBuf::from(beside);
    set_unfinished(Some(beside.clone()));
    let known = before.filter(fs::Metadata::is_file);
    let moved = write_through(&beside, bytes, known.is_some())
        .and_then(|()| match &known {
            Some(known) => fs::set_permissions(&beside, known.permissions()),
            None => Ok(()),
        })
        .and_then(|()| fs::rename(&beside, &path));
    if moved.is_err() {
        drop(fs::remove_file(&beside));
    }
    set_unfinished(None);
    moved?;
    // The move itself is on the disk once the folder is.
    File::open(folder)?.sync_all()
}

/// A `private` file is for nobody else until somebody says so.
fn write_through(path: &Path, bytes: &[u8], private: bool) -> io::Result<()> {
    // What an ended run left there may be open to all, or lead elsewhere.
    drop(fs::remove_file(path));
    let mode = if private { 0o600 } else { 0o666 };
    let mut options = File::options();
    let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn set_unfinished(path: Option<PathBuf>) {
    *UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner) = path;
}

/// Takes away what is half written; for whoever ends the process.
pub fn abandon() {
    let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(path) = unfinished.as_ref() {
        drop(fs::remove_file(path));
    }
}

#[cfg(test)]
mod tests {
    use super::{save, write_through};
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/snapshot.yaml");
        for text in ["one", "two"] {
            save(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert!(save(folder.path(), b"x").is_err());
        for (place, says) in [
            ("new/snapshot.yaml/x", "not a directory"),
            ("a/", "is a directory"),
        ] {
            let error = save(&folder.path().join(place), b"x").unwrap_err();
            assert_eq!(error.to_string(), says);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_private_file_stays_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("baseline.yaml");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        save(&path, b"new").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        // Also before it stands in its place, where an open one may have been left.
        let beside = folder.path().join("baseline.yaml.1.part");
        fs::write(&beside, "left").unwrap();
        write_through(&beside, b"new", true).unwrap();
        assert_eq!(fs::metadata(&beside).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn links_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        save(&link, b"new").unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        let full = save(std::path::Path::new("/dev/full"), b"x").unwrap_err();
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    }
}
