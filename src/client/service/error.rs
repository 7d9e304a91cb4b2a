//! What a service answers instead of what it was asked for.

use crate::client::http::TransportError;
use crate::client::retry::{Again, Retryable};

/// Why the service gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It was not reached, or went away.
    #[error("{url}: {error}")]
    Transport {
        /// What was called.
        url: String,
        /// What happened.
        error: TransportError,
    },
    /// It said no, in its own words.
    #[error("{url}: {status} {code}: {message} (request {request_id})")]
    Refused {
        /// What was called.
        url: String,
        /// The HTTP status.
        status: u16,
        /// The code of its table of errors.
        code: String,
        /// What was wrong.
        message: String,
        /// The name of the request in its log.
        request_id: String,
        /// Whether, and when, to try again.
        again: Again,
    },
    /// Somebody answered who is not the service, such as a proxy.
    #[error("{url}: {status}, and the body is not Eidos's: `{excerpt}`")]
    Stranger {
        /// What was called.
        url: String,
        /// The HTTP status.
        status: u16,
        /// How the body begins.
        excerpt: String,
        /// Whether, and when, to try again.
        again: Again,
    },
}

impl Retryable for ServiceError {
    fn again(&self) -> Again {
        match self {
            Self::Transport { error, .. } => error.again(),
            Self::Refused { again, .. } | Self::Stranger { again, .. } => *again,
        }
    }
}

impl ServiceError {
    /// Whether the request's parameters are to be corrected.
    #[must_use]
    pub const fn is_about_parameters(&self) -> bool {
        matches!(self, Self::Refused { status: 400, .. })
    }

    /// Whether it was this document that the service did not take, so that
    /// another one may fare better: a broken one, one that is too large, or one
    /// that the service fails on.
    #[must_use]
    pub const fn is_about_the_document(&self) -> bool {
        matches!(
            self,
            Self::Refused {
                status: 400 | 413 | 422 | 500,
                ..
            }
        )
    }
}
