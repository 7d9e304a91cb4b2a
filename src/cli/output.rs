//! Standard output and error.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::input;
use crate::cluster::{self, Component, Kept};
use crate::model::Reading;

/// Prints a result.
pub(super) fn print(text: &str) -> io::Result<()> {
    print_bytes(text.as_bytes())
}

/// Prints a result. A reader that has seen enough (`| head`) is no failure.
pub(super) fn print_bytes(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        outcome => outcome,
    }
}

/// Writes a result where it was asked for; without a path, or with `-`, to
/// standard output.
pub(super) fn deliver(path: Option<&Path>, bytes: &[u8]) -> Result<(), Failure> {
    match path {
        Some(path) if path.as_os_str() != "-" => save(path, bytes),
        _ => Ok(print_bytes(bytes)?),
    }
}

/// As [`deliver`], also to a `ConfigMap`.
pub(super) fn keep(
    path: Option<&Path>,
    component: Component,
    format: &str,
    bytes: &[u8],
) -> Result<(), Failure> {
    let uri = path.map(input::config_map).transpose()?.flatten();
    let Some(uri) = uri else {
        return deliver(path, bytes);
    };
    let kept = Kept {
        component,
        format,
        timestamp: &format!("{:.0}", jiff::Timestamp::now()),
        text: &String::from_utf8_lossy(bytes),
    };
    Ok(cluster::write(&uri, &kept)?)
}

/// Whether a path names a `ConfigMap`.
pub(super) fn is_config_map(path: Option<&Path>) -> bool {
    path.is_some_and(|path| matches!(input::config_map(path), Ok(Some(_))))
}

/// The ending of a file's name, which says its format.
pub(super) fn ending(path: Option<&Path>) -> Option<&str> {
    path?.extension()?.to_str()
}

/// Writes a file whole or not at all: a pipeline never reads half of it. A link
/// stays a link, and what is no file (`/dev/stdout`, a pipe) is written as it is.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let special = fs::metadata(&place).is_ok_and(|found| !found.is_file() && !found.is_dir());
    let written = if special {
        let opened = File::options().write(true).open(&place);
        opened.and_then(|mut open| open.write_all(bytes))
    } else {
        replace(&place, bytes)
    };
    written.map_err(|cause| Failure::Write {
        path: path.to_owned(),
        cause,
    })
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let beside = PathBuf::from(beside);
    let written = folder
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| fs::write(&beside, bytes))
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        drop(fs::remove_file(&beside));
    }
    written
}

/// Says what went wrong.
pub(super) fn complain(text: &str) {
    // Nothing is left to do when nobody reads this either.
    let _ = writeln!(io::stderr().lock(), "eidos: {text}");
}

/// Whether colours help: only people see them, and only those who want to.
pub(super) fn colours() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    io::stdout().is_terminal() && !refused
}

/// Lines up columns, two blanks between them; the last one is as long as it is.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(column) {
                Some(known) => *known = width.max(*known),
                None => widths.push(width),
            }
        }
    }
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            let blanks = width.saturating_sub(cell.chars().count()) + 2;
            line.extend(std::iter::repeat_n(' ', blanks));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The most characters of a value that is shown.
const LONGEST: usize = 160;

/// A value on one line, shortened.
pub(super) fn one_line(reading: &Reading) -> String {
    let text = reading.text();
    let mut line: String = text
        .chars()
        .take(LONGEST)
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect();
    if text.chars().count() > LONGEST {
        line.push('…');
    }
    line
}
