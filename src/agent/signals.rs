//! SIGTERM and SIGINT end the process at once.
//!
//! As the first process of a container it would not hear them without a handler.

use std::io;
use std::process;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::file;

/// Waits for a signal beside everything else. What is half written goes; the
/// exit code is the one that a shell gives for a death by that signal.
pub(super) fn end_at_once() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            file::abandon();
            process::exit(128 + signal);
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(wait)
        .map(drop)
}
