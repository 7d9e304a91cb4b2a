//! Bodies: read whole, within limits of size and time.

use std::time::Duration;

use actix_web::http::header;
use actix_web::rt::time::timeout;
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;

use super::error::ApiError;
use super::format;
use crate::wire::Format;

/// Limits of a body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) bytes: usize,
    pub(super) time: Duration,
}

/// Above this, understanding a body takes long enough to delay other clients of
/// the same thread, so it moves to a thread of its own.
const LARGE: usize = 64 << 10;

/// Reads a body and its format.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    limits: Limits,
) -> Result<(Vec<u8>, Format), ApiError> {
    let format = format::of_body(request)?;
    let too_large = || ApiError::PayloadTooLarge {
        limit: limits.bytes,
    };
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limits.bytes) {
        return Err(too_large());
    }
    let gather = async {
        let mut payload = payload;
        let mut bytes = Vec::with_capacity(announced.unwrap_or(0));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk
                .map_err(|error| ApiError::Malformed(format!("the body ends early: {error}")))?;
            if bytes.len() + chunk.len() > limits.bytes {
                return Err(too_large());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let bytes = timeout(limits.time, gather)
        .await
        .map_err(|_| ApiError::BodyTimeout {
            seconds: limits.time.as_secs(),
        })??;
    Ok((bytes, format))
}

/// Understands a body, on another thread if it is large.
pub(super) async fn understand<T: Send + 'static>(
    bytes: Vec<u8>,
    work: impl FnOnce(&[u8]) -> T + Send + 'static,
) -> Result<T, ApiError> {
    if bytes.len() <= LARGE {
        return Ok(work(&bytes));
    }
    web::block(move || work(&bytes))
        .await
        .map_err(|_| ApiError::Internal)
}
