//! The log line of each request, written when its answer is ready.

use std::time::Duration;

use actix_web::dev::RequestHead;
use actix_web::http::StatusCode;
use jiff::Timestamp;

use super::exchange::Exchange;
use crate::http::state::State;
use crate::metrics::CacheResult;
use crate::settings::LogLevel;
use crate::telemetry::AccessLine;

/// Writes the line, where the level asks for one.
pub(super) fn write(
    state: &State,
    request: &RequestHead,
    status: StatusCode,
    exchange: &Exchange,
    elapsed: Duration,
) {
    let failed = status.is_server_error();
    let level = if failed {
        LogLevel::Error
    } else {
        LogLevel::Info
    };
    if level > state.settings.log_level {
        return;
    }
    let given = exchange.given.as_ref();
    // An answer about no environment, such as a list of routes, has no query.
    let facts = given.map(|given| given.answer.facts());
    let facts = facts.filter(|facts| facts.params.is_some());
    let canonical = facts.and_then(|facts| facts.params.as_deref());
    let query = request.uri.query().filter(|query| !query.is_empty());
    let line = AccessLine {
        time: Timestamp::now(),
        level: if failed { "ERROR" } else { "INFO" },
        event: exchange.event,
        request_id: exchange.id.to_str().unwrap_or_default(),
        method: cut(request.method.as_str()),
        path: cut(request.uri.path()),
        status: status.as_u16(),
        duration: elapsed,
        params: canonical.or(query).map(cut),
        matched_rules: facts.map(|facts| facts.matched.overlays()),
        measurements: facts.map(|facts| facts.measurements),
        cache: given.map(|given| CacheResult::name(given.cache)),
        rules_digest: given.map(|given| &*given.rules_digest),
        client: exchange.client,
        error: exchange.error.as_deref(),
    };
    state
        .log
        .add(|out| line.write(state.settings.log_format, out));
}

/// The most bytes of a client's text in one line.
const LONGEST: usize = 512;

fn cut(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    let boundary = (0..=LONGEST).rev().find(|at| text.is_char_boundary(*at));
    boundary.and_then(|at| text.get(..at)).unwrap_or_default()
}
