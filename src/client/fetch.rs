//! Documents by URL.

use std::time::Duration;

use ureq::http::Method;

use super::http::{Call, Http, TransportError};
use super::trust::{Trust, TrustError};

/// Why a document was not fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// Nobody could be believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// No answer.
    #[error("`{url}`: {error}")]
    Transport {
        /// What was asked for.
        url: String,
        /// What happened.
        error: TransportError,
    },
    /// An answer without the document.
    #[error("`{url}`: the server answered {status}")]
    Refused {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
    },
}

/// Fetches a document of at most `limit` bytes; from `https`, redirects are
/// followed.
///
/// # Errors
/// Says what was asked for, and what came instead.
pub fn fetch(url: &str, trust: &Trust, time: Duration, limit: u64) -> Result<Vec<u8>, FetchError> {
    let transport = |error| FetchError::Transport {
        url: url.to_owned(),
        error,
    };
    let call = Call {
        method: Method::GET,
        url,
        bearer: None,
        accept: "application/yaml, application/json;q=0.9, */*;q=0.5",
        body: None,
        limit: time,
    };
    let http = Http::following(url, trust)?;
    let answer = http.send(&call).map_err(transport)?;
    if answer.status != 200 {
        return Err(FetchError::Refused {
            url: url.to_owned(),
            status: answer.status,
        });
    }
    answer.bytes(limit).map_err(transport)
}
