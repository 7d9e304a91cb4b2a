//! What happens around every request, outermost first: a request id, an answer
//! to every panic, the error envelope, metrics, the log line, who is asking, how
//! often they may.

mod access_log;
mod api_key;
mod client;
mod cors;
mod exchange;
mod rate_limit;

pub(super) use access_log::AccessLog;
pub(super) use api_key::require_key;
pub(super) use cors::cors;
pub(super) use exchange::{Exchange, exchange};
pub(super) use rate_limit::{RateLimiter, charge, complete_headers, governor};
