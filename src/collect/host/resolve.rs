//! Follows links below a root, as the node itself would after `chroot`.
//!
//! Links are read one by one instead of by the kernel, because `openat2` is
//! missing on kernels that nodes still run. Whoever could swap a link meanwhile
//! owns the node, so that race is left alone.

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::HostError;

/// As many as the kernel follows.
const MOST_LINKS: usize = 40;

pub(super) fn resolve(root: &Path, path: &str) -> Result<PathBuf, HostError> {
    let mut ahead: VecDeque<PathBuf> = parts(Path::new(path)).collect();
    let mut below: Vec<PathBuf> = Vec::new();
    let mut links = 0;
    while let Some(part) = ahead.pop_front() {
        if part == Path::new("..") {
            below.pop();
            continue;
        }
        let here = below.iter().fold(root.to_owned(), |at, part| at.join(part));
        let here = here.join(&part);
        let failed = |error: io::Error| HostError::new(path, &error);
        if !fs::symlink_metadata(&here).map_err(failed)?.is_symlink() {
            below.push(part);
            continue;
        }
        links += 1;
        if links > MOST_LINKS {
            return Err(HostError::TooManyLinks(path.to_owned()));
        }
        let target = fs::read_link(&here).map_err(failed)?;
        if target.is_absolute() {
            below.clear();
        }
        for part in parts(&target).collect::<Vec<_>>().into_iter().rev() {
            ahead.push_front(part);
        }
    }
    Ok(below.iter().fold(root.to_owned(), |at, part| at.join(part)))
}

/// The names of a path and its `..`; `/` and `.` say nothing.
fn parts(path: &Path) -> impl Iterator<Item = PathBuf> {
    path.components().filter_map(|component| match component {
        Component::Normal(name) => Some(name.into()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    })
}
