//! Around every request: what is counted and logged about it, and an answer to every
//! panic.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse, web};
use futures_util::FutureExt;
use tracing_actix_web::RequestId;

use super::access_log;
use super::envelope::{Rendered, complete};
use super::exchange::{Exchange, finish_headers};
use crate::http::error::ApiError;
use crate::http::state::State;
use crate::metrics::{MethodLabel, Metrics, Route};

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
pub(in crate::http) async fn outermost<B: MessageBody + 'static>(
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let span = request.extensions().get::<RequestId>().map(|id| **id);
    let exchange = Exchange::new(request.head(), span, &state);
    // A panic takes the request with it.
    let mut spare = exchange.clone();
    let asked = asked(request.head());
    let in_flight = InFlight::new(request.head(), &state.metrics);
    request.extensions_mut().insert(exchange);

    let outcome = AssertUnwindSafe(next.call(request)).catch_unwind().await;
    let answered = outcome.unwrap_or_else(|_| Err(panicked(&state).into()));
    let answered = answered.and_then(|response| {
        let exchange = response.request().extensions_mut().remove::<Exchange>();
        Ok((response, exchange.ok_or_else(Exchange::lost)?))
    });
    match answered {
        Ok((response, exchange)) => {
            let (request, response) = response.map_into_left_body().into_parts();
            let response = finish(exchange, request.head(), response, in_flight, &state);
            Ok(ServiceResponse::new(request, response))
        }
        Err(error) => {
            let rendered = Rendered::new(&error, spare.id.clone(), state.is_draining());
            let (status, elapsed) = (rendered.status(), spare.started.elapsed());
            spare.error = Some(rendered.told());
            in_flight.finish(status, elapsed);
            access_log::write(&state, &asked, status, &spare, elapsed);
            Err(rendered.into())
        }
    }
}

/// What every answer gets on its way out: headers, a place in metrics and
/// log, and an error its body.
pub(super) fn finish<B>(
    mut exchange: Exchange,
    request: &RequestHead,
    response: HttpResponse<EitherBody<B>>,
    in_flight: InFlight<'_>,
    state: &State,
) -> HttpResponse<EitherBody<B>> {
    let elapsed = exchange.started.elapsed();
    let mut response = complete(request, response, &mut exchange);
    in_flight.finish(response.status(), elapsed);
    access_log::write(state, request, response.status(), &exchange, elapsed);
    finish_headers(response.head_mut(), exchange.id, state.is_draining());
    response
}

/// What the log says of a request.
fn asked(request: &RequestHead) -> RequestHead {
    let mut asked = RequestHead::default();
    asked.method = request.method.clone();
    asked.uri = request.uri.clone();
    asked
}

/// A defect that was caught.
pub(in crate::http) fn panicked(state: &State) -> ApiError {
    state.metrics.panic_recovered();
    ApiError::defect("a handler panicked")
}
