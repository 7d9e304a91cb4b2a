//! The only door to the node's files and commands.
//!
//! Paths are absolute as the node knows them and stay below the root, whatever
//! links say. Nothing here blocks or grows without bound: not on FIFOs, devices
//! and endless files, and not on commands. What the text means is left to the
//! collectors.

mod command;
mod resolve;
mod walk;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

pub use command::{CommandError, Output};

/// Why something on the node could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// There is nothing of this name.
    #[error("there is no `{0}`")]
    Absent(String),
    /// This user may not read it.
    #[error("`{0}` may not be read")]
    Denied(String),
    /// A folder, device, FIFO or socket where a file was expected.
    #[error("`{0}` is not a file")]
    NotAFile(String),
    /// Longer than anything that is expected here.
    #[error("`{path}` has more than {limit} bytes")]
    TooLarge {
        /// The file.
        path: String,
        /// What it may have.
        limit: u64,
    },
    /// Not text.
    #[error("`{0}` is not UTF-8")]
    NotText(String),
    /// Links in a circle, or more of them than any system has.
    #[error("`{0}` has too many links")]
    TooManyLinks(String),
    /// Anything else the system says.
    #[error("`{path}`: {why}")]
    Io {
        /// The file.
        path: String,
        /// The system's words.
        why: String,
    },
}

impl HostError {
    fn new(path: &str, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => Self::Absent(path),
            io::ErrorKind::PermissionDenied => Self::Denied(path),
            _ => Self::Io {
                path,
                why: error.to_string(),
            },
        }
    }
}

/// A node: its files, and the commands that can be run for it.
#[derive(Debug, Clone)]
pub struct Host {
    root: PathBuf,
    own: PathBuf,
    chosen: bool,
}

impl Host {
    /// What this process sees at `/`. In a container that is partly the image.
    #[must_use]
    pub fn here() -> Self {
        Self {
            root: "/".into(),
            own: "/".into(),
            chosen: false,
        }
    }

    /// The node whose root is mounted at `root` (`--root`).
    pub fn at(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            // Commands run elsewhere than here.
            root: std::path::absolute(&root).unwrap_or(root),
            own: "/".into(),
            chosen: true,
        }
    }

    /// Takes `own` for the file system of this process, where a container
    /// runtime puts `nvidia-smi`; for tests, which have a real one.
    #[must_use]
    pub fn beside(self, own: impl Into<PathBuf>) -> Self {
        Self {
            own: own.into(),
            ..self
        }
    }

    /// Where the node's root is mounted.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file systems in which a command of the node may be found: this
    /// process's own, then the node's.
    pub(super) fn file_systems(&self) -> Vec<Host> {
        let own = Self::at(&self.own);
        if self.own == self.root {
            return vec![own];
        }
        vec![own, self.clone()]
    }

    /// Whether commands found here are run as they are: the loader and the
    /// libraries of this process's own file system are theirs.
    pub(super) fn is_own(&self, other: &Host) -> bool {
        self.own == other.root
    }

    /// The same node seen from one of its folders.
    pub(super) fn inside(&self, path: &str) -> Option<Host> {
        let folder = self.resolve(path).ok()?;
        folder.is_dir().then(|| Self::at(folder))
    }

    /// Where a path leads, links followed without leaving the root.
    ///
    /// # Errors
    /// When something is missing on the way or links go in circles.
    pub fn resolve(&self, path: &str) -> Result<PathBuf, HostError> {
        resolve::resolve(&self.root, path)
    }

    /// What a link says, without following it. Links of `/proc` say things that
    /// are no paths, such as `ipc:[4026531839]`.
    ///
    /// # Errors
    /// When it is not a link or may not be read.
    pub fn link(&self, path: &str) -> Result<String, HostError> {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let link = self.resolve(folder)?.join(name);
        let text = fs::read_link(link).map_err(|error| HostError::new(path, &error))?;
        Ok(text.to_string_lossy().into_owned())
    }

    /// The content of a file of at most `limit` bytes.
    ///
    /// # Errors
    /// When it is missing, forbidden, no regular file, or too long.
    pub fn read(&self, path: &str, limit: u64) -> Result<Vec<u8>, HostError> {
        let real = self.resolve(path)?;
        let failed = |error: io::Error| HostError::new(path, &error);
        // Opening a device can act on it, so the kind is asked before and after.
        let is_file = |metadata: io::Result<fs::Metadata>| match metadata {
            Ok(metadata) if metadata.is_file() => Ok(()),
            Ok(_) => Err(HostError::NotAFile(path.to_owned())),
            Err(error) => Err(failed(error)),
        };
        is_file(fs::symlink_metadata(&real))?;
        let flags =
            OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = File::from(
            rustix::fs::open(&real, flags, Mode::empty()).map_err(|error| failed(error.into()))?,
        );
        is_file(file.metadata())?;
        let mut content = Vec::new();
        file.take(limit.saturating_add(1))
            .read_to_end(&mut content)
            .map_err(failed)?;
        if content.len() as u64 > limit {
            let path = path.to_owned();
            return Err(HostError::TooLarge { path, limit });
        }
        Ok(content)
    }

    /// The text of a file of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Host::read`], and when it is not UTF-8.
    pub fn text(&self, path: &str, limit: u64) -> Result<String, HostError> {
        String::from_utf8(self.read(path, limit)?).map_err(|_| HostError::NotText(path.to_owned()))
    }

    /// Whether `/` is the node's and not a container's image: a root was chosen,
    /// or this process shares process ids and mounts with the node's first
    /// process. Where `/proc` hides that process, the answer is no.
    #[must_use]
    pub fn is_the_node(&self) -> bool {
        /// The number of the first process-id namespace, a constant of the
        /// kernel (`PROC_PID_INIT_INO` in `include/linux/proc_ns.h`).
        const FIRST: &str = "pid:[4026531836]";
        let mounted_at_root = |process: &str| {
            let mounts = self
                .text(&format!("/proc/{process}/mountinfo"), 1 << 20)
                .ok()?;
            let root = |line: &&str| line.split(' ').nth(4) == Some("/");
            let id = mounts.lines().find(root)?.split(' ').next()?;
            Some(id.to_owned())
        };
        self.chosen
            || (self.link("/proc/self/ns/pid").is_ok_and(|own| own == FIRST)
                && mounted_at_root("self").is_some_and(|own| mounted_at_root("1") == Some(own)))
    }
}

#[cfg(test)]
mod tests;
