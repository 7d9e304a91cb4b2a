//! Whether the rule texts on disk changed, and what to do when they did.
//!
//! When to look is decided by whoever owns the watch.

use std::path::PathBuf;
use std::sync::Arc;

use super::publisher::Publisher;
use super::revision::Revision;
use crate::library::{self, LibraryError, Texts};
use crate::rules::{Diagnostic, compile};

/// Rule texts on disk and what is known about them.
#[derive(Debug)]
pub struct Watch {
    path: PathBuf,
    /// The digest that the last look ended with, taken or refused.
    settled: String,
    /// A digest seen once; taken when the next read agrees.
    pending: Option<String>,
}

/// What looking at the rule texts led to.
#[derive(Debug)]
pub enum Outcome {
    /// The same as before, or not yet read the same way twice.
    Unchanged,
    /// Compiled and published.
    Swapped {
        /// What is served now.
        revision: Arc<Revision>,
        /// What a rule author should look at.
        warnings: Vec<Diagnostic>,
    },
    /// Refused; what was served before is still being served.
    Refused(ReloadError),
}

/// Why new rule texts were refused.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// They could not be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// They do not compile.
    #[error("{} in the rule base", count(.0.len()))]
    Invalid(Vec<Diagnostic>),
}

fn count(errors: usize) -> String {
    match errors {
        1 => "1 finding".to_owned(),
        more => format!("{more} findings"),
    }
}

impl Watch {
    /// Watches `path`, whose texts with `digest` are being served.
    #[must_use]
    pub fn new(path: PathBuf, digest: String) -> Self {
        Self {
            path,
            settled: digest,
            pending: None,
        }
    }

    /// Looks once. A change is taken when two looks in a row read the same, so
    /// that a copy still being written is left alone; what was refused is not
    /// tried again until it changes.
    pub fn look(&mut self, publisher: &Publisher) -> Outcome {
        let texts = match library::read(&self.path) {
            Ok(texts) => texts,
            Err(error) => return self.unreadable(error),
        };
        if texts.digest == self.settled {
            self.pending = None;
            return Outcome::Unchanged;
        }
        if texts.digest == **publisher.current().rules().digest() {
            self.settle(texts.digest);
            return Outcome::Unchanged;
        }
        if self.pending.as_ref() != Some(&texts.digest) {
            self.pending = Some(texts.digest);
            return Outcome::Unchanged;
        }
        self.take(&texts, publisher)
    }

    /// Looks because a person asked: compiles what is there, changed or not,
    /// refused before or not.
    pub fn look_now(&mut self, publisher: &Publisher) -> Outcome {
        match library::read(&self.path) {
            Ok(texts) if texts.digest == **publisher.current().rules().digest() => {
                self.settle(texts.digest);
                Outcome::Unchanged
            }
            Ok(texts) => self.take(&texts, publisher),
            Err(error) => Outcome::Refused(error.into()),
        }
    }

    fn take(&mut self, texts: &Texts, publisher: &Publisher) -> Outcome {
        self.settle(texts.digest.clone());
        match compile(&texts.files, &texts.defaults, &texts.digest) {
            Ok(compiled) => Outcome::Swapped {
                revision: publisher.publish(compiled.rules),
                warnings: compiled.warnings,
            },
            Err(found) => Outcome::Refused(ReloadError::Invalid(found)),
        }
    }

    /// Said once, not at every look.
    fn unreadable(&mut self, error: LibraryError) -> Outcome {
        let said = error.to_string();
        if self.settled == said {
            return Outcome::Unchanged;
        }
        self.settle(said);
        Outcome::Refused(error.into())
    }

    fn settle(&mut self, digest: String) {
        self.settled = digest;
        self.pending = None;
    }
}
