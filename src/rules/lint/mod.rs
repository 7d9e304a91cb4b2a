//! What an author should look at although the rule base compiles: pins that are
//! not pinned, choices without a default, values that no recipe shows, ranges
//! that the rules' own values leave, cells that nobody covers.
//!
//! Decided over regions and classes of queries, so that it holds for every query.

mod effects;
mod layers;
mod ranges;
mod setters;
mod uncovered;

use crate::model::Path;

use super::base::RuleBase;
use super::diagnostic::{Diagnostic, DiagnosticSeverity, Location};

/// Looks at a compiled rule base; findings by file and place. `read` says which
/// paths a bundle reads.
#[must_use]
pub fn lint(rules: &RuleBase, read: impl Fn(&Path) -> bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    layers::unread(rules, read, &mut found);
    layers::moving_tags(rules, &mut found);
    layers::unpullable_tags(rules, &mut found);
    layers::loosened(rules, &mut found);
    layers::twins(rules, &mut found);
    layers::missing_defaults(rules, &mut found);
    let setters = setters::setters(rules);
    effects::without_effect(rules, &setters, &mut found);
    ranges::violated(rules, &setters, &mut found);
    uncovered::uncovered(rules, &mut found);
    found.sort_by(|left, right| (&left.file, left.at).cmp(&(&right.file, right.at)));
    found
}

fn finding(
    severity: DiagnosticSeverity,
    code: &'static str,
    location: &Location,
    message: String,
    hint: &str,
) -> Diagnostic {
    Diagnostic {
        severity,
        code,
        message,
        file: location.file.clone(),
        at: location.at,
        hint: Some(hint.to_owned()),
    }
}
