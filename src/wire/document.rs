//! What a posted document is: a snapshot or the criteria of a query.
//!
//! What its names mean as parameters, the caller decides with a vocabulary.

use super::encode::Format;
use super::fault::{DocumentError, Fault, did_you_mean, excerpt};
use super::node::{Entry, Node, find};
use super::{criteria, json, snapshot, yaml};
use crate::model::Snapshot;

/// A document that stands for a query.
#[derive(Debug, Clone, PartialEq)]
pub enum Document {
    /// What was measured on a node.
    Snapshot(Snapshot),
    /// Parameters with their texts, both as given.
    Criteria(Vec<(String, String)>),
}

/// Reads a snapshot or the criteria of a query.
///
/// # Errors
/// Says what cannot be read, where it stands and what to do about it.
pub fn read_document(bytes: &[u8], format: Format) -> Result<Document, DocumentError> {
    read(bytes, format, document)
}

/// Reads a snapshot and nothing else.
///
/// # Errors
/// Says what cannot be read, where it stands and what to do about it.
pub fn read_snapshot(bytes: &[u8], format: Format) -> Result<Snapshot, DocumentError> {
    read(bytes, format, |root| snapshot_of(root, "the document"))
}

/// A snapshot that stands at a node of a document.
pub(super) fn snapshot_of(node: &Node<'_>, what: &str) -> Result<Snapshot, Fault> {
    let entries = node.map(what)?;
    match kind(entries)? {
        Kind::Snapshot => snapshot::read(entries),
        Kind::Criteria => {
            let message = format!("{what} is a `RecipeCriteria`, not a `Snapshot`");
            Err(Fault::new(node.at, message))
        }
    }
}

fn document(root: &Node<'_>) -> Result<Document, Fault> {
    let entries = root.map("the document")?;
    match kind(entries)? {
        Kind::Snapshot => snapshot::read(entries).map(Document::Snapshot),
        Kind::Criteria => criteria::read(entries).map(Document::Criteria),
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Snapshot,
    Criteria,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Snapshot, Self::Criteria];

    const fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "Snapshot",
            Self::Criteria => "RecipeCriteria",
        }
    }

    /// The versions that can be read, our own first; the successor project's
    /// documents have the same shape.
    const fn api_versions(self) -> [&'static str; 2] {
        match self {
            Self::Snapshot => [snapshot::API_VERSION, "aicr.nvidia.com/v1alpha1"],
            Self::Criteria => ["recipe.dgxc.io/v1", "aicr.nvidia.com/v1alpha1"],
        }
    }
}

fn kind(entries: &[Entry<'_>]) -> Result<Kind, Fault> {
    let Some(node) = find(entries, "kind") else {
        return Err(without_kind(entries));
    };
    let names = Kind::ALL.map(Kind::name);
    let given = choice(node, "kind", &names)?;
    let kind = Kind::ALL
        .into_iter()
        .find(|kind| kind.name() == given)
        .unwrap_or(Kind::Criteria);
    match find(entries, "apiVersion") {
        Some(node) => {
            choice(node, "apiVersion", &kind.api_versions())?;
        }
        None if matches!(kind, Kind::Snapshot) => {
            let hint = format!("add `apiVersion: {}`", snapshot::API_VERSION);
            return Err(Fault::whole("`apiVersion` is missing").hint(hint));
        }
        None => {}
    }
    Ok(kind)
}

/// One of a few texts, or an error with the nearest of them.
fn choice(node: &Node<'_>, name: &str, allowed: &[&'static str]) -> Result<&'static str, Fault> {
    let given = &*node.scalar(|| format!("`{name}`"))?.text;
    if let Some(chosen) = allowed.iter().find(|allowed| **allowed == given) {
        return Ok(chosen);
    }
    let list = allowed
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let fault = Fault::new(
        node.at,
        format!("{name} {} is not read; allowed are {list}", excerpt(given)),
    );
    Err(match did_you_mean(given, allowed.iter().copied()) {
        Some(hint) => fault.hint(hint),
        None => fault,
    })
}

fn without_kind(entries: &[Entry<'_>]) -> Fault {
    let fault = Fault::whole("`kind` is missing; allowed are `Snapshot`, `RecipeCriteria`");
    let has = |name| find(entries, name).is_some();
    if has("measurements") {
        return fault.hint("add `kind: Snapshot`");
    }
    if has("spec") {
        return fault.hint("add `kind: RecipeCriteria`");
    }
    match did_you_mean("kind", entries.iter().map(|entry| &*entry.name)) {
        Some(_) => fault.hint("names are case-sensitive: write `kind`"),
        None => fault.hint(
            "parameters stand under `spec`: {\"kind\":\"RecipeCriteria\",\"spec\":{\"os\":\"ubuntu\"}}",
        ),
    }
}

/// Bytes to a tree to a value, with errors that name line and column.
pub(super) fn read<T>(
    bytes: &[u8],
    format: Format,
    interpret: impl FnOnce(&Node<'_>) -> Result<T, Fault>,
) -> Result<T, DocumentError> {
    let text = utf8(bytes)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let interpreted = if text.trim().is_empty() {
        Err(Fault::whole("the document is empty"))
    } else {
        match format {
            Format::Json => json::parse(text),
            Format::Yaml => yaml::parse(text),
        }
        .and_then(|root| interpret(&root))
    };
    interpreted.map_err(|fault| fault.locate(text))
}

fn utf8(bytes: &[u8]) -> Result<&str, DocumentError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let before = bytes.get(..at).unwrap_or_default();
        Fault::new(
            at,
            format!("the document is not UTF-8: byte {at} is invalid"),
        )
        .hint("save or send it as UTF-8")
        .locate(std::str::from_utf8(before).unwrap_or_default())
    })
}

#[cfg(test)]
mod tests;
