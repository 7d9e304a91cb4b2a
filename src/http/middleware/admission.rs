//! Who may ask, and how often: the middleware around everything below `/v1`.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HeaderMap;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use super::client::bearer;
use super::exchange::Exchange;
use super::rate_limit::{say_budget, take_one};
use crate::http::error::ApiError;
use crate::http::state::State;

/// Lets a request through that has a key, where keys are configured, and whose
/// client has some budget left; says in the answer how much.
pub(in crate::http) async fn admit<B: MessageBody>(
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let admitted = Exchange::note(request.request(), |exchange| {
        check(request.headers(), exchange, &state)
    });
    let response = match admitted.flatten() {
        Ok(()) => next.call(request).await?.map_into_left_body(),
        Err(error) => request
            .into_response(HttpResponse::from_error(error))
            .map_into_right_body(),
    };
    let (request, mut response) = response.into_parts();
    Exchange::note(&request, |exchange| {
        say_budget(&mut response, exchange, &state);
    })?;
    Ok(ServiceResponse::new(request, response))
}

/// What is refused for its key counts all the same, against the address: a key
/// that nobody has names no one.
pub(super) fn check(
    headers: &HeaderMap,
    exchange: &mut Exchange,
    state: &State,
) -> Result<(), ApiError> {
    let Some(keys) = &state.keys else {
        return take_one(exchange, state);
    };
    let given = bearer(headers);
    exchange.owner = given.and_then(|key| keys.owner(key));
    take_one(exchange, state)?;
    match given {
        _ if exchange.owner.is_some() => Ok(()),
        Some(_) => Err(ApiError::KeyUnknown),
        None => Err(ApiError::KeyMissing),
    }
}
