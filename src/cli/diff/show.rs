//! Differences for people, pull requests and annotations.

use std::fmt::Write;

use crate::cli::github::{annotation, cell};
use crate::cli::output::one_line;
use crate::diff::Change;
use crate::model::{Reading, Severity};

const RED: &str = "\u{1b}[31m";
const GREEN: &str = "\u{1b}[32m";
const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// Like a diff: one block a subtype, `-` before and `+` after.
pub(super) fn text(changes: &[Change], names: &(String, String), colours: bool) -> String {
    let paint = |colour, line: &str| {
        if colours {
            format!("{colour}{line}{PLAIN}\n")
        } else {
            format!("{line}\n")
        }
    };
    if changes.is_empty() {
        return String::new();
    }
    let mut text = paint(BOLD, &format!("--- {}", names.0));
    text.push_str(&paint(BOLD, &format!("+++ {}", names.1)));
    let same = |left: &Change, right: &Change| {
        left.path.kind == right.path.kind && left.path.subtype == right.path.subtype
    };
    for block in changes.chunk_by(same) {
        if let Some(Change { path, .. }) = block.first() {
            text.push_str(&paint(
                BOLD,
                &format!("@@ {}.{} @@", path.kind, path.subtype),
            ));
        }
        for change in block {
            let key = &change.path.key;
            let mark = match change.severity {
                Severity::Error => "  # error",
                Severity::Warning => "",
                Severity::Info => "  # info",
            };
            if let Some(before) = &change.baseline {
                let mark = if change.current.is_none() { mark } else { "" };
                text.push_str(&paint(RED, &format!("-{key}: {}{mark}", one_line(before))));
            }
            if let Some(after) = &change.current {
                text.push_str(&paint(GREEN, &format!("+{key}: {}{mark}", one_line(after))));
            }
        }
    }
    text.push_str(&summary(changes));
    text.push('\n');
    text
}

/// How many, and how bad.
pub(super) fn summary(changes: &[Change]) -> String {
    let count = |severity| {
        changes
            .iter()
            .filter(|change| change.severity == severity)
            .count()
    };
    let noun = if changes.len() == 1 {
        "difference"
    } else {
        "differences"
    };
    format!(
        "{} {noun}: {} error, {} warning, {} info",
        changes.len(),
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Info),
    )
}

/// A heading, the differences that matter as a table, the rest folded away.
pub(super) fn markdown(changes: &[Change], names: &(String, String)) -> String {
    let mut text = format!("### Drift: {} → {}\n\n", cell(&names.0), cell(&names.1));
    if changes.is_empty() {
        text.push_str("No differences.\n");
        return text;
    }
    let _ = writeln!(text, "{}\n", summary(changes));
    let (minor, major): (Vec<&Change>, Vec<&Change>) = changes
        .iter()
        .partition(|change| change.severity == Severity::Info);
    if !major.is_empty() {
        table(&mut text, &major);
    }
    if !minor.is_empty() {
        let _ = writeln!(
            text,
            "\n<details><summary>{} of severity info</summary>\n",
            minor.len()
        );
        table(&mut text, &minor);
        text.push_str("\n</details>\n");
    }
    text
}

fn table(text: &mut String, changes: &[&Change]) {
    text.push_str("| severity | path | baseline | current |\n|---|---|---|---|\n");
    let shown = |reading: &Option<Reading>| {
        reading
            .as_ref()
            .map_or_else(|| "(none)".to_owned(), one_line)
    };
    for change in changes {
        let _ = writeln!(
            text,
            "| {} | `{}` | {} | {} |",
            change.severity.name(),
            cell(&change.path.to_string()),
            cell(&shown(&change.baseline)),
            cell(&shown(&change.current)),
        );
    }
}

/// One annotation a difference; the worst first, because GitHub shows ten of a
/// kind.
pub(super) fn annotations(changes: &[Change], name: &str) -> String {
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by_key(|change| std::cmp::Reverse(change.severity));
    let line = |change: &&Change| {
        let shown = |reading: &Option<Reading>| {
            reading
                .as_ref()
                .map_or_else(|| "(none)".to_owned(), one_line)
        };
        let message = format!(
            "{}: {} → {}",
            change.path,
            shown(&change.baseline),
            shown(&change.current)
        );
        annotation(
            change.severity,
            &format!("Configuration drift in {name}"),
            &message,
        )
    };
    sorted.iter().map(line).collect()
}
