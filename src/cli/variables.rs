//! What the variables of the process say.

use std::path::PathBuf;

use crate::client::Trust;

/// What is set and not empty.
pub(super) fn variable(name: &str) -> Option<String> {
    let value = std::env::var_os(name);
    value?.into_string().ok().filter(|text| !text.is_empty())
}

/// Whom to believe: `SSL_CERT_FILE`, or the authorities of the system.
pub(super) fn trust() -> Trust {
    let file = variable("SSL_CERT_FILE").map(PathBuf::from);
    file.map_or(Trust::System, Trust::File)
}
