//! One request and its answer: the id that ties them together, what is counted
//! and logged about them, and an answer to every panic.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{RequestHead, ResponseHead, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::FutureExt;
use tracing_actix_web::RequestId;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::envelope::{Rendered, complete};
use super::rate_limit::Paid;
use super::{access_log, client};
use crate::http::error::ApiError;
use crate::http::state::State;
use crate::metrics::{CacheResult, MethodLabel, Metrics, Route};
use crate::serving::Answer;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is echoed.
const LONGEST_ID: usize = 128;

/// What is known about one exchange; the rate limit and handlers add to it.
#[derive(Debug)]
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
#[derive(Debug)]
pub(in crate::http) struct Given {
    pub(in crate::http) answer: Arc<Answer>,
    pub(in crate::http) cache: CacheResult,
    pub(in crate::http) rules_digest: Arc<str>,
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

    /// What every answer gets on its way out: headers, a place in metrics and
    /// log, and an error its body.
    pub(super) fn finish<B>(
        mut self,
        request: &RequestHead,
        response: HttpResponse<EitherBody<B>>,
        in_flight: InFlight<'_>,
        state: &State,
    ) -> HttpResponse<EitherBody<B>> {
        let elapsed = self.started.elapsed();
        let mut response = complete(request, response, &mut self);
        let id = self.id.clone();
        finish_headers(response.head_mut(), id, state.is_draining());
        in_flight.finish(response.status(), elapsed);
        access_log::write(state, request, response.status(), &self, elapsed);
        response
    }

    /// Lets a handler say what it did.
    pub(in crate::http) fn note(request: &HttpRequest, note: impl FnOnce(&mut Self)) {
        if let Some(exchange) = request.extensions_mut().get_mut::<Self>() {
            note(exchange);
        }
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
    id.hyphenated().encode_lower(&mut text);
    HeaderValue::from_maybe_shared(Bytes::from_owner(text))
        .unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// Counts a request that is being answered, also when its client goes away.
pub(super) struct InFlight<'m> {
    metrics: &'m Metrics,
    method: MethodLabel,
    route: Route,
    finished: bool,
}

impl<'m> InFlight<'m> {
    pub(super) fn new(request: &RequestHead, metrics: &'m Metrics) -> Self {
        metrics.request_started();
        Self {
            metrics,
            method: MethodLabel::of(request.method.as_str()),
            route: Route::of(request.uri.path()),
            finished: false,
        }
    }

    fn finish(mut self, status: StatusCode, elapsed: Duration) {
        self.finished = true;
        let (status, seconds) = (status.as_u16(), elapsed.as_secs_f64());
        let (method, route) = (self.method, self.route);
        self.metrics
            .request_finished(method, route, status, seconds);
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.metrics.request_abandoned();
        }
    }
}

/// The middleware around everything that is not answered before it: see `kept`.
pub(in crate::http) async fn exchange<B: MessageBody + 'static>(
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let span = request.extensions().get::<RequestId>().map(|id| **id);
    let exchange = Exchange::new(request.head(), span, &state);
    let (id, started) = (exchange.id.clone(), exchange.started);
    let in_flight = InFlight::new(request.head(), &state.metrics);
    request.extensions_mut().insert(exchange);

    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let answered = outcome.unwrap_or_else(|_| Err(panicked(&state, &id).into()));
    let answered = answered.and_then(|response| {
        let exchange = response.request().extensions_mut().remove::<Exchange>();
        Ok((response, exchange.ok_or(ApiError::Internal)?))
    });
    match answered {
        Ok((response, exchange)) => {
            let (request, response) = response.map_into_left_body().into_parts();
            let response = exchange.finish(request.head(), response, in_flight, &state);
            Ok(ServiceResponse::new(request, response))
        }
        Err(error) => {
            // The request is gone; what is left is enough for an answer.
            let rendered = Rendered::new(&error, id, state.is_draining());
            in_flight.finish(rendered.status(), started.elapsed());
            Err(rendered.into())
        }
    }
}

/// A defect that was caught.
pub(super) fn panicked(state: &State, id: &HeaderValue) -> ApiError {
    state.metrics.panic_recovered();
    tracing::error!(
        request_id = id.to_str().unwrap_or_default(),
        "a handler panicked"
    );
    ApiError::Internal
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
