//! What ends this process, and what does not.

use std::io;
use std::panic;
use std::process;
use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::collect::Source;
use crate::files;

/// SIGTERM and SIGINT end the process at once, and what is half written goes. As
/// the first process of a container it would not hear them without a handler. The
/// exit code is the one that a shell gives for a death by that signal.
pub(super) fn end_at_signals() -> io::Result<()> {
    let mut signals = Signals::new([SIGTERM, SIGINT])?;
    let wait = move || {
        if let Some(signal) = signals.forever().next() {
            files::abandon();
            process::exit(128 + signal);
        }
    };
    thread::Builder::new()
        .name("signals".to_owned())
        .spawn(wait)
        .map(drop)
}

/// A defect in one collector must not hide what the others measured. The small
/// build aborts at a panic, so the thread of a collector stays where it is
/// instead; it is reported as one that does not answer.
pub(super) fn outlive_collectors() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        tell(what);
        let thread = thread::current();
        while thread.name().and_then(Source::from_name).is_some() {
            thread::park();
        }
    }));
}
