//! The service over `build_app`, without a port.

mod contract;
mod headers;
mod limits;
mod nodes;
mod posts;
mod queries;
mod refusals;
mod steady;
mod support;
