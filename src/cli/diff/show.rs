//! Differences for people, pull requests and annotations.

use std::fmt::Write;

use crate::cli::github::{annotation, cell, code};
use crate::cli::output::{one_line, two_lines};
use crate::diff::Change;
use crate::model::Severity;

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
            let (before, after) = shown(change);
            if let Some(before) = before {
                let mark = if after.is_none() { mark } else { "" };
                text.push_str(&paint(RED, &format!("-{key}: {before}{mark}")));
            }
            if let Some(after) = after {
                text.push_str(&paint(GREEN, &format!("+{key}: {after}{mark}")));
            }
        }
    }
    text.push_str(&summary(changes));
    text.push('\n');
    text
}

/// Both values of a change, as far as they are there.
fn shown(change: &Change) -> (Option<String>, Option<String>) {
    match (&change.baseline, &change.current) {
        (Some(before), Some(after)) => {
            let (before, after) = two_lines(before, after);
            (Some(before), Some(after))
        }
        (before, after) => (before.as_ref().map(one_line), after.as_ref().map(one_line)),
    }
}

/// Both values of a change in words.
fn told(change: &Change) -> (String, String) {
    let none = || "(none)".to_owned();
    let (before, after) = shown(change);
    (before.unwrap_or_else(none), after.unwrap_or_else(none))
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
    let (minor, mut major): (Vec<&Change>, Vec<&Change>) = changes
        .iter()
        .partition(|change| change.severity == Severity::Info);
    major.sort_by_key(|change| std::cmp::Reverse(change.severity));
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
    for change in changes {
        let (before, after) = told(change);
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            change.severity.name(),
            code(&change.path.to_string()),
            cell(&before),
            cell(&after),
        );
    }
}

/// One annotation a difference; the worst first, because GitHub shows ten of a
/// kind.
pub(super) fn annotations(changes: &[Change], name: &str) -> String {
    let mut sorted: Vec<&Change> = changes.iter().collect();
    sorted.sort_by_key(|change| std::cmp::Reverse(change.severity));
    let line = |change: &&Change| {
        let (before, after) = told(change);
        let message = format!("{}: {before} → {after}", change.path);
        annotation(
            change.severity,
            &format!("Configuration drift in {name}"),
            &message,
        )
    };
    sorted.iter().map(line).collect()
}
