//! One request and its answer: the id that ties them together, what is said
//! about them afterwards, and the body of every error.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::ConnectionType;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::FutureExt;
use jiff::Timestamp;
use tracing_actix_web::RequestId;

use super::client;
use crate::http::error::ApiError;
use crate::http::state::State;
use crate::metrics::{CacheResult, MethodLabel, Metrics, Route};
use crate::wire::{ErrorBody, Format, encode};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest request id that is echoed.
const LONGEST_ID: usize = 128;

/// What is known about one exchange; handlers add to it.
#[derive(Debug)]
pub(in crate::http) struct Exchange {
    pub(in crate::http) id: HeaderValue,
    pub(in crate::http) client: IpAddr,
    pub(in crate::http) started: Instant,
    /// What the log calls it.
    pub(in crate::http) event: &'static str,
    pub(in crate::http) params: Option<String>,
    pub(in crate::http) matched_rules: Option<usize>,
    pub(in crate::http) measurements: Option<usize>,
    pub(in crate::http) cache: Option<CacheResult>,
    pub(in crate::http) rules_digest: Option<String>,
    pub(in crate::http) error: Option<String>,
}

impl Exchange {
    fn new(request: &ServiceRequest, state: &State) -> Self {
        Self {
            id: request_id(request),
            client: client::address(request, &state.settings.trusted_proxies),
            started: Instant::now(),
            event: "request",
            params: None,
            matched_rules: None,
            measurements: None,
            cache: None,
            rules_digest: None,
            error: None,
        }
    }

    /// Lets a handler say what it did.
    pub(in crate::http) fn note(request: &HttpRequest, note: impl FnOnce(&mut Self)) {
        if let Some(exchange) = request.extensions_mut().get_mut::<Self>() {
            note(exchange);
        }
    }
}

/// The client's own id if it is safe to repeat, else the one made for the span.
fn request_id(request: &ServiceRequest) -> HeaderValue {
    let safe = |id: &&HeaderValue| {
        let bytes = id.as_bytes();
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        (1..=LONGEST_ID).contains(&bytes.len()) && bytes.iter().all(allowed)
    };
    if let Some(given) = request.headers().get(REQUEST_ID).filter(safe) {
        return given.clone();
    }
    let made = request
        .extensions()
        .get::<RequestId>()
        .map(ToString::to_string);
    made.and_then(|made| HeaderValue::from_maybe_shared(bytes::Bytes::from(made)).ok())
        .unwrap_or_else(|| HeaderValue::from_static("unknown"))
}

/// Counts a request that is being answered, also when its client goes away.
struct InFlight<'m>(Option<&'m Metrics>);

impl<'m> InFlight<'m> {
    fn new(metrics: &'m Metrics) -> Self {
        metrics.request_started();
        Self(Some(metrics))
    }

    fn finish(mut self, method: MethodLabel, route: Route, status: u16, seconds: f64) {
        if let Some(metrics) = self.0.take() {
            metrics.request_finished(method, route, status, seconds);
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(metrics) = self.0 {
            metrics.request_abandoned();
        }
    }
}

/// The middleware around everything that this service does itself.
pub(in crate::http) async fn exchange<B: MessageBody + 'static>(
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let method = MethodLabel::of(request.method().as_str());
    let route = Route::of(request.path());
    let exchange = Exchange::new(&request, &state);
    let (id, started) = (exchange.id.clone(), exchange.started);
    request.extensions_mut().insert(exchange);
    let in_flight = InFlight::new(&state.metrics);

    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let answered = outcome.unwrap_or_else(|_| {
        state.metrics.panic_recovered();
        tracing::error!(
            request_id = id.to_str().unwrap_or_default(),
            "a handler panicked"
        );
        Err(ApiError::Internal.into())
    });
    let elapsed = started.elapsed().as_secs_f64();
    let mut response = match answered {
        Ok(response) => complete(response),
        Err(error) => {
            // The request is gone; what is left is enough for an answer.
            let rendered = Rendered::new(&error, id, state.is_draining());
            in_flight.finish(
                method,
                route,
                rendered.response().status().as_u16(),
                elapsed,
            );
            return Err(rendered.into());
        }
    };
    finish_headers(response.response_mut().head_mut(), id, state.is_draining());
    in_flight.finish(method, route, response.status().as_u16(), elapsed);
    Ok(response)
}

/// Gives an error its body.
fn complete<B: MessageBody>(response: ServiceResponse<B>) -> ServiceResponse<EitherBody<B>> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response.map_into_left_body();
    }
    let known = response.response().extensions().get::<ApiError>().cloned();
    let error = known.unwrap_or_else(|| {
        let allowed = response.headers().get(header::ALLOW);
        let said = match response.response().error() {
            Some(error) => error.to_string(),
            None => response.request().method().to_string(),
        };
        ApiError::of_framework(status, &said, allowed.and_then(|allow| allow.to_str().ok()))
    });
    let message = error.to_string();
    let mut id = HeaderValue::from_static("unknown");
    Exchange::note(response.request(), |exchange| {
        id = exchange.id.clone();
        exchange.error = Some(message);
    });
    let body = envelope(&error, &id);
    response.map_body(|head, _| {
        let json = HeaderValue::from_static(crate::http::format::JSON);
        head.headers.insert(header::CONTENT_TYPE, json);
        EitherBody::right(BoxBody::new(body))
    })
}

fn envelope(error: &ApiError, id: &HeaderValue) -> Vec<u8> {
    let mut body = ErrorBody::new(
        error.code(),
        error.to_string(),
        id.to_str().unwrap_or_default().to_owned(),
        format!("{:.3}", Timestamp::now()),
    );
    body.details = error.details();
    encode(Format::Json, &body).unwrap_or_default()
}

fn finish_headers(head: &mut actix_web::dev::ResponseHead, id: HeaderValue, draining: bool) {
    head.headers.insert(REQUEST_ID, id);
    if !head.headers.contains_key(header::CACHE_CONTROL) {
        head.headers
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if draining {
        head.set_connection_type(ConnectionType::Close);
    }
}

/// An error whose request is gone, with its answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
struct Rendered {
    error: ApiError,
    id: HeaderValue,
    draining: bool,
}

impl Rendered {
    fn new(error: &Error, id: HeaderValue, draining: bool) -> Self {
        let error = match error.as_error::<ApiError>() {
            Some(error) => error.clone(),
            None => {
                let status = error.as_response_error().status_code();
                ApiError::of_framework(status, &error.to_string(), None)
            }
        };
        Self {
            error,
            id,
            draining,
        }
    }

    fn response(&self) -> HttpResponse {
        let mut response = actix_web::ResponseError::error_response(&self.error)
            .set_body(BoxBody::new(envelope(&self.error, &self.id)));
        let json = HeaderValue::from_static(crate::http::format::JSON);
        response.headers_mut().insert(header::CONTENT_TYPE, json);
        finish_headers(response.head_mut(), self.id.clone(), self.draining);
        response
    }
}

impl actix_web::ResponseError for Rendered {
    fn status_code(&self) -> actix_web::http::StatusCode {
        self.error.status_code()
    }

    fn error_response(&self) -> HttpResponse {
        self.response()
    }
}
