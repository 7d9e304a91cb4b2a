//! The real command line.

mod bundle;
#[cfg(feature = "agent")]
mod cluster;
mod guide;
mod help;
mod nodes;
mod output;
mod places;
mod recipe;
mod remote;
mod rules;
mod snapshot;
mod support;
