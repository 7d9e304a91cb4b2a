//! Blocking calls over HTTP and HTTPS: to the service, and to the API server of
//! the cluster this process runs in.
//!
//! No runtime, no thread of its own, nothing kept between calls but connections.
//! What is sent and what becomes of an answer is left to the callers.

mod fetch;
mod http;
pub mod kubernetes;
mod retry;
pub mod service;
mod trust;

pub use fetch::{FetchError, fetch};
pub use http::TransportError;
pub use retry::{Again, Clock, Retry, Retryable, SystemClock};
pub use trust::{Trust, TrustError};

/// A text of a stranger, fit for one line of a message: without control
/// characters, without `secret`, and of bounded length.
fn plain(text: &str, secret: &str) -> String {
    const LONGEST: usize = 400;
    let text = if secret.is_empty() {
        text.to_owned()
    } else {
        text.replace(secret, "***")
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line
        .chars()
        .filter(|character| !character.is_control())
        .take(LONGEST)
        .collect();
    if short.len() < line.len() && short.chars().count() == LONGEST {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_strangers_text_is_one_short_harmless_line() {
        assert_eq!(plain("a\n\tb \u{1b}[31mc", ""), "a b [31mc");
        assert_eq!(plain("given: Bearer canary", "canary"), "given: Bearer ***");
        assert_eq!(plain(&"é".repeat(1000), "").chars().count(), 401);
    }
}
