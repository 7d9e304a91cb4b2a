//! What is wrong with a document that was sent, and where.
//!
//! How such an error is answered (status, envelope) is the edge's business.

use std::fmt;

/// Why a document cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DocumentError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// The line, counted from 1.
    pub line: Option<usize>,
    /// The column in characters, counted from 1.
    pub column: Option<usize>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for DocumentError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(formatter, " (line {line}, column {column})")?;
        }
        match &self.hint {
            Some(hint) => write!(formatter, "; hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// An error that still counts in bytes: whoever holds the text turns it into
/// a [`DocumentError`].
#[derive(Debug)]
pub(super) struct Fault {
    at: Option<usize>,
    message: String,
    hint: Option<String>,
}

impl Fault {
    pub(super) fn new(at: usize, message: impl Into<String>) -> Self {
        Self {
            at: Some(at),
            message: message.into(),
            hint: None,
        }
    }

    /// About the document as a whole.
    pub(super) fn whole(message: impl Into<String>) -> Self {
        Self {
            at: None,
            message: message.into(),
            hint: None,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(super) fn locate(self, text: &str) -> DocumentError {
        let before = self.at.and_then(|at| text.get(..at));
        let line = before.map(|before| before.matches('\n').count() + 1);
        let column = before.map(|before| {
            before
                .rsplit('\n')
                .next()
                .map_or(0, |line| line.chars().count())
                + 1
        });
        DocumentError {
            message: self.message,
            line,
            column,
            hint: self.hint,
        }
    }
}

/// The most characters of a sender's text that an error repeats.
const EXCERPT_LIMIT: usize = 60;

/// A sender's text in backticks.
pub(super) fn excerpt(text: &str) -> String {
    format!("`{}`", shorten(text))
}

/// A text shortened and free of control characters, so that an error can be
/// logged and shown as it is.
pub(super) fn shorten(text: &str) -> String {
    let printable = |character: char| {
        if character.is_control() {
            '\u{fffd}'
        } else {
            character
        }
    };
    let mut shown: String = text.chars().take(EXCERPT_LIMIT).map(printable).collect();
    if text.chars().nth(EXCERPT_LIMIT).is_some() {
        shown.push('…');
    }
    shown
}

/// "did you mean …" for a misspelt name.
pub(super) fn did_you_mean<'c>(
    given: &str,
    candidates: impl IntoIterator<Item = &'c str>,
) -> Option<String> {
    crate::model::nearest(given, candidates).map(|nearest| format!("did you mean `{nearest}`?"))
}

#[cfg(test)]
mod tests {
    use super::{Fault, excerpt};

    #[test]
    fn a_place_is_counted_in_lines_and_characters() {
        let error = Fault::new("a: 1\nöä: ".len(), "x")
            .hint("y")
            .locate("a: 1\nöä: [");
        assert_eq!((error.line, error.column), (Some(2), Some(5)));
        assert_eq!(error.to_string(), "x (line 2, column 5); hint: y");
    }

    #[test]
    fn little_of_the_input_is_repeated() {
        assert_eq!(excerpt("a\u{1b}[0m\n"), "`a\u{fffd}[0m\u{fffd}`");
        assert!(excerpt(&"ü".repeat(1000)).chars().count() <= 63);
    }
}
