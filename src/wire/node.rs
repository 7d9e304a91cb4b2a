//! A document as read: scalars, lists and maps that remember how a value was
//! written and where it stood.
//!
//! JSON and YAML both become this tree, so that every rule about documents is
//! written once. What the names in it mean is decided by the modules beside it.

use std::borrow::Cow;

use super::fault::{Fault, excerpt};
use super::scalar::Scalar;

/// The deepest nesting; real documents reach 7.
pub(super) const DEPTH_LIMIT: usize = 32;

/// The most values in one document: 4 MiB of readings of 17 bytes each. Real
/// snapshots hold 1,800.
pub(super) const NODE_LIMIT: usize = 250_000;

/// One value and the byte at which it starts.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) at: usize,
    pub(super) value: Value<'a>,
}

#[derive(Debug)]
pub(super) enum Value<'a> {
    Scalar(Scalar<'a>),
    List(Vec<Node<'a>>),
    Map(Vec<Entry<'a>>),
}

/// One name in a map with its value.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) at: usize,
    pub(super) name: Cow<'a, str>,
    pub(super) value: Node<'a>,
}

impl<'a> Node<'a> {
    /// Whether nothing is said here.
    pub(super) fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.is_null())
    }

    /// The entries, or an error that says what should have been a map.
    pub(super) fn map(&self, what: &str) -> Result<&[Entry<'a>], Fault> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            other => Err(Fault::new(
                self.at,
                format!("{what} must be a map, not {}", other.noun()),
            )),
        }
    }

    /// The items, or an error that says what should have been a list.
    pub(super) fn list(&self, what: &str) -> Result<&[Node<'a>], Fault> {
        match &self.value {
            Value::List(items) => Ok(items),
            other => Err(Fault::new(
                self.at,
                format!("{what} must be a list, not {}", other.noun()),
            )),
        }
    }

    /// The scalar, or an error that says what should have been one. Null is
    /// none: it would have to mean "absent", and absent is written by absence.
    pub(super) fn scalar(&self, what: impl FnOnce() -> String) -> Result<&Scalar<'a>, Fault> {
        match &self.value {
            Value::Scalar(scalar) if !scalar.is_null() => Ok(scalar),
            other => Err(Fault::new(
                self.at,
                format!(
                    "{} must be a text, number or boolean, not {}",
                    what(),
                    other.noun()
                ),
            )),
        }
    }
}

impl Value<'_> {
    fn noun(&self) -> &'static str {
        match self {
            Self::Scalar(scalar) if scalar.is_null() => "null",
            Self::Scalar(_) => "a single value",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }
}

/// The value called `name`.
pub(super) fn find<'n, 'a>(entries: &'n [Entry<'a>], name: &str) -> Option<&'n Node<'a>> {
    entries
        .iter()
        .find(|entry| entry.name == name)
        .map(|entry| &entry.value)
}

/// Refuses a name given twice: readers disagree on which one counts.
pub(super) fn refuse_duplicates(entries: &[Entry<'_>]) -> Result<(), Fault> {
    // As most writers write them.
    if entries.is_sorted_by(|left, right| left.name < right.name) {
        return Ok(());
    }
    let mut sorted: Vec<&Entry<'_>> = entries.iter().collect();
    // Stable, so that of two equal names the later one is reported.
    sorted.sort_by(|left, right| left.name.cmp(&right.name));
    match sorted
        .windows(2)
        .find(|pair| matches!(pair, [a, b] if a.name == b.name))
    {
        Some([_, second]) => {
            let message = format!("{} is given twice", excerpt(&second.name));
            Err(Fault::new(second.at, message))
        }
        _ => Ok(()),
    }
}

/// Counts values against [`NODE_LIMIT`].
#[derive(Debug, Default)]
pub(super) struct Budget(usize);

impl Budget {
    pub(super) fn spend(&mut self, at: usize) -> Result<(), Fault> {
        self.0 += 1;
        if self.0 > NODE_LIMIT {
            return Err(Fault::new(
                at,
                format!("the document has more than {NODE_LIMIT} values"),
            ));
        }
        Ok(())
    }
}

/// The error for a value nested too deeply.
pub(super) fn too_deep(at: usize) -> Fault {
    Fault::new(
        at,
        format!("the document is nested more than {DEPTH_LIMIT} levels deep"),
    )
}
