//! Every metric's name, help text and label values, in one place.
//!
//! Labels come from closed lists, so that no client can grow a series; the
//! operator's come from the watches in the cluster. Who counts what is known to
//! the callers.

#[cfg(feature = "cli")]
mod drift;
#[cfg(feature = "server")]
mod labels;
#[cfg(feature = "server")]
mod names;
#[cfg(feature = "server")]
mod overlays;
#[cfg(feature = "server")]
mod registry;
#[cfg(all(test, feature = "server"))]
mod tests;

#[cfg(feature = "cli")]
pub use drift::{DriftGauges, DriftMetrics};
#[cfg(feature = "server")]
pub use labels::{CacheResult, MethodLabel, Route};
#[cfg(feature = "server")]
pub use overlays::Matched;
#[cfg(feature = "server")]
pub use registry::Metrics;
