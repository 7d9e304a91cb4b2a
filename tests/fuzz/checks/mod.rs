//! One check a fuzz target: what must hold for any bytes at all.

pub mod bundle;
#[cfg(feature = "server")]
pub mod query_string;
pub mod rules;
pub mod selector;
pub mod snapshot;
pub mod version;
