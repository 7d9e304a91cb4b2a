//! What is wrong with a rule file, as data: where, what, and what to do.
//!
//! Left to others: how it is printed (edges) and what it means for a process.

use std::fmt;
use std::sync::Arc;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DiagnosticSeverity {
    /// The rule base is refused.
    Error,
    /// The rule base is served, but somebody should look.
    Warning,
    /// Good to know.
    Note,
}

impl DiagnosticSeverity {
    /// The word in front of a message.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A place in a file, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column, in characters.
    pub column: u32,
}

/// One finding about one place in one rule file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: DiagnosticSeverity,
    /// A stable short name for the kind of finding, such as `duplicate-key`.
    pub code: &'static str,
    /// What is wrong, with the author's words in backticks.
    pub message: String,
    /// The file, relative to the rule base.
    pub file: Arc<str>,
    /// Where in the file.
    pub at: Position,
    /// What to do about it.
    pub hint: Option<String>,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}:{}:{}: {}[{}]: {}",
            self.file,
            self.at.line,
            self.at.column,
            self.severity.name(),
            self.code,
            self.message
        )?;
        match &self.hint {
            Some(hint) => write!(formatter, "\n  hint: {hint}"),
            None => Ok(()),
        }
    }
}

/// Collects diagnostics of one pass over all files.
#[derive(Debug, Default)]
pub(super) struct Report {
    found: Vec<Diagnostic>,
}

/// A place in a named file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Location {
    pub(super) file: Arc<str>,
    pub(super) at: Position,
}

impl fmt::Display for Location {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.file, self.at.line)
    }
}

impl Report {
    pub(super) fn error(
        &mut self,
        location: Location,
        code: &'static str,
        message: impl Into<String>,
    ) {
        self.push(
            DiagnosticSeverity::Error,
            location,
            code,
            message.into(),
            None,
        );
    }

    pub(super) fn error_with_hint(
        &mut self,
        location: Location,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(
            DiagnosticSeverity::Error,
            location,
            code,
            message.into(),
            Some(hint.into()),
        );
    }

    pub(super) fn warning(
        &mut self,
        location: Location,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) {
        self.push(
            DiagnosticSeverity::Warning,
            location,
            code,
            message.into(),
            Some(hint.into()),
        );
    }

    fn push(
        &mut self,
        severity: DiagnosticSeverity,
        location: Location,
        code: &'static str,
        message: String,
        hint: Option<String>,
    ) {
        let Location { file, at } = location;
        self.found.push(Diagnostic {
            severity,
            code,
            message,
            file,
            at,
            hint,
        });
    }

    /// Everything found, by file and place; `Err` when a file was refused.
    pub(super) fn finish(mut self) -> Result<Vec<Diagnostic>, Vec<Diagnostic>> {
        self.found
            .sort_by(|left, right| (&left.file, left.at).cmp(&(&right.file, right.at)));
        let refused = self
            .found
            .iter()
            .any(|diagnostic| diagnostic.severity == DiagnosticSeverity::Error);
        if refused {
            Err(self.found)
        } else {
            Ok(self.found)
        }
    }
}
