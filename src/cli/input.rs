//! Documents that commands read: from a file or from standard input.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::exit::Failure;
use crate::wire::{DocumentError, Format};

/// The most bytes of one document: thirty times the snapshot of a large node.
const LIMIT: u64 = 64 << 20;

/// Reads a document whose bytes `understand` makes sense of; `-` is standard
/// input.
pub(super) fn read<T>(
    path: &Path,
    understand: fn(&[u8], Format) -> Result<T, DocumentError>,
) -> Result<T, Failure> {
    let bytes = bytes(path).map_err(|cause| Failure::Read {
        path: path.to_owned(),
        cause,
    })?;
    // JSON is read as such for its better messages; everything else is YAML.
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let format = if first == Some(&b'{') {
        Format::Json
    } else {
        Format::Yaml
    };
    understand(&bytes, format).map_err(|error| Failure::Document {
        path: path.to_owned(),
        error,
    })
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if path == Path::new("-") {
        io::stdin().lock().take(LIMIT + 1).read_to_end(&mut bytes)?;
    } else {
        if path.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        fs::File::open(path)?
            .take(LIMIT + 1)
            .read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > LIMIT {
        let message = format!("it is larger than {} MiB", LIMIT >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, message));
    }
    Ok(bytes)
}
