//! Snapshots that wait to be posted: a folder of files, each named by the digest
//! of exactly the bytes that are sent, so that no snapshot is ever sent twice as
//! different bytes.
//!
//! What is sent when, and to whom, is left to `post`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use crate::files;

/// How many snapshots wait at most; at one every six hours, two months. Equal
/// ones count once.
const MOST: usize = 256;
/// How many bytes they have together at most.
const MOST_BYTES: u64 = 64 << 20;

const ENDING: &str = "json";

/// Why a snapshot is not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpoolError {
    /// The folder or a file in it.
    #[error("`{}`: {cause}{}", path.display(), hint(cause))]
    Io { path: PathBuf, cause: io::Error },
    /// No more may wait.
    #[error(
        "`{}` holds {count} snapshots with {bytes} bytes, and no more than {MOST} with \
         {MOST_BYTES} bytes are kept (hint: make the server reachable, or delete some)",
        path.display()
    )]
    Full {
        path: PathBuf,
        count: usize,
        bytes: u64,
    },
    /// A file is not what it was.
    #[error("`{}` is damaged and is not sent (hint: delete it)", .0.display())]
    Damaged(PathBuf),
}

fn hint(cause: &io::Error) -> &'static str {
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            " (hint: make room there, or name another folder)"
        }
        _ => "",
    }
}

/// The folder.
#[derive(Debug)]
pub(super) struct Spool(PathBuf);

/// One snapshot that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) path: PathBuf,
    since: SystemTime,
    bytes: u64,
}

impl Spool {
    pub(super) fn at(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// Keeps a snapshot, as the newest. One that waits already is not kept twice.
    pub(super) fn keep(&self, snapshot: &[u8]) -> Result<PathBuf, SpoolError> {
        let path = self.0.join(format!("{}.{ENDING}", digest(snapshot)));
        let others: Vec<Waiting> = self
            .waiting()?
            .into_iter()
            .filter(|waiting| waiting.path != path)
            .collect();
        let bytes = others.iter().map(|waiting| waiting.bytes).sum::<u64>();
        if others.len() >= MOST || bytes + snapshot.len() as u64 > MOST_BYTES {
            return Err(SpoolError::Full {
                path: self.0.clone(),
                count: others.len(),
                bytes,
            });
        }
        files::save(&path, snapshot).map_err(|cause| at(&path, cause))?;
        Ok(path)
    }

    /// All that wait, oldest first.
    pub(super) fn waiting(&self) -> Result<Vec<Waiting>, SpoolError> {
        let folder = |cause| at(&self.0, cause);
        let entries = match fs::read_dir(&self.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(folder)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(folder)?;
            let path = entry.path();
            if path.extension().is_none_or(|ending| ending != ENDING) {
                continue;
            }
            let metadata = match entry.metadata() {
                // Another agent has sent it meanwhile.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata.map_err(|cause| at(&path, cause))?,
            };
            found.push(Waiting {
                since: metadata.modified().map_err(|cause| at(&path, cause))?,
                bytes: metadata.len(),
                path,
            });
        }
        found.sort_by(|left, right| (left.since, &left.path).cmp(&(right.since, &right.path)));
        Ok(found)
    }
}

impl Waiting {
    /// The bytes, if they are still what they were; nothing when another agent
    /// has sent them meanwhile.
    pub(super) fn read(&self) -> Result<Option<Vec<u8>>, SpoolError> {
        let damaged = || SpoolError::Damaged(self.path.clone());
        if self.bytes > MOST_BYTES {
            return Err(damaged());
        }
        let bytes = match fs::read(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|cause| at(&self.path, cause))?,
        };
        let name = self.path.file_stem().and_then(|name| name.to_str());
        if name == Some(&*digest(&bytes)) {
            Ok(Some(bytes))
        } else {
            Err(damaged())
        }
    }
}

/// Forgets a snapshot that was posted.
pub(super) fn forget(path: &Path) -> Result<(), SpoolError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(|cause| at(path, cause)),
    }
}

fn at(path: &Path, cause: io::Error) -> SpoolError {
    SpoolError::Io {
        path: path.to_owned(),
        cause,
    }
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::{MOST, Spool, SpoolError, forget};
    use std::fs::{self, File};
    use std::time::{Duration, SystemTime};

    fn spool() -> (tempfile::TempDir, Spool) {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::at(&folder.path().join("spool"));
        (folder, spool)
    }

    fn texts(spool: &Spool) -> Vec<String> {
        let read = |waiting: super::Waiting| waiting.read().unwrap().unwrap();
        let bytes = spool.waiting().unwrap().into_iter().map(read);
        bytes
            .map(|bytes| String::from_utf8(bytes).unwrap())
            .collect()
    }

    /// Files written within one tick of the clock are equally old.
    fn age(path: &std::path::Path, seconds: u64) {
        let then = SystemTime::now() - Duration::from_secs(seconds);
        File::options()
            .write(true)
            .open(path)
            .and_then(|file| file.set_modified(then))
            .unwrap();
    }

    #[test]
    fn the_oldest_comes_first_and_equal_ones_once() {
        let (_folder, spool) = spool();
        assert!(texts(&spool).is_empty());
        let first = spool.keep(b"first").unwrap();
        age(&first, 200);
        age(&spool.keep(b"second").unwrap(), 100);
        assert_eq!(texts(&spool), ["first", "second"]);
        // Measured again, it is the newest: who reads the last one knows the node.
        assert_eq!(spool.keep(b"first").unwrap(), first);
        assert_eq!(texts(&spool), ["second", "first"]);
        forget(&first).unwrap();
        forget(&first).unwrap();
        assert_eq!(texts(&spool), ["second"]);
    }

    #[test]
    fn damaged_files_are_not_sent() {
        let (_folder, spool) = spool();
        let path = spool.keep(b"whole").unwrap();
        fs::write(&path, "half").unwrap();
        fs::write(path.with_extension("part"), "not a snapshot").unwrap();
        let waiting = spool.waiting().unwrap();
        assert_eq!(waiting.len(), 1);
        assert!(matches!(waiting[0].read(), Err(SpoolError::Damaged(_))));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let (_folder, spool) = spool();
        for number in 0..MOST {
            fs::create_dir_all(&spool.0).unwrap();
            fs::write(spool.0.join(format!("{number}.json")), "x").unwrap();
        }
        let error = spool.keep(b"one more").unwrap_err().to_string();
        assert!(error.contains("holds 256 snapshots"), "{error}");
        assert_eq!(spool.waiting().unwrap().len(), MOST);
    }
}
