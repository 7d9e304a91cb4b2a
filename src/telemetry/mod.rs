//! Log lines: one buffered stream for what happens and for each request.
//!
//! Events go through `tracing`; the line of a request is written by hand into
//! the same stream, because a tracing event and its JSON cost more than the
//! rest of the answer.

mod access;
mod choice;
mod events;
mod stream;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;

pub use access::AccessLine;
pub use choice::{LogFormat, LogLevel};
pub use stream::{Events, Stream};

/// Sends events to `stream` from now on. A second call in one process changes
/// nothing: tests start several servers.
pub fn install(stream: Arc<Stream>, level: LogLevel, format: LogFormat) {
    let ours = filter(level);
    // What libraries say about themselves is worth a line only when it fails,
    // or when someone is looking for the reason.
    let theirs = if level >= LogLevel::Debug {
        ours
    } else {
        ours.min(LevelFilter::WARN)
    };
    let wanted = Targets::new()
        .with_default(theirs)
        .with_target("eidos", ours);
    let lines = tracing_subscriber::fmt::layer().with_writer(move || Events(Arc::clone(&stream)));
    let lines: Box<dyn Layer<_> + Send + Sync> = match format {
        LogFormat::Json => lines.event_format(events::EventLine).boxed(),
        LogFormat::Text => lines.with_ansi(false).with_target(false).boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(wanted));
    drop(tracing::subscriber::set_global_default(subscriber));
}

const fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}
