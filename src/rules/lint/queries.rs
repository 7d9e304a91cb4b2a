//! What only answers show, over every query.

use std::collections::BTreeMap;

use crate::model::{CoverageLevel, EnumParameter, Parameter, Query, Reading};
use crate::rules::advisory::{Facts, Subject};
use crate::rules::base::RuleBase;
use crate::rules::classes::{Choice, QueryClass, choices};
use crate::rules::describe::describe;
use crate::rules::diagnostic::{Diagnostic, DiagnosticSeverity, Location};

use super::finding;

/// What only an answer shows. Version parameters are left open: what a query
/// says about versions is the asker's, not the author's.
pub(super) fn over_queries(rules: &RuleBase, found: &mut Vec<Diagnostic>) {
    let mut uncovered: Vec<QueryClass> = Vec::new();
    let mut violated: BTreeMap<usize, (Violation, Vec<QueryClass>)> = BTreeMap::new();
    for values in choices(&[rules]) {
        let class = QueryClass {
            values,
            versions: [None; 3],
        };
        let Some(query) = class.query(&rules.vocabulary) else {
            continue;
        };
        if is_cell(&class.values) && rules.recipe(&query).coverage.level == CoverageLevel::Base {
            uncovered.push(class.clone());
        }
        for (position, violation) in violations(rules, &query) {
            let (_, classes) = violated.entry(position).or_insert((violation, Vec::new()));
            classes.push(class.clone());
        }
    }
    let base = rules.layers.first();
    if let Some(base) = base.filter(|_| !uncovered.is_empty()) {
        let message = format!(
            "{} combinations of service, gpu, os and intent are covered by nothing specific: {}",
            uncovered.len(),
            shown(rules, &uncovered)
        );
        let hint = "add overlays with sources, or rows to the coverage that say what holds";
        found.push(finding(
            DiagnosticSeverity::Note,
            "uncovered",
            &base.location,
            message,
            hint,
        ));
    }
    for (position, (violation, classes)) in violated {
        let Some(rule) = rules.advisories.get(position) else {
            continue;
        };
        // The recipe carries the advisory, so nobody is misled: a note.
        let message = format!(
            "{}, which {} warns of, for {}",
            violation.what,
            rule.advisory.id,
            shown(rules, &classes)
        );
        let hint = "change one of the pins, or narrow the key of the layer that sets it";
        found.push(finding(
            DiagnosticSeverity::Note,
            "violated-range",
            &violation.location,
            message,
            hint,
        ));
    }
}

/// A recommended value outside a range that an advisory knows.
struct Violation {
    what: String,
    /// Where the value is set.
    location: Location,
}

fn is_cell(values: &[Choice; 4]) -> bool {
    values.iter().all(Option::is_some)
}

/// Compatibility ranges that the recommended values themselves leave, by the
/// position of the advisory.
fn violations(rules: &RuleBase, query: &Query) -> Vec<(usize, Violation)> {
    let recipe = rules.recipe(query);
    let mut values: Vec<(u32, &Reading)> = Vec::with_capacity(recipe.settings.len());
    for setting in &recipe.settings {
        if let Ok(slot) = rules.paths.binary_search(&setting.path) {
            values.push((u32::try_from(slot).unwrap_or(u32::MAX), &setting.value));
        }
    }
    let facts = Facts {
        query,
        vocabulary: &rules.vocabulary,
        values: &values,
    };
    let text = |subject: &Subject| match subject {
        Subject::Value(slot) => values
            .iter()
            .find(|(found, _)| found == slot)
            .map(|(_, reading)| reading.text().into_owned()),
        Subject::Parameter(_) => None,
    };
    let mut found = Vec::new();
    for (position, rule) in rules.advisories.iter().enumerate() {
        if rule.requires.is_empty() || !rule.applies(&facts) {
            continue;
        }
        let broken = rule.requires.iter().find_map(|clause| {
            let value = text(&clause.subject)?;
            (!clause.condition.accepts(&value)).then_some((clause, value))
        });
        let Some((clause, value)) = broken else {
            continue;
        };
        let pins: Vec<String> = rule
            .when
            .iter()
            .filter_map(|when| Some(format!("{} {}", when.name, text(&when.subject)?)))
            .collect();
        let beside = match pins.join(", ") {
            pins if pins.is_empty() => pins,
            pins => format!(" beside {pins}"),
        };
        let what = format!(
            "{} {value}{beside} is outside {}",
            clause.name, clause.condition
        );
        if let Some(location) = set_at(rules, query, &clause.subject) {
            found.push((position, Violation { what, location }));
        }
    }
    found
}

/// Where the value of a subject is set for a query.
fn set_at(rules: &RuleBase, query: &Query, subject: &Subject) -> Option<Location> {
    let Subject::Value(slot) = subject else {
        return None;
    };
    rules.applied(query).into_iter().rev().find_map(|layer| {
        let entry = layer.entries.iter().find(|entry| entry.slot == *slot)?;
        let mut location = layer.location.clone();
        location.at.line = entry.line;
        Some(location)
    })
}

/// The most boxes of queries that one finding shows.
const SHOWN: usize = 6;

fn shown(rules: &RuleBase, classes: &[QueryClass]) -> String {
    let boxes = describe(classes, &[&rules.vocabulary]);
    let mut texts: Vec<String> = boxes
        .iter()
        .take(SHOWN)
        .map(|scopes| {
            let said: Vec<String> = Parameter::ALL
                .into_iter()
                .zip(scopes)
                .filter(|(parameter, _)| {
                    EnumParameter::ALL
                        .into_iter()
                        .any(|choice| choice.parameter() == *parameter)
                })
                .filter_map(|(parameter, scope)| Some(format!("{parameter}={}", scope.text()?)))
                .collect();
            if said.is_empty() {
                "every query".to_owned()
            } else {
                said.join(" ")
            }
        })
        .collect();
    if boxes.len() > SHOWN {
        texts.push(format!("and {} more", boxes.len() - SHOWN));
    }
    texts.join("; ")
}
