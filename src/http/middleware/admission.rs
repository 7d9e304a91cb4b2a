//! Who may ask, and how often: the middleware around everything below `/v1`.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use super::client::{bearer, owner};
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
    let mut response = match check(&request, &state) {
        Ok(()) => next.call(request).await?.map_into_left_body(),
        Err(error) => request
            .into_response(HttpResponse::from_error(error))
            .map_into_right_body(),
    };
    say_budget(&mut response, &state);
    Ok(response)
}

/// What is refused for its key counts all the same, against the address: a key
/// that nobody has names no one.
fn check(request: &ServiceRequest, state: &State) -> Result<(), ApiError> {
    if state.keys.is_none() {
        return take_one(request, state);
    }
    let owner = owner(request, state);
    let known = owner.is_some();
    Exchange::note(request.request(), |exchange| exchange.owner = owner);
    take_one(request, state)?;
    match bearer(request) {
        _ if known => Ok(()),
        Some(_) => Err(ApiError::KeyUnknown),
        None => Err(ApiError::KeyMissing),
    }
}
