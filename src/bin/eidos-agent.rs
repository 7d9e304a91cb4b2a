//! The agent's `main`.

use std::process::ExitCode;

fn main() -> ExitCode {
    eidos::agent::run(std::env::args_os().skip(1), |name| {
        // A value that is not UTF-8 is as wrong as one with other bad characters.
        Some(std::env::var_os(name)?.to_string_lossy().into_owned())
    })
}
