//! Reading mappings, lists and scalars out of a tree, every surprise reported.
//!
//! Reading goes on after a surprise, so that one pass finds them all.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{Reading, nearest};

use crate::rules::diagnostic::{Location, Position, Report};
use crate::rules::source::{Body, Node};

/// A text and where it stands.
#[derive(Debug, Clone)]
pub(in crate::rules) struct Spanned {
    pub(in crate::rules) text: String,
    pub(in crate::rules) at: Position,
}

/// Something could not be read, and the report says why.
pub(in crate::rules) struct Reported;

/// The file being read and what was found wrong so far.
pub(in crate::rules) struct Context<'r> {
    pub(in crate::rules) file: Arc<str>,
    pub(in crate::rules) report: &'r mut Report,
}

impl Context<'_> {
    pub(in crate::rules) fn at(&self, at: Position) -> Location {
        Location {
            file: Arc::clone(&self.file),
            at,
        }
    }

    fn wrong_shape(&mut self, node: &Node<'_>, what: &str, expected: &str) {
        let message = format!("{what} is {}, not {expected}", node.body.kind());
        self.report.error(self.at(node.at), "shape", message);
    }

    /// The entries of a mapping with distinct scalar keys, in file order.
    pub(in crate::rules) fn entries<'n, 't>(
        &mut self,
        node: &'n Node<'t>,
        what: &str,
    ) -> Vec<(&'n str, Position, &'n Node<'t>)> {
        let Body::Mapping(entries) = &node.body else {
            self.wrong_shape(node, what, "a mapping");
            return Vec::new();
        };
        let mut seen = HashSet::new();
        let mut kept = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let Body::Scalar { text, .. } = &key.body else {
                self.wrong_shape(key, &format!("a key in {what}"), "a scalar");
                continue;
            };
            if seen.insert(&**text) {
                kept.push((&**text, key.at, value));
            } else {
                let message = format!("`{text}` stands twice in {what}");
                self.report.error(self.at(key.at), "duplicate-key", message);
            }
        }
        kept
    }

    /// As [`Context::entries`], with unknown keys reported and left out.
    pub(in crate::rules) fn known_entries<'n, 't>(
        &mut self,
        node: &'n Node<'t>,
        what: &str,
        allowed: &[&str],
    ) -> Vec<(&'n str, Position, &'n Node<'t>)> {
        let mut entries = self.entries(node, what);
        entries.retain(|(key, at, _)| {
            let known = allowed.contains(key);
            if !known {
                let hint = match nearest(key, allowed.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("allowed are {}", allowed.join(", ")),
                };
                let message = format!("`{key}` is no key of {what}");
                self.report
                    .error_with_hint(self.at(*at), "unknown-key", message, hint);
            }
            known
        });
        entries
    }

    /// The items of a list.
    pub(in crate::rules) fn items<'n, 't>(
        &mut self,
        node: &'n Node<'t>,
        what: &str,
    ) -> &'n [Node<'t>] {
        if let Body::Sequence(items) = &node.body {
            return items;
        }
        self.wrong_shape(node, what, "a list");
        &[]
    }

    /// The text of a scalar.
    pub(in crate::rules) fn text(&mut self, node: &Node<'_>, what: &str) -> Option<Spanned> {
        if let Body::Scalar { text, .. } = &node.body {
            return Some(Spanned {
                text: text.to_string(),
                at: node.at,
            });
        }
        self.wrong_shape(node, what, "a scalar");
        None
    }

    /// A text that says something.
    pub(in crate::rules) fn filled_text(&mut self, node: &Node<'_>, what: &str) -> Option<Spanned> {
        let text = self.text(node, what)?;
        if text.text.trim().is_empty() {
            self.report
                .error(self.at(node.at), "shape", format!("{what} is empty"));
            return None;
        }
        Some(text)
    }

    /// One text or a list of texts.
    pub(in crate::rules) fn texts(&mut self, node: &Node<'_>, what: &str) -> Vec<Spanned> {
        match &node.body {
            Body::Sequence(items) => items
                .iter()
                .filter_map(|item| self.filled_text(item, what))
                .collect(),
            _ => self.filled_text(node, what).into_iter().collect(),
        }
    }

    /// A reading; `None` for a null, which removes a key.
    pub(in crate::rules) fn reading(
        &mut self,
        node: &Node<'_>,
        what: &str,
    ) -> Result<Option<Reading>, Reported> {
        match &node.body {
            Body::Scalar { text, plain: false } => Ok(Some(Reading::from(&**text))),
            Body::Scalar { text, plain: true } => Ok(plain_reading(text)),
            _ => {
                self.wrong_shape(node, what, "a scalar");
                Err(Reported)
            }
        }
    }
}

/// What an unquoted scalar means. Only canonical spellings count as numbers:
/// `007`, `1_000` and `1.30` are texts, as an author of versions expects.
fn plain_reading(text: &str) -> Option<Reading> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return None,
        "true" => return Some(Reading::Bool(true)),
        "false" => return Some(Reading::Bool(false)),
        _ => {}
    }
    let integer = text
        .parse::<i128>()
        .ok()
        .filter(|number| (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(number))
        .filter(|number| number.to_string() == text);
    Some(integer.map_or_else(|| Reading::from(text), Reading::Integer))
}
