//! Values to bytes, in the two formats that are served.

use serde::Serialize;

use super::fold::fold;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Compact, with a final newline.
    Json,
    /// Clean under `yamllint --strict` with its default configuration.
    Yaml,
}

/// A value that cannot be written; none of ours is one.
#[derive(Debug, thiserror::Error)]
pub enum EncodeError {
    /// Refused by the JSON writer.
    #[error("the answer cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Refused by the YAML writer.
    #[error("the answer cannot be written as YAML: {0}")]
    Yaml(#[from] serde_saphyr::ser_error::Error),
}

/// Writes a document.
///
/// # Errors
/// Only for a value that the format has no form for.
pub fn encode<T: Serialize>(format: Format, value: &T) -> Result<Vec<u8>, EncodeError> {
    match format {
        Format::Json => {
            let mut bytes = Vec::with_capacity(8 * 1024);
            serde_json::to_writer(&mut bytes, value)?;
            bytes.push(b'\n');
            Ok(bytes)
        }
        Format::Yaml => {
            // One line a scalar: what does not fit, `fold` breaks in a way
            // that counts indentation and keys too.
            let options = serde_saphyr::ser_options! {
                compact_list_indent: false,
                prefer_block_scalars: false,
            };
            let lines = serde_saphyr::to_string_with_options(value, options)?;
            Ok(fold(&lines).into_bytes())
        }
    }
}

#[cfg(test)]
mod tests;
