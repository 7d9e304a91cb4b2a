//! The service's `main`: flags and environment to settings, then serve.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use eidos::http;
use eidos::settings::{Command, Settings, help, parse_flags};
use eidos::telemetry::{self, Stream};

/// Bad configuration.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    match parse_flags(std::env::args_os().skip(1)) {
        Ok(Command::Help) => print(&help()),
        Ok(Command::Version) => print(concat!(
            "eidos-api-server ",
            env!("CARGO_PKG_VERSION"),
            "\n"
        )),
        Ok(Command::Serve(flags)) => {
            let lookup = |name: &'static str| {
                let flag = flags.get(name).cloned();
                flag.or_else(|| Some(std::env::var_os(name)?.to_string_lossy().into_owned()))
            };
            match Settings::from_lookup(lookup) {
                Ok(settings) => serve(settings),
                Err(errors) => fail(&errors, USAGE),
            }
        }
        Err(errors) => fail(&errors, USAGE),
    }
}

fn serve(settings: Settings) -> ExitCode {
    let log = Arc::new(Stream::new(io::stdout()));
    telemetry::install(Arc::clone(&log), settings.log_level, settings.log_format);
    match http::run(settings, log) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let code = error.exit_code();
            fail(&[error], code)
        }
    }
}

fn fail<E: ToString>(errors: &[E], code: u8) -> ExitCode {
    for error in errors {
        // Nothing is left to do when nobody reads this either.
        let _ = writeln!(io::stderr(), "eidos-api-server: {}", error.to_string());
    }
    ExitCode::from(code)
}

/// A reader that has seen enough is no failure.
fn print(text: &str) -> ExitCode {
    let _ = io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}
