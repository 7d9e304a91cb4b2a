//! Posts documents to `eidos-api-server` and reads what it answers, errors in
//! its envelope included.
//!
//! One call is one attempt; [`super::Retry`] makes more of it.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use ureq::http::{Method, Uri};

use super::http::{Answer, Call, Http, TransportError};
use super::plain;
use super::retry::{Again, Retryable};
use super::trust::{Trust, TrustError};

/// The largest answer that is read. Recipes have some 5 KiB, with every reason
/// some 20.
const LARGEST_ANSWER: u64 = 4 << 20;

/// What is asked about a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Question {
    /// Which recipe is for this node.
    Recipe,
    /// How far this node is from the recipe for it.
    Validate,
}

impl Question {
    const fn path(self) -> &'static str {
        match self {
            Self::Recipe => "/v1/recipe",
            Self::Validate => "/v1/validate",
        }
    }

    /// The `kind` of the document that answers.
    const fn answered_by(self) -> &'static str {
        match self {
            Self::Recipe => "Recipe",
            Self::Validate => "ValidationReport",
        }
    }
}

/// Why an address is none of a server.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no address of a server: {reason}")]
pub struct AddressError {
    given: String,
    reason: &'static str,
}

/// An address such as `https://eidos.example.com`, a path in front of `/v1`
/// allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(String);

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Says what is wrong with it, without showing a password.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let refuse = |reason| AddressError {
            given: match text.split_once('@') {
                Some((_, host)) => format!("***@{host}"),
                None => text.to_owned(),
            },
            reason,
        };
        let uri: Uri = text.parse().map_err(|_| refuse("it is no URL"))?;
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        match uri.scheme_str() {
            Some("http" | "https") => {}
            _ => return Err(refuse("it has to begin with http:// or https://")),
        }
        if authority.contains('@') {
            return Err(refuse(
                "it holds a password; the API key goes into EIDOS_API_KEY",
            ));
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(refuse("it ends in a query or fragment"));
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

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
            http: Http::new(&address.0, trust, true)?,
            address,
            key,
            timeout,
        })
    }

    /// Posts a snapshot in JSON; the answer is JSON too.
    ///
    /// # Errors
    /// Says who was called, what they said, and the request's id.
    pub fn post(
        &self,
        question: Question,
        intent: Option<&str>,
        snapshot: &[u8],
    ) -> Result<Vec<u8>, ServiceError> {
        let mut url = format!("{}{}", self.address.0, question.path());
        if let Some(intent) = intent {
            url.push_str("?intent=");
            url.push_str(intent);
        }
        let call = Call {
            method: Method::POST,
            url: &url,
            bearer: self.key.as_deref(),
            body: Some(("application/json", snapshot)),
            limit: self.timeout,
        };
        match self.exchange(&call) {
            Ok((200, _, body)) if is_a(question.answered_by(), &body) => Ok(body),
            Ok((status, retry_after, body)) => Err(self.refusal(url, status, retry_after, &body)),
            Err(error) => Err(ServiceError::Transport { url, error }),
        }
    }

    fn exchange(
        &self,
        call: &Call<'_>,
    ) -> Result<(u16, Option<Duration>, Vec<u8>), TransportError> {
        let answer: Answer = self.http.send(call)?;
        let (status, retry_after) = (answer.status, answer.retry_after);
        Ok((status, retry_after, answer.bytes(LARGEST_ANSWER)?))
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

fn is_a(kind: &str, body: &[u8]) -> bool {
    serde_json::from_slice::<Headline<'_>>(body).is_ok_and(|found| found.kind == kind)
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn addresses_are_whole_and_without_passwords() {
        let check = |text: &str| Address::parse(text).map_err(|error| error.to_string());
        for good in [
            "http://eidos:8080",
            "https://e.example/base",
            "http://[::1]:8080",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        assert_eq!(check("http://e/").unwrap().0, "http://e");
        for (bad, why) in [
            ("eidos:8080", "http:// or https://"),
            ("eidos", "http:// or https://"),
            ("ftp://e", "http:// or https://"),
            ("http://", "no URL"),
            ("", "no URL"),
            ("http://e/?a=b", "query"),
            ("http://e/#x", "fragment"),
        ] {
            let error = check(bad).unwrap_err();
            assert!(error.contains(why) && error.contains(bad), "{error}");
        }
        let error = check("http://me:hunter2@e").unwrap_err();
        assert!(error.contains("EIDOS_API_KEY") && !error.contains("hunter2"));
    }
}
