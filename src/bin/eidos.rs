//! The command line's `main`.

use std::process::ExitCode;

fn main() -> ExitCode {
    eidos::cli::run(std::env::args_os())
}
