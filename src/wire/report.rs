//! Reports read back: what the service answered about snapshots.
//!
//! Names that are not known are passed over, so that a newer writer does not fail.

use std::sync::Arc;

use super::document::{choice, read};
use super::encode::Format;
use super::fault::{DocumentError, Fault, excerpt};
use super::fields::{each, one_of, required, texts};
use super::node::{Entry, Node, find};
use super::recipe::advisory;
use super::scalar::Scalar;
use crate::assess::{Finding, Outcome, RangeFinding, Verdict};
use crate::diff::Change;
use crate::model::{Comparison, Path, Reading, Selector, Severity, VersionPredicate};

/// Reads a `ValidationReport`: the verdict, and the notes beside it.
///
/// # Errors
/// Says what cannot be read, where it stands and what to do about it.
pub fn read_validation(
    bytes: &[u8],
    format: Format,
) -> Result<(Verdict, Vec<String>), DocumentError> {
    read(bytes, format, |root| {
        let entries = of_kind(root, "ValidationReport")?;
        let verdict = Verdict {
            findings: each(entries, "findings", finding)?,
            ranges: each(entries, "constraints", range)?,
            advisories: each(entries, "advisories", advisory)?,
        };
        Ok((verdict, texts(entries, "notes")?))
    })
}

/// Reads a `DriftReport`.
///
/// # Errors
/// Says what cannot be read, where it stands and what to do about it.
pub fn read_drift_report(bytes: &[u8], format: Format) -> Result<Vec<Change>, DocumentError> {
    read(bytes, format, |root| {
        each(of_kind(root, "DriftReport")?, "changes", change)
    })
}

fn of_kind<'n, 'a>(root: &'n Node<'a>, name: &'static str) -> Result<&'n [Entry<'a>], Fault> {
    let entries = root.map("the document")?;
    let kind = find(entries, "kind").ok_or_else(|| Fault::whole("`kind` is missing"))?;
    choice(kind, "kind", &[name])?;
    Ok(entries)
}

fn finding(node: &Node<'_>) -> Result<Finding, Fault> {
    let entries = node.map("a finding")?;
    let expected = reading(entries, "expected")?;
    let comparison = one_of(
        node,
        entries,
        "comparison",
        &Comparison::ALL,
        Comparison::name,
    )?;
    Ok(Finding {
        path: Arc::new(path(node, entries)?),
        outcome: one_of(node, entries, "result", &Outcome::ALL, Outcome::name)?,
        expected: Arc::new(expected.ok_or_else(|| missing(node, "expected"))?),
        found: reading(entries, "found")?,
        comparison,
        severity: one_of(node, entries, "severity", &Severity::ALL, Severity::name)?,
        measured: reading(entries, "measured")? != Some(Reading::Bool(false)),
    })
}

fn range(node: &Node<'_>) -> Result<RangeFinding, Fault> {
    let entries = node.map("a constraint")?;
    let text = required(node, entries, "path")?;
    let value = required(node, entries, "value")?;
    let wrong =
        |what: &str, given: &str| Fault::new(node.at, format!("{}: {what}", excerpt(given)));
    Ok(RangeFinding {
        path: Selector::parse(&text).ok_or_else(|| wrong("no path", &text))?,
        range: VersionPredicate::parse(&value)
            .map_err(|error| wrong(&error.to_string(), &value))?,
        outcome: one_of(node, entries, "result", &Outcome::ALL, Outcome::name)?,
        found: reading(entries, "found")?,
    })
}

fn change(node: &Node<'_>) -> Result<Change, Fault> {
    let entries = node.map("a change")?;
    Ok(Change {
        path: path(node, entries)?,
        baseline: reading(entries, "baseline")?,
        current: reading(entries, "current")?,
        severity: one_of(node, entries, "severity", &Severity::ALL, Severity::name)?,
    })
}

fn path(node: &Node<'_>, entries: &[Entry<'_>]) -> Result<Path, Fault> {
    let text = required(node, entries, "path")?;
    let wrong = || Fault::new(node.at, format!("{} is no path", excerpt(&text)));
    Path::parse(&text).ok_or_else(wrong)
}

fn reading(entries: &[Entry<'_>], name: &str) -> Result<Option<Reading>, Fault> {
    let field = find(entries, name).filter(|node| !node.is_null());
    let scalar = field.map(|node| node.scalar(|| format!("`{name}`")));
    Ok(scalar.transpose()?.map(Scalar::reading))
}

fn missing(node: &Node<'_>, name: &str) -> Fault {
    Fault::new(node.at, format!("`{name}` is missing"))
}
