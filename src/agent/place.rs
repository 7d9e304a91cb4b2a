//! Writing a snapshot to its place, and reading a baseline from one.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use crate::client::kubernetes::{ConfigMap, Kubernetes};
use crate::files;
use crate::model::Snapshot;
use crate::wire::{Format, read_snapshot};

use super::exit::Failure;
use super::options::Place;

/// The key of a `ConfigMap` that holds the document.
const KEY: &str = "snapshot.yaml";

const LABELS: &[(&str, &str)] = &[
    ("app.kubernetes.io/name", "eidos"),
    ("app.kubernetes.io/component", "snapshot"),
];

/// The largest baseline that is read; the agent has little memory.
const LARGEST_BASELINE: u64 = 4 << 20;

/// Writes a document.
pub(super) fn write(
    place: &Place,
    document: &[u8],
    timestamp: &str,
    cluster: impl FnOnce() -> Result<Kubernetes, Failure>,
) -> Result<(), Failure> {
    match place {
        Place::Standard => print(document),
        Place::File(path) => save(path, document),
        Place::ConfigMap { namespace, name } => {
            let text = String::from_utf8_lossy(document);
            let data = [(KEY, &*text), ("format", "yaml"), ("timestamp", timestamp)];
            let map = ConfigMap {
                namespace,
                name,
                labels: LABELS,
                data: BTreeMap::from(data),
            };
            Ok(cluster()?.apply(&map)?)
        }
    }
}

/// Writes a file, whole or not at all.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    files::save(path, bytes).map_err(|cause| Failure::Write {
        path: path.to_owned(),
        cause,
    })
}

/// Prints a document. A reader that has seen enough (`| head`) is no failure.
pub(super) fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome.map_err(Failure::Output),
    }
}

/// Reads a baseline.
pub(super) fn read(
    place: &Place,
    cluster: impl FnOnce() -> Result<Kubernetes, Failure>,
) -> Result<Snapshot, Failure> {
    let (shown, bytes) = match place {
        Place::Standard => ("-".to_owned(), Vec::new()),
        Place::File(path) => (path.display().to_string(), read_file(path)?),
        Place::ConfigMap { namespace, name } => {
            let shown = format!("cm://{namespace}/{name}");
            let mut data = cluster()?.config_map(namespace, name)?;
            let text = data.remove(KEY);
            let text = text.ok_or_else(|| Failure::NoBaseline(shown.clone()))?;
            (shown, text.into_bytes())
        }
    };
    // JSON is read as such for its better messages; everything else is YAML.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let format = if first == Some(&b'{') {
        Format::Json
    } else {
        Format::Yaml
    };
    read_snapshot(&bytes, format).map_err(|error| Failure::Baseline {
        place: shown,
        error: Box::new(error),
    })
}

fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    fs::File::open(path)
        .and_then(|file| file.take(LARGEST_BASELINE + 1).read_to_end(&mut bytes))
        .and_then(|_| {
            if bytes.len() as u64 > LARGEST_BASELINE {
                let reason = format!("more than {LARGEST_BASELINE} bytes");
                return Err(io::Error::new(io::ErrorKind::FileTooLarge, reason));
            }
            Ok(())
        })
        .map_err(|cause| Failure::Read {
            path: path.to_owned(),
            cause,
        })?;
    Ok(bytes)
}
