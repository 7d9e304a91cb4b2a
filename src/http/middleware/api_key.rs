//! API keys: who may ask at all, where keys are configured.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use super::client::{bearer, owner};
use super::rate_limit;
use crate::http::error::ApiError;
use crate::http::state::State;

/// Lets a request through when no keys are configured, or when it has one.
/// Stands before the rate limit, whose middleware can only be innermost; what is
/// refused here is counted all the same.
pub(in crate::http) async fn require_key<B: MessageBody>(
    state: web::Data<State>,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if state.keys.is_none() || owner(&request, &state).is_some() {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let error = match (rate_limit::count(&request, &state), bearer(&request)) {
        (Err(too_often), _) => too_often,
        (Ok(()), Some(_)) => ApiError::KeyUnknown,
        (Ok(()), None) => ApiError::KeyMissing,
    };
    let response = request.into_response(HttpResponse::from_error(error));
    Ok(response.map_into_right_body())
}
