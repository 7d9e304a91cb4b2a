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
mod diagnostic;
mod explain;
mod impact;
mod index;
mod key;
mod resolve;
mod source;
mod space;
#[cfg(test)]
mod tests;

pub use base::{AdvisorySummary, OverlaySummary, RuleBase};
pub use classes::{Scope, Scopes};
pub use compile::{Compiled, compile};
pub use diagnostic::{Diagnostic, DiagnosticSeverity, Position};
pub use impact::{Change, ValueChange, impact};
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
