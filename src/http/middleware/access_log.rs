//! The log line of each request, written when its answer is ready.
//!
//! `tracing-actix-web` opens a span around each request; at `debug` it is a real
//! one, so that events inside carry the request id. Above, it is disabled: a
//! span and its JSON event cost more than the rest of a cached answer.

use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage, web};
use jiff::Timestamp;
use tracing::Span;
use tracing_actix_web::RootSpanBuilder;

use super::exchange::Exchange;
use crate::http::state::State;
use crate::settings::LogLevel;
use crate::telemetry::AccessLine;

/// Builds the span and writes the line.
pub(in crate::http) struct AccessLog;

impl RootSpanBuilder for AccessLog {
    fn on_request_start(request: &ServiceRequest) -> Span {
        if tracing::enabled!(tracing::Level::DEBUG) {
            tracing_actix_web::root_span!(level = tracing::Level::DEBUG, request)
        } else {
            Span::none()
        }
    }

    fn on_request_end<B: MessageBody>(_: Span, outcome: &Result<ServiceResponse<B>, Error>) {
        // An `Err` is a panic, which was logged where it was caught.
        let Ok(response) = outcome else { return };
        let request = response.request();
        let Some(state) = request.app_data::<web::Data<State>>() else {
            return;
        };
        let failed = response.status().is_server_error();
        let level = if failed {
            LogLevel::Error
        } else {
            LogLevel::Info
        };
        if level > state.settings.log_level {
            return;
        }
        let extensions = request.extensions();
        let Some(exchange) = extensions.get::<Exchange>() else {
            return;
        };
        let query = Some(request.query_string()).filter(|query| !query.is_empty());
        let client = exchange.client.to_string();
        let line = AccessLine {
            time: format!("{:.6}", Timestamp::now()),
            level: if failed { "ERROR" } else { "INFO" },
            event: exchange.event,
            request_id: exchange.id.to_str().unwrap_or_default(),
            method: request.method().as_str(),
            path: cut(request.path()),
            status: response.status().as_u16(),
            duration: exchange.started.elapsed().min(Duration::from_secs(3600)),
            params: exchange.params.as_deref().or(query).map(cut),
            matched_rules: exchange.matched_rules,
            measurements: exchange.measurements,
            cache: exchange.cache.map(crate::metrics::CacheResult::name),
            rules_digest: exchange.rules_digest.as_deref(),
            client: &client,
            error: exchange.error.as_deref(),
        };
        state.log.line(&line.text(state.settings.log_format));
    }
}

/// The most bytes of a client's text in one line.
const LONGEST: usize = 512;

fn cut(text: &str) -> &str {
    match text.char_indices().find(|(at, _)| *at >= LONGEST) {
        Some((at, _)) => text.split_at_checked(at).map_or(text, |(start, _)| start),
        None => text,
    }
}
