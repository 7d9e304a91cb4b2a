//! Rule texts from disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Texts, embedded, is_hidden, is_rule_file};
use crate::rules::RuleFile;

/// The most bytes of rule texts that are read: 10,000 overlays are 6 MiB.
const SIZE_LIMIT: u64 = 128 << 20;

/// The deepest folder that is looked into; also what ends a loop of links.
const DEPTH_LIMIT: usize = 8;

/// Where a mounted `ConfigMap` keeps its current files:
/// <https://kubernetes.io/docs/concepts/configuration/configmap/>.
const CURRENT: &str = "..data";

/// Why rule texts cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// The system refused.
    #[error("cannot read `{}`: {cause}", path.display())]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A rule file is text.
    #[error("`{}` is not UTF-8: byte {at} is invalid", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The first byte that is wrong.
        at: usize,
    },
    /// Nothing to compile.
    #[error("`{}` has no `*.yaml` or `*.yml` file", path.display())]
    Empty {
        /// The directory.
        path: PathBuf,
    },
    /// More than anyone writes by hand.
    #[error("`{}` brings the rule texts above {} MiB", path.display(), SIZE_LIMIT >> 20)]
    TooLarge {
        /// The file that was too much.
        path: PathBuf,
    },
}

/// Reads a directory or one file. What it does not carry (parameters, sources,
/// coverage), the embedded rule base supplies.
///
/// # Errors
/// Names the first file that cannot be read and why.
pub fn read(path: &Path) -> Result<Texts, LibraryError> {
    let mut reader = Reader {
        left: SIZE_LIMIT,
        files: Vec::new(),
    };
    if metadata(path)?.is_dir() {
        // All files through one resolved link: a ConfigMap that is being
        // swapped is then read either before or after, never half.
        let current = path.join(CURRENT);
        let root = if current.exists() {
            fs::canonicalize(&current).map_err(|cause| unreadable(&current, cause))?
        } else {
            path.to_owned()
        };
        reader.folder(&root, "", 0)?;
        if reader.files.is_empty() {
            let path = path.to_owned();
            return Err(LibraryError::Empty { path });
        }
    } else {
        let name = path.file_name().unwrap_or(path.as_os_str());
        reader.file(path, name.to_string_lossy().into_owned())?;
    }
    Ok(Texts::new(reader.files, embedded::files()))
}

struct Reader {
    left: u64,
    files: Vec<RuleFile>,
}

impl Reader {
    fn folder(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), LibraryError> {
        let entries = fs::read_dir(folder).map_err(|cause| unreadable(folder, cause))?;
        for entry in entries {
            let entry = entry.map_err(|cause| unreadable(folder, cause))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_hidden(&name) {
                continue;
            }
            let path = entry.path();
            let relative = format!("{prefix}{name}");
            // Follows links: mounted files are links.
            if metadata(&path)?.is_dir() {
                if depth < DEPTH_LIMIT {
                    self.folder(&path, &format!("{relative}/"), depth + 1)?;
                }
            } else if is_rule_file(&name) {
                self.file(&path, relative)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, relative: String) -> Result<(), LibraryError> {
        let too_large = || LibraryError::TooLarge {
            path: path.to_owned(),
        };
        let size = metadata(path)?.len();
        self.left = self.left.checked_sub(size).ok_or_else(too_large)?;
        let bytes = fs::read(path).map_err(|cause| unreadable(path, cause))?;
        let text = String::from_utf8(bytes).map_err(|error| LibraryError::NotUtf8 {
            path: path.to_owned(),
            at: error.utf8_error().valid_up_to(),
        })?;
        self.files.push(RuleFile {
            path: relative,
            text,
        });
        Ok(())
    }
}

fn metadata(path: &Path) -> Result<fs::Metadata, LibraryError> {
    fs::metadata(path).map_err(|cause| unreadable(path, cause))
}

fn unreadable(path: &Path, cause: io::Error) -> LibraryError {
    LibraryError::Unreadable {
        path: path.to_owned(),
        cause,
    }
}
