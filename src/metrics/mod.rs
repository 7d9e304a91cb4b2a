//! Every metric's name, help text and label values, in one place.
//!
//! Labels come from closed lists, so that no client can grow a series. Who
//! counts what is known to the callers.

mod labels;
mod names;
mod registry;
#[cfg(test)]
mod tests;

pub use labels::{CacheResult, MethodLabel, Route};
pub use registry::Metrics;
