//! The rule engine: named texts to a compiled rule base with all diagnostics at
//! once, and from a query to a recipe with its trace.
//!
//! Pure: no files, no clock, no caches, no HTTP. The same texts and the same
//! query give the same recipe on every machine.

mod advisory;
mod analyse;
mod base;
mod check;
mod classes;
mod compile;
mod coverage;
mod describe;
mod diagnostic;
mod expectation;
mod explain;
mod impact;
mod index;
mod key;
mod lint;
mod resolve;
mod source;
mod space;
#[cfg(test)]
mod tests;

pub use base::{AdvisorySummary, OverlaySummary, RuleBase};
pub use compile::{Compiled, compile, profile};
pub use describe::{Scope, Scopes};
pub use diagnostic::{Diagnostic, DiagnosticSeverity, Position};
pub use expectation::{Expectation, Mismatch};
pub use impact::{Change, ValueChange, impact};
pub use lint::lint;
pub use source::RuleFile;

/// A publication that values cite.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceInfo {
    /// What it is called.
    pub title: String,
    /// Where it is to be found.
    pub location: String,
    /// Its date or revision.
    pub date: Option<String>,
}
