//! The body of every error, also of those that the framework makes by itself.

use actix_web::body::{BoxBody, EitherBody};
use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{Error, HttpResponse, ResponseError};
use jiff::Timestamp;

use super::exchange::{Exchange, finish_headers};
use crate::http::error::ApiError;
use crate::http::format::JSON;
use crate::wire::{ErrorBody, Format, encode};

/// Gives an error its body.
pub(super) fn complete<B>(
    request: &RequestHead,
    response: HttpResponse<EitherBody<B>>,
    exchange: &mut Exchange,
) -> HttpResponse<EitherBody<B>> {
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) {
        return response;
    }
    let known = response.extensions().get::<ApiError>().cloned();
    let error = known.unwrap_or_else(|| {
        let allowed = response.headers().get(header::ALLOW);
        let said = match response.error() {
            Some(error) => error.to_string(),
            None => request.method.to_string(),
        };
        ApiError::of_framework(status, &said, allowed.and_then(|allow| allow.to_str().ok()))
    });
    exchange.error = Some(error.told());
    let body = envelope(&error, &exchange.id);
    response.map_body(|head, _| {
        head.headers
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
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

/// An error whose request is gone, with its answer.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub(super) struct Rendered {
    error: ApiError,
    id: HeaderValue,
    draining: bool,
}

impl Rendered {
    pub(super) fn new(error: &Error, id: HeaderValue, draining: bool) -> Self {
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

    pub(super) fn told(&self) -> String {
        self.error.told()
    }

    pub(super) fn status(&self) -> StatusCode {
        self.error.status_code()
    }
}

impl ResponseError for Rendered {
    fn status_code(&self) -> StatusCode {
        self.status()
    }

    fn error_response(&self) -> HttpResponse {
        let body = BoxBody::new(envelope(&self.error, &self.id));
        let mut response = self.error.error_response().set_body(body);
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
        finish_headers(response.head_mut(), self.id.clone(), self.draining);
        response
    }
}
