//! API keys: hashes in a file, so that the file gives nobody access.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use sha2::{Digest, Sha256};

type Hash = [u8; 32];

/// The keys that are let in.
#[derive(Debug)]
pub struct ApiKeys {
    path: PathBuf,
    known: ArcSwap<Known>,
}

#[derive(Debug, PartialEq, Eq)]
struct Known {
    /// By hash: a lookup tells nothing about a key that is not there, because
    /// nobody can choose what a hash begins with.
    names: HashMap<Hash, Arc<str>>,
}

/// Why a file of keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ApiKeysError {
    /// The system refused.
    #[error("cannot read `{}`: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Lines that are not a name and a hash. The text is not repeated: it may
    /// be a key in clear.
    #[error(
        "`{}`: line {} must be name:sha256-of-key, as printed by `printf %s KEY | sha256sum`",
        path.display(),
        lines.join(", ")
    )]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Their numbers.
        lines: Vec<String>,
    },
    /// Nobody could be let in.
    #[error("`{}` has no key", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

impl ApiKeys {
    /// Reads a file of keys.
    ///
    /// # Errors
    /// Names the file and every line that cannot be read.
    pub fn read(path: &Path) -> Result<Self, ApiKeysError> {
        Ok(Self {
            path: path.to_owned(),
            known: ArcSwap::from_pointee(read(path)?),
        })
    }

    /// Reads the file again; says whether its keys changed.
    ///
    /// # Errors
    /// As for [`ApiKeys::read`]; the keys known before stay.
    pub fn reload(&self) -> Result<bool, ApiKeysError> {
        let found = read(&self.path)?;
        if found == **self.known.load() {
            return Ok(false);
        }
        self.known.store(Arc::new(found));
        Ok(true)
    }

    /// The name of whoever has this key.
    pub(super) fn owner(&self, key: &str) -> Option<Arc<str>> {
        let hash: Hash = Sha256::digest(key).into();
        self.known.load().names.get(&hash).cloned()
    }
}

fn read(path: &Path) -> Result<Known, ApiKeysError> {
    let text = fs::read_to_string(path).map_err(|cause| ApiKeysError::Unreadable {
        path: path.to_owned(),
        cause,
    })?;
    let mut names = HashMap::new();
    let mut wrong = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match parse(line) {
            Some((name, hash)) => {
                names.insert(hash, name.into());
            }
            None => wrong.push(u32::to_string(&number)),
        }
    }
    let path = path.to_owned();
    if !wrong.is_empty() {
        return Err(ApiKeysError::Malformed { path, lines: wrong });
    }
    if names.is_empty() {
        return Err(ApiKeysError::Empty { path });
    }
    Ok(Known { names })
}

fn parse(line: &str) -> Option<(&str, Hash)> {
    let (name, digits) = line.split_once(':')?;
    let mut hash = Hash::default();
    hex::decode_to_slice(digits.trim(), &mut hash).ok()?;
    Some((name.trim(), hash)).filter(|(name, _)| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::ApiKeys;

    // printf %s secret | sha256sum
    const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

    #[test]
    fn a_key_is_known_by_its_hash_and_a_bad_file_keeps_the_old_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        fs::write(&path, format!("# ours\nci : {}\n", SECRET.to_uppercase())).unwrap();
        let keys = ApiKeys::read(&path).unwrap();
        assert_eq!(keys.owner("secret").as_deref(), Some("ci"));
        assert_eq!(keys.owner("Secret"), None);
        assert!(!keys.reload().unwrap());

        fs::write(&path, "ci:secret\nx\n").unwrap();
        let error = keys.reload().unwrap_err().to_string();
        assert!(
            error.contains("line 1, 2 must be") && !error.contains("ci:secret"),
            "{error}"
        );
        assert!(keys.owner("secret").is_some());
        fs::write(&path, "# none\n").unwrap();
        assert!(
            keys.reload()
                .unwrap_err()
                .to_string()
                .contains("has no key")
        );
        fs::remove_file(&path).unwrap();
        assert!(
            keys.reload()
                .unwrap_err()
                .to_string()
                .contains("cannot read")
        );
    }
}
