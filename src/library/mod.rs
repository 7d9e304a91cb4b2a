//! Where rule texts come from: the copy inside the binary, a directory or one
//! file; each with a digest of exactly what was read.
//!
//! What the texts mean is the business of `rules`.

mod embedded;
mod read;

use sha2::{Digest, Sha256};

use crate::model::Profile;
use crate::rules::{self, RuleFile};

pub use embedded::embedded;
pub use read::{LibraryError, read};

/// Rule texts ready to be compiled.
#[derive(Debug, Clone)]
pub struct Texts {
    /// The texts, by relative path, bytewise.
    pub files: Vec<RuleFile>,
    /// Where parameters, sources and coverage come from when `files` carry none.
    pub defaults: Vec<RuleFile>,
    /// `sha256:` over everything above.
    pub digest: String,
}

/// Texts that someone else has read, with the embedded defaults.
#[must_use]
pub fn given(files: Vec<RuleFile>) -> Texts {
    Texts::new(files, embedded::files())
}

/// How readings are compared and which are noise, by the embedded rule base: all
/// that an agent needs of it.
#[must_use]
pub fn profile() -> Profile {
    rules::profile(&[embedded::compare()])
}

/// Whether a path relative to a rule base names a rule file.
#[must_use]
pub fn is_rule_path(path: &str) -> bool {
    let mut parts = path.rsplit('/');
    parts.next().is_some_and(is_rule_file) && !parts.any(is_hidden)
}

impl Texts {
    fn new(mut files: Vec<RuleFile>, defaults: Vec<RuleFile>) -> Self {
        files.sort_by(|left, right| left.path.cmp(&right.path));
        let digest = digest(files.iter().chain(&defaults));
        Self {
            files,
            defaults,
            digest,
        }
    }
}

/// Lengths go in too, so that moving a byte from one file to the next counts.
fn digest<'a>(files: impl Iterator<Item = &'a RuleFile>) -> String {
    let mut hash = Sha256::new();
    for part in files.flat_map(|file| [&file.path, &file.text]) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    format!("sha256:{}", hex::encode(hash.finalize()))
}

/// Whether a name is that of a rule file: `*.yaml` or `*.yml`, not hidden.
fn is_rule_file(name: &str) -> bool {
    let extension = std::path::Path::new(name).extension();
    extension.is_some_and(|found| found == "yaml" || found == "yml") && !is_hidden(name)
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

#[cfg(test)]
mod tests;
