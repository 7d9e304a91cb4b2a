//! All integration tests, in one binary so that they link once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed"
)]

#[cfg(feature = "agent")]
mod agent;
#[cfg(feature = "cli")]
mod bundle;
#[cfg(feature = "cli")]
mod cli;
#[cfg(any(feature = "agent", feature = "cli"))]
mod collect;
#[cfg(feature = "cli")]
mod contradictions;
#[cfg(any(feature = "cli", feature = "server"))]
mod fuzz;
mod history;
mod house;
#[cfg(feature = "server")]
mod http;
#[cfg(any(feature = "agent", feature = "cli"))]
mod kubernetes;
mod mutations;
mod operations;
#[cfg(feature = "cli")]
mod operator;
mod rule_base;
#[cfg(feature = "server")]
mod server;
