//! All integration tests, in one binary so that they link once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that cannot go on has failed"
)]

mod agent;
mod cli;
mod collect;
mod house;
mod http;
mod kubernetes;
mod mutations;
mod rule_base;
mod server;
