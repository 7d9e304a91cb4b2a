//! Kept answers, given in front of the application: what stands between here and a
//! handler costs more than such an answer does.

use std::panic::{AssertUnwindSafe, catch_unwind};

use actix_http::{Request, Response};
use actix_web::body::{BoxBody, EitherBody};
use actix_web::http::header;
use actix_web::{HttpMessage, HttpResponse};

use super::admission::check;
use super::exchange::Exchange;
use super::outermost::{InFlight, finish, panicked};
use super::rate_limit::say_budget;
use crate::http::respond::Reply;
use crate::http::routes::recipe;
use crate::http::state::State;
use crate::settings::LogLevel;

/// The answer, if it is kept under the query as it is spelled. None where the
/// application has to see the request: for a span, or for the rules on calls from
/// other origins' pages.
pub(in crate::http) fn answer(request: &Request, state: &State) -> Option<Response<BoxBody>> {
    let settings = &state.settings;
    let from_a_page =
        !settings.cors_allowed_origins.is_empty() && request.headers().contains_key(header::ORIGIN);
    if from_a_page || settings.log_level >= LogLevel::Debug {
        return None;
    }
    let revision = state.publisher.current();
    recipe::known(request, &revision, |reply| give(request, reply, state))
}

/// As the layers around a handler would: whoever asks is admitted first.
fn give(request: &Request, reply: Reply<'_>, state: &State) -> Response<BoxBody> {
    let head = request.head();
    let mut exchange = Exchange::new(head, None, state);
    let in_flight = InFlight::new(head, &state.metrics);
    let given = catch_unwind(AssertUnwindSafe(|| {
        check(&head.headers, &mut exchange, state)?;
        reply.give(&head.method, request, &mut exchange, state)
    }));
    let given = given.unwrap_or_else(|_| Err(panicked(state)));
    let mut response = given.unwrap_or_else(HttpResponse::from_error);
    say_budget(&mut response, &exchange, state);
    let response = response.map_into_left_body();
    let response = finish(exchange, head, response, in_flight, state);
    Response::from(response).map_body(|_, body| match body {
        EitherBody::Left { body } | EitherBody::Right { body } => body,
    })
}
