//! Documents from files, standard input, URLs and `ConfigMap`s.

use std::fs;
use std::io::{self, Read};
use std::path::Path;
use std::time::Duration;

use super::exit::Failure;
use super::variables::trust;
use crate::client::fetch;
use crate::cluster::{self, ConfigMapUri};
use crate::wire::{DocumentError, Format};

/// The most bytes of one document: thirty times the snapshot of a large node.
const LARGEST: u64 = 64 << 20;

/// How long a fetched document may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The `ConfigMap` that a path names, if it names one.
pub(super) fn config_map(path: &Path) -> Result<Option<ConfigMapUri>, Failure> {
    let text = path
        .to_str()
        .filter(|text| text.starts_with(ConfigMapUri::SCHEME));
    Ok(text.map(str::parse).transpose()?)
}

/// Reads a document with `reader`; `-` is standard input, `cm://ns/name` a
/// `ConfigMap`, `https://…` is fetched.
pub(super) fn read<T>(
    path: &Path,
    reader: impl FnOnce(&[u8], Format) -> Result<T, DocumentError>,
) -> Result<T, Failure> {
    let bytes = bytes(path)?;
    reader(&bytes, format_of(&bytes)).map_err(|error| Failure::Document {
        path: path.to_owned(),
        error,
    })
}

/// The bytes of a file, of standard input, behind a URL or of a `ConfigMap`.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    if let Some(uri) = config_map(path)? {
        return Ok(cluster::read(&uri)?);
    }
    if let Some(url) = path.to_str().filter(|text| is_url(text)) {
        return Ok(fetch(url, &trust(), PATIENCE, LARGEST)?);
    }
    let mut bytes = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(LARGEST + 1).read_to_end(&mut bytes)
    } else {
        fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
    };
    let bounded = read.and_then(|_| {
        if bytes.len() as u64 <= LARGEST {
            return Ok(());
        }
        let message = format!("it is larger than {} MiB", LARGEST >> 20);
        Err(io::Error::new(io::ErrorKind::FileTooLarge, message))
    });
    bounded.map_err(|cause| Failure::Read {
        path: path.to_owned(),
        cause,
    })?;
    Ok(bytes)
}

/// Whether both are standard input, which can be read once.
pub(super) fn both_standard(one: &Path, other: &Path) -> bool {
    [one, other].iter().all(|path| *path == Path::new("-"))
}

/// Whether a path is an address and no file.
pub(super) fn is_elsewhere(path: &Path) -> bool {
    let address = |text: &str| text.starts_with(ConfigMapUri::SCHEME) || is_url(text);
    path.to_str().is_some_and(address)
}

fn is_url(text: &str) -> bool {
    ["https://", "http://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
}

/// JSON is read as such for its better messages; everything else is YAML.
pub(super) fn format_of(bytes: &[u8]) -> Format {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if first == Some(&b'{') {
        Format::Json
    } else {
        Format::Yaml
    }
}
