//! Bodies: read whole, within limits of size, time and the room for all of them.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::rt::time::timeout;
use actix_web::{HttpRequest, web};
use futures_util::StreamExt;

use super::connection::Intake;
use super::error::ApiError;
use super::format;
use super::middleware::panicked;
use super::room::Held;
use super::state::State;
use crate::wire::Format;

/// Above this, understanding a body takes long enough to delay other clients of
/// the same thread, so it moves to a thread of its own.
const LARGE: usize = 64 << 10;

/// Reads a body and does with it what `understand` does, on another thread if it is
/// large. What comes of it may wait for this thread, together with that of many others.
pub(super) async fn read<T: Send + 'static>(
    request: &HttpRequest,
    payload: web::Payload,
    state: &State,
    understand: impl FnOnce(&[u8], Format) -> Result<T, ApiError> + Send + 'static,
) -> Result<T, ApiError> {
    let format = format::of_body(request)?;
    let mut held = Arc::clone(&state.room).enter();
    let limit = state.settings.max_body_bytes;
    let time = state.settings.read_timeout;
    let bytes = whole(request, payload, limit, time, &mut held).await?;
    if bytes.len() <= LARGE {
        return understand(&bytes, format);
    }
    let _paused = Intake::pause(request);
    let understood = web::block(move || {
        let understood = understand(&bytes, format);
        drop(held);
        understood
    })
    .await;
    understood.unwrap_or_else(|_| {
        // Nothing else ends it, and no layer around the handler saw that one.
        Err(panicked(state))
    })
}

async fn whole(
    request: &HttpRequest,
    payload: web::Payload,
    limit: usize,
    time: Duration,
    held: &mut Held,
) -> Result<Vec<u8>, ApiError> {
    let too_large = || ApiError::PayloadTooLarge { limit };
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let gather = async {
        let mut payload = payload;
        let mut bytes = Vec::with_capacity(announced.unwrap_or(0));
        while let Some(chunk) = payload.next().await {
            let chunk = chunk
                .map_err(|error| ApiError::Malformed(format!("the body ends early: {error}")))?;
            if bytes.len() + chunk.len() > limit {
                return Err(too_large());
            }
            if !held.grow(chunk.len()) {
                return Err(ApiError::NoRoom);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    };
    let late = |_| ApiError::BodyTimeout {
        seconds: time.as_secs(),
    };
    timeout(time, gather).await.map_err(late)?
}
