//! The service over `build_service`, without a port.

mod bundles;
mod contract;
mod headers;
mod kept;
mod limits;
mod nodes;
mod panics;
mod posts;
mod queries;
mod refusals;
mod steady;
pub mod support;
