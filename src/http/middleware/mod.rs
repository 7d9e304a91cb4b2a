//! What happens around requests, in two layers. Around all of them `outermost`: a
//! request id, an answer to every panic, the error envelope, metrics, the log
//! line. Around those below `/v1` also `admit`: who is asking, how often they may.
//! In front of both `kept`, which does the same for an answer that is there.

mod access_log;
mod admission;
mod client;
mod cors;
mod envelope;
mod exchange;
pub(super) mod kept;
mod outermost;
mod rate_limit;

pub(super) use admission::admit;
pub(super) use cors::cors;
pub(super) use exchange::{Exchange, Given};
pub(super) use outermost::{outermost, panicked};
pub(super) use rate_limit::{RateLimiter, charge};
