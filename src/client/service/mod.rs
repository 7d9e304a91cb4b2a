//! What `eidos-api-server` is asked, and what it answers, errors in its envelope
//! included.
//!
//! One call is one attempt; [`super::Retry`] makes more of it. What the documents
//! say is left to the caller.

mod address;
mod error;

use std::borrow::Cow;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use ureq::http::Method;

use super::http::{Call, Http};
use super::plain;
use super::retry::Again;
use super::trust::{Trust, TrustError};

pub use address::{Address, AddressError};
pub use error::ServiceError;

/// The largest answer that is read. Recipes have some 5 KiB, with every reason
/// some 20; reports about large nodes have more.
const LARGEST_ANSWER: u64 = 4 << 20;

/// What a service can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Which recipe is for an environment or a node.
    Recipe,
    /// How far a node is from the recipe for it.
    Validate,
    /// What differs between two snapshots.
    Drift,
    /// A recipe as files.
    Bundle,
}

impl Question {
    const fn path(self) -> &'static str {
        match self {
            Self::Recipe => "/v1/recipe",
            Self::Validate => "/v1/validate",
            Self::Drift => "/v1/drift",
            Self::Bundle => "/v1/bundle",
        }
    }

    /// The `kind` of the document that answers.
    const fn answered_by(self) -> &'static str {
        match self {
            Self::Recipe => "Recipe",
            Self::Validate => "ValidationReport",
            Self::Drift => "DriftReport",
            Self::Bundle => "",
        }
    }
}

/// How documents are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Media {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// A zip archive.
    Zip,
}

impl Media {
    const fn name(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Yaml => "application/yaml",
            Self::Zip => "application/zip",
        }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// What is asked.
    pub question: Question,
    /// The query string, decoded.
    pub parameters: &'a [(&'a str, &'a str)],
    /// What is posted; nothing for a GET.
    pub document: Option<(Media, &'a [u8])>,
    /// How the answer is to be written.
    pub answer: Media,
}

impl Request<'_> {
    fn target(&self) -> String {
        let mut target = self.question.path().to_owned();
        for (index, (name, value)) in self.parameters.iter().enumerate() {
            target.push(if index == 0 { '?' } else { '&' });
            target.push_str(name);
            target.push('=');
            target.extend(utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        target
    }

    /// A proxy's page can come with any status; only documents that say what they
    /// are, or archives, are taken.
    fn is_answered_by(&self, media_type: &str, body: &[u8]) -> bool {
        match self.answer {
            Media::Json => serde_json::from_slice::<Headline<'_>>(body)
                .is_ok_and(|found| found.kind == self.question.answered_by()),
            other => media_type == other.name(),
        }
    }
}

/// The envelope of errors, as far as it is shown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    code: String,
    message: String,
    #[serde(default)]
    request_id: String,
    retryable: bool,
}

#[derive(Deserialize)]
struct Headline<'a> {
    #[serde(borrow)]
    kind: Cow<'a, str>,
}

/// One service.
pub struct Service {
    http: Http,
    address: Address,
    key: Option<String>,
    timeout: Duration,
}

impl Service {
    /// A service; `timeout` is for one attempt. The key goes into no message.
    ///
    /// # Errors
    /// When no authority could be believed.
    pub fn new(
        address: Address,
        key: Option<String>,
        trust: &Trust,
        timeout: Duration,
    ) -> Result<Self, TrustError> {
        Ok(Self {
            http: Http::new(address.as_str(), trust, true)?,
            address,
            key,
            timeout,
        })
    }

    /// Asks once.
    ///
    /// # Errors
    /// Says who was called, what they said, and the request's id.
    pub fn ask(&self, request: &Request<'_>) -> Result<Vec<u8>, ServiceError> {
        let url = format!("{}{}", self.address, request.target());
        let transport = |error| ServiceError::Transport {
            url: url.clone(),
            error,
        };
        let call = Call {
            method: request.document.map_or(Method::GET, |_| Method::POST),
            url: &url,
            bearer: self.key.as_deref(),
            accept: request.answer.name(),
            body: request.document.map(|(media, bytes)| (media.name(), bytes)),
            limit: self.timeout,
        };
        let answer = self.http.send(&call).map_err(transport)?;
        let (status, retry_after) = (answer.status, answer.retry_after);
        let media_type = answer.media_type.clone();
        let body = answer.bytes(LARGEST_ANSWER).map_err(transport)?;
        if status == 200 && request.is_answered_by(&media_type, &body) {
            return Ok(body);
        }
        Err(self.refusal(url, status, retry_after, &body))
    }

    fn refusal(
        &self,
        url: String,
        status: u16,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> ServiceError {
        let worth_it = |retryable| match (retryable, retry_after) {
            (false, _) => Again::Never,
            (true, Some(time)) => Again::After(time),
            (true, None) => Again::Backoff,
        };
        let shown = |text: &str| plain(text, self.key.as_deref().unwrap_or_default());
        match serde_json::from_slice::<Envelope>(body) {
            Ok(envelope) if status >= 400 => ServiceError::Refused {
                url,
                status,
                code: shown(&envelope.code),
                message: shown(&envelope.message),
                request_id: shown(&envelope.request_id),
                again: worth_it(envelope.retryable),
            },
            _ => ServiceError::Stranger {
                url,
                status,
                excerpt: shown(&String::from_utf8_lossy(body.get(..256).unwrap_or(body))),
                // A 200 that is no answer means that the service was not reached.
                again: worth_it(matches!(status, 200 | 408 | 429 | 500..=599)),
            },
        }
    }
}
