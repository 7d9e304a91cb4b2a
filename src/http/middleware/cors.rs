//! Calls from other origins' pages, where configured.

use actix_cors::Cors;
use actix_web::http::Method;

/// Headers that a page's script may read.
const EXPOSED: [&str; 7] = [
    "etag",
    "content-location",
    "retry-after",
    "x-request-id",
    "x-ratelimit-limit",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
];

/// The rules for these origins; `*` stands for all.
pub(in crate::http) fn cors(origins: &[String]) -> Cors {
    let rules = Cors::default()
        // Every answer that may be kept says `Vary` by itself.
        .disable_vary_header()
        .allowed_methods([Method::GET, Method::HEAD, Method::POST])
        .allow_any_header()
        .expose_headers(EXPOSED)
        .max_age(3600);
    if origins.iter().any(|origin| origin == "*") {
        // `*` itself, not an echo: the answer is the same for all of them, and
        // a browser then sends no credentials.
        return rules.allow_any_origin().send_wildcard();
    }
    origins
        .iter()
        .fold(rules, |rules, origin| rules.allowed_origin(origin))
}
