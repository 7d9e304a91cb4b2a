//! Documents from files and standard input.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::exit::Failure;
use crate::wire::{DocumentError, Format};

/// Reads a document with `reader`; `-` is standard input.
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

/// The bytes of a file or of standard input.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let unreadable = |cause| Failure::Read {
        path: path.to_owned(),
        cause,
    };
    if path != Path::new("-") {
        return fs::read(path).map_err(unreadable);
    }
    let mut bytes = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut bytes);
    read.map_err(unreadable)?;
    Ok(bytes)
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
