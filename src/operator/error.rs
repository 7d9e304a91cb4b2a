//! Why the operator cannot go on, or has to try again.

use std::io;
use std::net::SocketAddr;

/// Why the operator does not run.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    /// The address of metrics and probes.
    #[error("cannot listen on {address}: {cause}\n  hint: choose another --metrics-address")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        cause: io::Error,
    },
    /// The agent's Job inside the program; a defect.
    #[error("the agent's Job cannot be made: {0}")]
    Template(String),
}

/// Why one look at one watch has to be repeated.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    /// The API server refused, or did not answer.
    #[error("{what}: {error}")]
    Api {
        /// What was asked.
        what: &'static str,
        /// What came back.
        error: kube::Error,
    },
    /// It took too long.
    #[error("no end within {0:?}")]
    Overrun(std::time::Duration),
}
