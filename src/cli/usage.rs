//! Command lines that cannot be understood: clap's words, with the flag that was
//! meant, and a `hint:` like every other error.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, Command};

use super::output;
use crate::model::nearest;

/// Says what is wrong with `arguments`, or prints the help that they ask for.
pub(super) fn tell(mut error: Error, command: &Command, arguments: &[OsString]) {
    if !error.use_stderr() {
        // A reader that is gone needs no help.
        drop(error.print());
        return;
    }
    if let Some(flag) = meant(&error, command, arguments) {
        error.insert(ContextKind::SuggestedArg, ContextValue::String(flag));
    }
    let text = error.render();
    let text = if output::error_colours() {
        text.ansi().to_string()
    } else {
        text.to_string()
    };
    output::say(&text.split_inclusive('\n').map(hinted).collect::<String>());
}

/// The flag that an unknown one resembles, where clap itself sees none: it takes no
/// `--gup` for a `--gpu`.
fn meant(error: &Error, command: &Command, arguments: &[OsString]) -> Option<String> {
    if error.kind() != ErrorKind::UnknownArgument || error.get(ContextKind::SuggestedArg).is_some()
    {
        return None;
    }
    let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let mut chosen = command;
    for word in arguments {
        chosen = chosen.find_subcommand(word).unwrap_or(chosen);
    }
    let flags = chosen.get_arguments().filter_map(Arg::get_long);
    let near = nearest(given.strip_prefix("--")?, flags)?;
    Some(format!("--{near}"))
}

/// A line of clap's, which calls a hint a tip.
fn hinted(line: &str) -> String {
    match line.split_once("tip:") {
        // Blanks, and the sequence that begins a colour.
        Some((before, rest))
            if before
                .chars()
                .all(|one| " \u{1b}[;m".contains(one) || one.is_ascii_digit()) =>
        {
            format!("{before}hint:{rest}")
        }
        _ => line.to_owned(),
    }
}
