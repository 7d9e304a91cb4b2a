//! Standard output and error.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use super::exit::Failure;
use super::input;
use crate::cluster::{self, Component, Kept};
use crate::files;
use crate::model::{Advisory, Reading};

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
        Some(path) if !is_standard(path) => save(path, bytes),
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
    let (Some(path), Some(uri)) = (path, uri) else {
        return deliver(path, bytes);
    };
    if format == "txt" {
        return Err(Failure::TableKept(path.to_owned()));
    }
    let kept = Kept {
        component,
        format,
        timestamp: &format!("{:.0}", jiff::Timestamp::now()),
        text: &String::from_utf8_lossy(bytes),
    };
    Ok(cluster::write(&uri, &kept)?)
}

/// Whether a path stands for standard output.
pub(super) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Whether a path names a `ConfigMap`.
pub(super) fn is_config_map(path: Option<&Path>) -> bool {
    path.is_some_and(|path| matches!(input::config_map(path), Ok(Some(_))))
}

/// The ending of a file's name, which says its format.
pub(super) fn ending(path: Option<&Path>) -> Option<&str> {
    path?.extension()?.to_str()
}

/// Writes a file whole or not at all: a pipeline never reads half of it.
pub(super) fn save(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if input::is_elsewhere(path) {
        return Err(Failure::NoFile(path.to_owned()));
    }
    files::save(path, bytes).map_err(|cause| Failure::Write {
        path: path.to_owned(),
        cause,
    })
}

/// Known issues, two lines each.
pub(super) fn advised(advisories: &[Arc<Advisory>]) -> String {
    let two_lines = |advisory: &Arc<Advisory>| {
        let (severity, id) = (advisory.severity.name(), &advisory.id);
        format!(
            "{severity} {id}: {}\n  {}\n",
            advisory.message, advisory.remedy
        )
    };
    advisories.iter().map(two_lines).collect()
}

/// Says what went wrong.
pub(super) fn complain(text: &str) {
    say(&format!("eidos: {text}\n"));
}

/// Says something beside the result.
pub(super) fn say(text: &str) {
    // Nothing is left to do when nobody reads this either.
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether colours help in results: only people see them, and only those who want to.
pub(super) fn colours() -> bool {
    shows_colours(&io::stdout())
}

/// Whether they help in errors.
pub(super) fn error_colours() -> bool {
    shows_colours(&io::stderr())
}

fn shows_colours(stream: &impl IsTerminal) -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    stream.is_terminal() && !refused
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
    line_from(&reading.text(), 0)
}

/// Two values on one line each, shortened so that what differs is seen.
pub(super) fn two_lines(before: &Reading, after: &Reading) -> (String, String) {
    let (before, after) = (before.text(), after.text());
    let same = before.chars().zip(after.chars());
    let same = same.take_while(|(left, right)| left == right).count();
    let start = if same < LONGEST {
        0
    } else {
        same.saturating_sub(LEADING)
    };
    (line_from(&before, start), line_from(&after, start))
}

/// How much of what is the same stands before what differs.
const LEADING: usize = 40;

fn line_from(text: &str, start: usize) -> String {
    let mut line = String::new();
    if start > 0 {
        line.push('…');
    }
    let mut rest = text.chars().skip(start);
    line.extend(rest.by_ref().take(LONGEST).map(|character| {
        if character.is_control() {
            ' '
        } else {
            character
        }
    }));
    if rest.next().is_some() {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::two_lines;

    #[test]
    fn what_differs_at_the_end_of_long_values_is_seen() {
        let long = "a ".repeat(200);
        let (before, after) = (format!("{long}old"), format!("{long}new and more"));
        let (old, new) = two_lines(&before.as_str().into(), &after.as_str().into());
        assert!(old.starts_with('…') && old.ends_with(" a old"), "{old}");
        assert!(
            new.starts_with('…') && new.ends_with(" a new and more"),
            "{new}"
        );
        let short = two_lines(&"x\ny".into(), &long.as_str().into());
        assert_eq!(short.0, "x y");
        assert!(
            short.1.starts_with("a a") && short.1.ends_with("a …"),
            "{}",
            short.1
        );
    }
}
