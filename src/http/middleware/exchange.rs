//! One request and its answer: the id that ties them together, and what is known
//! about them by the time the answer goes out.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use actix_web::dev::{RequestHead, ResponseHead};
use actix_web::http::ConnectionType;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::{HttpMessage, HttpRequest};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::client;
use crate::http::error::ApiError;
use crate::http::state::State;
use crate::metrics::CacheResult;
use crate::serving::Answer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is echoed.
const LONGEST_ID: usize = 128;

/// What is known about one exchange; the rate limit and handlers add to it.
#[derive(Debug, Clone)]
pub(in crate::http) struct Exchange {
    pub(in crate::http) id: HeaderValue,
    pub(in crate::http) client: IpAddr,
    pub(in crate::http) started: Instant,
    /// What the log calls it.
    pub(in crate::http) event: &'static str,
    pub(in crate::http) given: Option<Given>,
    pub(in crate::http) error: Option<String>,
    /// Whose API key the request carries.
    pub(super) owner: Option<Arc<str>>,
    pub(super) paid: Option<Paid>,
}

/// The kept answer that was given.
#[derive(Debug, Clone)]
pub(in crate::http) struct Given {
    pub(in crate::http) answer: Arc<Answer>,
    pub(in crate::http) cache: CacheResult,
    pub(in crate::http) rules_digest: Arc<str>,
}

/// The budget that a request was taken from, and what was left of it then.
#[derive(Debug, Clone)]
pub(super) struct Paid {
    pub(super) budget: u32,
    pub(super) left: u32,
}

impl Exchange {
    /// An exchange that begins now; `span` is what tracing calls it.
    pub(super) fn new(request: &RequestHead, span: Option<Uuid>, state: &State) -> Self {
        Self {
            id: request_id(&request.headers, span),
            client: client::address(request, &state.settings.trusted_proxies),
            started: Instant::now(),
            event: "request",
            given: None,
            error: None,
            owner: None,
            paid: None,
        }
    }

    /// Lets a handler say what it did, or ask what is known.
    pub(in crate::http) fn note<T>(
        request: &HttpRequest,
        note: impl FnOnce(&mut Self) -> T,
    ) -> Result<T, ApiError> {
        let mut extensions = request.extensions_mut();
        let exchange = extensions.get_mut::<Self>().ok_or_else(Self::lost)?;
        Ok(note(exchange))
    }

    /// The outermost layer begins one with every request.
    pub(super) fn lost() -> ApiError {
        ApiError::defect("a request without an exchange")
    }
}

/// The client's own id if it is safe to repeat, else that of the span where
/// there is one, else a new one.
fn request_id(headers: &HeaderMap, span: Option<Uuid>) -> HeaderValue {
    let safe = |id: &&HeaderValue| {
        let bytes = id.as_bytes();
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        (1..=LONGEST_ID).contains(&bytes.len()) && bytes.iter().all(allowed)
    };
    if let Some(given) = headers.get(REQUEST_ID).filter(safe) {
        return given.clone();
    }
    let id = span.unwrap_or_else(Uuid::new_v4);
    let mut text = [0; Hyphenated::LENGTH];
    HeaderValue::from_str(id.hyphenated().encode_lower(&mut text))
        .unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// What every answer says.
pub(super) fn finish_headers(head: &mut ResponseHead, id: HeaderValue, draining: bool) {
    head.headers.insert(REQUEST_ID, id);
    if !head.headers.contains_key(header::CACHE_CONTROL) {
        head.headers
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if draining {
        head.set_connection_type(ConnectionType::Close);
    }
}
