//! Answers as responses: validators, encodings, 304.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpMessage, HttpRequest, HttpResponse};

use super::error::ApiError;
use super::middleware::{Exchange, Given};
use super::state::State;
use super::{encoding, format};
use crate::metrics::CacheResult;
use crate::serving::{Answer, Encoding, Revision};

/// The answer that is kept under a key, or a new one that is kept from now on.
pub(super) fn kept_or(
    revision: &Revision,
    key: &str,
    make: impl FnOnce() -> Result<Answer, ApiError>,
) -> Result<(Arc<Answer>, CacheResult), ApiError> {
    if let Some(answer) = revision.remembered(key) {
        return Ok((answer, CacheResult::Hit));
    }
    let answer = Arc::new(make()?);
    revision.remember(key, &answer);
    Ok((answer, CacheResult::Miss))
}

/// An answer about to be given.
pub(super) struct Reply<'a> {
    pub(super) revision: &'a Revision,
    /// What it is kept under. None where it is not: it has no validators then, and is
    /// for nobody else.
    pub(super) key: Option<&'a str>,
    pub(super) answer: Arc<Answer>,
    pub(super) cache: CacheResult,
    /// What the log calls this.
    pub(super) event: &'static str,
}

impl Reply<'_> {
    /// As [`Reply::give`], from a handler.
    pub(super) fn send(
        self,
        request: &HttpRequest,
        state: &State,
    ) -> Result<HttpResponse, ApiError> {
        Exchange::note(request, |exchange| {
            self.give(request.method(), request, exchange, state)
        })
        .flatten()
    }

    /// The response, or 304 when the client has it already.
    pub(super) fn give(
        self,
        method: &Method,
        request: &impl HttpMessage,
        exchange: &mut Exchange,
        state: &State,
    ) -> Result<HttpResponse, ApiError> {
        let encoding = self.answer.best(encoding::negotiate(request));
        let tag = self.answer.tag(encoding);
        let asks = matches!(*method, Method::GET | Method::HEAD);
        let unchanged = asks && self.key.is_some() && has(request.headers(), &tag);
        let cache = if unchanged {
            CacheResult::Revalidated
        } else {
            self.cache
        };
        state.metrics.cache(cache);
        self.answer.facts().matched.count();
        let mut response = if unchanged {
            HttpResponse::new(StatusCode::NOT_MODIFIED)
        } else {
            self.whole(encoding)?
        };
        let headers = response.headers_mut();
        headers.insert(header::VARY, state.vary.clone());
        if self.key.is_some() {
            let tag = HeaderValue::from_maybe_shared(tag).map_err(ApiError::defect)?;
            headers.insert(header::ETAG, tag);
            headers.insert(header::CACHE_CONTROL, state.cache_control.clone());
        }
        exchange.event = self.event;
        exchange.given = Some(Given {
            answer: self.answer,
            cache,
            rules_digest: Arc::clone(self.revision.rules().digest()),
        });
        Ok(response)
    }

    fn whole(&self, encoding: Encoding) -> Result<HttpResponse, ApiError> {
        let new = !self.answer.has(encoding);
        let bytes = self.answer.bytes(encoding).map_err(ApiError::defect)?;
        if let Some(key) = self.key.filter(|_| new) {
            // Weighs the entry again, now that it holds one more encoding.
            self.revision.remember(key, &self.answer);
        }
        let mut response = HttpResponse::with_body(StatusCode::OK, bytes).map_into_boxed_body();
        let headers = response.headers_mut();
        let content_type = self.answer.content_type();
        headers.insert(header::CONTENT_TYPE, format::header(content_type));
        if let Some(name) = encoding::name(encoding) {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        Ok(response)
    }
}

/// Whether the client names `tag` among what it has. `W/` is passed over: for
/// GET and HEAD the weak comparison applies (RFC 9110, section 13.1.2).
fn has(headers: &HeaderMap, tag: &[u8]) -> bool {
    let named = |given: &[u8]| given == b"*" || given.strip_prefix(b"W/").unwrap_or(given) == tag;
    let among = |list: &[u8]| {
        let mut each = list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
        each.any(named)
    };
    // A list of one, as nearly all are, need not be taken apart.
    headers
        .get_all(header::IF_NONE_MATCH)
        .any(|value| named(value.as_bytes()) || among(value.as_bytes()))
}
