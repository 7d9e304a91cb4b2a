//! Fields of a document by name: texts, lists, and one of several words.
//!
//! Names that nobody asks for are passed over; what a field means is left to the
//! reader of the document.

use super::document::choice;
use super::fault::Fault;
use super::node::{Entry, Node, find};

/// A text that has to be there.
pub(super) fn required(
    node: &Node<'_>,
    entries: &[Entry<'_>],
    name: &str,
) -> Result<String, Fault> {
    match text(entries, name)? {
        given if given.is_empty() => Err(Fault::new(node.at, format!("`{name}` is missing"))),
        given => Ok(given),
    }
}

/// A text, empty where there is none.
pub(super) fn text(entries: &[Entry<'_>], name: &str) -> Result<String, Fault> {
    match find(entries, name).filter(|node| !node.is_null()) {
        Some(node) => Ok(node.scalar(|| format!("`{name}`"))?.text.to_string()),
        None => Ok(String::new()),
    }
}

pub(super) fn texts<T: for<'t> From<&'t str>>(
    entries: &[Entry<'_>],
    name: &str,
) -> Result<Vec<T>, Fault> {
    each(entries, name, |node| {
        Ok(T::from(
            &node.scalar(|| format!("an item of `{name}`"))?.text,
        ))
    })
}

pub(super) fn each<T>(
    entries: &[Entry<'_>],
    name: &str,
    read: impl Fn(&Node<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    match find(entries, name).filter(|node| !node.is_null()) {
        Some(node) => node.list(&format!("`{name}`"))?.iter().map(read).collect(),
        None => Ok(Vec::new()),
    }
}

/// One of the words that a list of things has.
pub(super) fn one_of<T: Copy, const N: usize>(
    node: &Node<'_>,
    entries: &[Entry<'_>],
    name: &str,
    all: &[T; N],
    word: impl Fn(T) -> &'static str,
) -> Result<T, Fault> {
    let missing = || Fault::new(node.at, format!("`{name}` is missing"));
    let field = find(entries, name).ok_or_else(missing)?;
    let chosen = choice(field, name, &all.map(&word))?;
    let found = all.iter().find(|one| word(**one) == chosen);
    found.copied().ok_or_else(missing)
}
