//! Combinations of the environment that nobody covers.

use crate::model::{CoverageLevel, EnumParameter, Parameter};
use crate::rules::base::RuleBase;
use crate::rules::classes::{QueryClass, choices};
use crate::rules::describe::describe;
use crate::rules::diagnostic::{Diagnostic, DiagnosticSeverity};

use super::finding;

/// Cells of the grid that get the base alone. Versions are left open: coverage is
/// not about them.
pub(super) fn uncovered(rules: &RuleBase, found: &mut Vec<Diagnostic>) {
    let cells = choices(&[rules])
        .into_iter()
        .filter(|values| values.iter().all(Option::is_some))
        .map(|values| QueryClass {
            values,
            versions: [None; 3],
        });
    let uncovered: Vec<QueryClass> = cells
        .filter(|cell| {
            cell.query(&rules.vocabulary)
                .is_some_and(|query| rules.recipe(&query).coverage.level == CoverageLevel::Base)
        })
        .collect();
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
