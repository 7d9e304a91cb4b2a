//! Command-line flags: the same keys as in the environment, and they win.

use std::collections::HashMap;
use std::ffi::OsString;

use lexopt::Arg;

use super::Key;
use crate::model::nearest;

/// What a command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    /// Serve, with these values by environment name.
    Serve(HashMap<&'static str, String>),
    /// Print how to use the program.
    Help,
    /// Print the version.
    Version,
}

/// Reads a command line without the program's name.
///
/// # Errors
/// Every flag that is unknown, given twice or without its value.
pub fn parse_flags(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, Vec<String>> {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut values = HashMap::new();
    let mut errors = Vec::new();
    loop {
        let flag = match parser.next() {
            Ok(None) => break,
            Ok(Some(Arg::Long("help") | Arg::Short('h'))) => return Ok(Command::Help),
            Ok(Some(Arg::Long("version") | Arg::Short('V'))) => return Ok(Command::Version),
            Ok(Some(Arg::Long(flag))) => flag.to_owned(),
            Ok(Some(other)) => {
                errors.push(format!("{}; see --help", other.unexpected()));
                continue;
            }
            Err(error) => {
                errors.push(error.to_string());
                break;
            }
        };
        let Some(key) = Key::ALL.into_iter().find(|key| key.flag() == flag) else {
            errors.push(unknown(&flag));
            // Its value, if it brought one.
            let _ = parser.optional_value();
            continue;
        };
        match parser.value().map(OsString::into_string) {
            Ok(Ok(value)) => {
                if values.insert(key.name(), value).is_some() {
                    errors.push(format!("--{flag} is given twice"));
                }
            }
            Ok(Err(_)) => errors.push(format!("the value of --{flag} is not UTF-8")),
            Err(_) => errors.push(format!("--{flag} needs a value: {}", key.meaning())),
        }
    }
    if errors.is_empty() {
        Ok(Command::Serve(values))
    } else {
        Err(errors)
    }
}

fn unknown(flag: &str) -> String {
    let flags: Vec<String> = Key::ALL.into_iter().map(Key::flag).collect();
    match nearest(flag, flags.iter().map(String::as_str)) {
        Some(near) => format!("unknown flag --{flag}; did you mean --{near}?"),
        None => format!("unknown flag --{flag}; see --help"),
    }
}
