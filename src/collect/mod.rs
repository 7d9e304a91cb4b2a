//! Measuring a node: one collector a source, each a function from a [`Host`]
//! to readings.
//!
//! Reading is kept apart from understanding, so that every parser runs on
//! recorded text. Secrets never leave a collector. What is noise is left to the
//! caller, because that is data (`recipes/compare.yaml`), and so are writing,
//! sending and comparing snapshots.

mod capture;
pub mod gpu;
mod host;
pub mod k8s;
pub mod os;
mod run;
pub mod secrets;
pub mod systemd;

use std::collections::BTreeMap;
use std::fmt;

pub use capture::{Capture, Measure, Meta, take};
pub use host::{CommandError, Host, HostError, Output};
pub use run::{Extras, FORMAT_VERSION, Report, assemble, run};

use crate::model::{Path, Reading};

/// The longest value that is kept, in bytes. Real ones have a few thousand.
const LONGEST_VALUE: usize = 64 << 10;

/// What one collector brought back.
#[derive(Debug, Default)]
pub struct Collected {
    /// The readings, none of them a secret.
    pub readings: BTreeMap<Path, Reading>,
    /// What could not be read or was left out, for the log.
    pub notes: Vec<String>,
}

impl Collected {
    /// Keeps a reading, unless it looks like a secret or is longer than any
    /// setting: then only a note says that it was there.
    pub fn add(&mut self, path: Path, reading: impl Into<Reading>) {
        let reading = reading.into();
        let wrong = match &reading {
            Reading::Text(text) if text.len() > LONGEST_VALUE => Some("is too long"),
            Reading::Text(text) if secrets::looks_like_one(&path.key, text) => {
                Some("looks like a secret")
            }
            _ => None,
        };
        match wrong {
            None => {
                self.readings.insert(path, reading);
            }
            // The key may be the secret.
            Some(wrong) if secrets::looks_like_one(&path.key, "") => {
                let (kind, subtype) = (path.kind, path.subtype);
                self.note(format!("a key of {kind}.{subtype} is left out: it {wrong}"));
            }
            Some(wrong) => self.note(format!("{path} is left out: it {wrong}")),
        }
    }

    /// Says what could not be read.
    pub fn note(&mut self, what: impl Into<String>) {
        self.notes.push(what.into());
    }
}

/// Why a collector brought nothing back.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The node does not have this source.
    #[error("{0}")]
    Absent(String),
    /// The source is there, but it cannot be read.
    #[error("{0}")]
    Failed(String),
}

/// Where readings come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The kernel and the distribution: [`os`].
    Os,
    /// Units of the service manager: [`systemd`].
    Systemd,
    /// The API server of the cluster: [`k8s`].
    K8s,
    /// NVIDIA GPUs: [`gpu`].
    Gpu,
}

impl Source {
    /// Every source, in the order in which documents list their measurements.
    pub const ALL: [Self; 4] = [Self::Os, Self::Systemd, Self::K8s, Self::Gpu];

    /// The name that people write in `--collectors`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::Systemd => "systemd",
            Self::K8s => "k8s",
            Self::Gpu => "gpu",
        }
    }

    /// The source with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::{Collected, LONGEST_VALUE, Source};
    use crate::model::{MeasurementType, Path, Reading};

    #[test]
    fn what_is_not_kept_is_said_without_saying_it() {
        let mut collected = Collected::default();
        let mut add = |key: &str, value: String| {
            collected.add(Path::new(MeasurementType::Os, "grub", key), value);
        };
        add("quiet", String::new());
        add("long", "a".repeat(LONGEST_VALUE + 1));
        add("token", "hunter2".to_owned());
        add("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0", String::new());
        assert_eq!(collected.readings.len(), 1);
        assert_eq!(
            collected.notes,
            [
                "OS.grub.long is left out: it is too long",
                "OS.grub.token is left out: it looks like a secret",
                "a key of OS.grub is left out: it looks like a secret",
            ]
        );
    }

    #[test]
    fn only_text_can_be_a_secret() {
        let mut collected = Collected::default();
        let path = Path::new(MeasurementType::Os, "kmod", "encrypted_key");
        collected.add(path, Reading::Bool(true));
        assert_eq!(collected.readings.len(), 1);
    }

    #[test]
    fn sources_are_known_by_their_names() {
        for source in Source::ALL {
            assert_eq!(Source::from_name(source.name()), Some(source));
        }
        assert_eq!(Source::from_name("OS"), None);
    }
}
