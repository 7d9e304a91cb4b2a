//! Lists folders, and walks below one, within bounds.
//!
//! A walk follows no links and stays on one file system, so that it neither
//! goes in circles nor wakes an automounter. What a file holds is left to
//! [`Host::read`](super::Host::read).

use std::fs::{self, DirEntry, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::{Host, HostError};

/// The most entries of one folder, and of one walk.
const MOST_ENTRIES: usize = 20_000;
/// The deepest folder of a walk.
const DEEPEST: usize = 16;

impl Host {
    /// The names in a folder, sorted.
    ///
    /// # Errors
    /// When it is missing or forbidden.
    pub fn names(&self, folder: &str) -> Result<Vec<String>, HostError> {
        let entries = entries(&self.resolve(folder)?, folder)?;
        Ok(entries.into_iter().map(|(name, _)| name).collect())
    }

    /// Visits the path of every regular file below `folder`, in order, except
    /// where `skip` says so of a file or folder. Gives back the folders that
    /// could not be listed.
    ///
    /// # Errors
    /// When `folder` itself cannot be listed.
    pub fn walk(
        &self,
        folder: &str,
        skip: impl Fn(&str) -> bool,
        mut visit: impl FnMut(&str),
    ) -> Result<Vec<HostError>, HostError> {
        let base = self.resolve(folder)?;
        let found = |error| HostError::new(folder, &error);
        let device = fs::metadata(&base).map_err(found)?.dev();
        let mut problems = Vec::new();
        let mut left = MOST_ENTRIES;
        // The last of each list is the next to visit.
        let mut open = vec![listing(&base, folder)?];
        while let Some(level) = open.last_mut() {
            let Some((path, real, metadata)) = level.pop() else {
                open.pop();
                continue;
            };
            if left == 0 {
                problems.push(HostError::TooLarge {
                    path: folder.to_owned(),
                    limit: MOST_ENTRIES as u64,
                });
                break;
            }
            left -= 1;
            if skip(&path) || metadata.dev() != device {
                continue;
            }
            if metadata.is_file() {
                visit(&path);
            } else if metadata.is_dir() && open.len() < DEEPEST {
                match listing(&real, &path) {
                    Ok(listing) => open.push(listing),
                    Err(error) => problems.push(error),
                }
            }
        }
        Ok(problems)
    }
}

type Listing = Vec<(String, std::path::PathBuf, Metadata)>;

/// The entries of a folder with their kinds, the last name first.
fn listing(real: &Path, path: &str) -> Result<Listing, HostError> {
    let entries = entries(real, path)?.into_iter().rev();
    let known = entries.filter_map(|(name, entry)| {
        // What is gone by now was never there.
        let metadata = entry.metadata().ok()?;
        Some((format!("{path}/{name}"), entry.path(), metadata))
    });
    Ok(known.collect())
}

/// Names that are not UTF-8 are passed over: no kernel interface has them.
fn entries(real: &Path, path: &str) -> Result<Vec<(String, DirEntry)>, HostError> {
    let failed = |error| HostError::new(path, &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(real).map_err(failed)?.take(MOST_ENTRIES) {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string() {
            found.push((name, entry));
        }
    }
    found.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(found)
}
