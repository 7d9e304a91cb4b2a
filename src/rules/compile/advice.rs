//! Advisories and coverage rows: what their names refer to.

use std::sync::Arc;

use crate::model::{Advisory, Condition, Parameter, ParameterKind, Path, Selector, nearest};
use crate::rules::advisory::{AdvisoryRule, Clause, Subject};
use crate::rules::check::{AdvisoryDraft, CoverageDraft, Spanned};
use crate::rules::coverage::Row;
use crate::rules::diagnostic::Location;

use super::names::{Compiler, place};

impl Compiler {
    pub(super) fn advisory(
        &mut self,
        draft: AdvisoryDraft,
        paths: &[Path],
    ) -> Option<AdvisoryRule> {
        let sources = self.cited(&draft.location, &draft.sources);
        let when = self.clauses(&draft.location, &draft.when, paths);
        let requires = self.clauses(&draft.location, &draft.requires, paths);
        Some(AdvisoryRule {
            when: when?,
            requires: requires?,
            advisory: Arc::new(Advisory {
                id: draft.id,
                severity: draft.severity,
                message: draft.message,
                remedy: draft.remedy,
                source: sources.join(", "),
            }),
        })
    }

    /// `None` when a clause was refused: without it the advisory would be given
    /// too often.
    fn clauses(
        &mut self,
        location: &Location,
        pairs: &[(Spanned, Spanned)],
        paths: &[Path],
    ) -> Option<Vec<Clause>> {
        let clauses: Vec<Option<Clause>> = pairs
            .iter()
            .map(|pair| self.clause(location, pair, paths))
            .collect();
        clauses.into_iter().collect()
    }

    fn clause(
        &mut self,
        location: &Location,
        (name, text): &(Spanned, Spanned),
        paths: &[Path],
    ) -> Option<Clause> {
        let condition = match Condition::parse(&text.text) {
            Ok(condition) => condition,
            Err(error) => {
                let hint = "write a text, a version range, or several joined by `||`";
                let location = place(location, text);
                self.report
                    .error_with_hint(location, "bad-predicate", error.to_string(), hint);
                return None;
            }
        };
        let subject = match Selector::parse(&name.text) {
            Some(selector) => Subject::Value(self.slot(location, name, &selector, paths)?),
            None => {
                let parameter = self.parameter(location, name)?;
                self.check_values(location, parameter, &condition, text)?;
                Subject::Parameter(parameter)
            }
        };
        Some(Clause {
            subject,
            name: name.text.as_str().into(),
            condition,
        })
    }

    fn slot(
        &mut self,
        location: &Location,
        name: &Spanned,
        selector: &Selector,
        paths: &[Path],
    ) -> Option<u32> {
        let position = paths.iter().position(|path| selector.matches(path));
        if position.is_none() {
            let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
            let hint = match nearest(&name.text, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "the condition could never hold".to_owned(),
            };
            let message = format!("no layer sets `{}`", name.text);
            self.report
                .warning(place(location, name), "unknown-path", message, hint);
        }
        position.and_then(|position| u32::try_from(position).ok())
    }

    fn check_values(
        &mut self,
        location: &Location,
        parameter: Parameter,
        condition: &Condition,
        text: &Spanned,
    ) -> Option<()> {
        let ParameterKind::Enum(choice) = parameter.kind() else {
            return Some(());
        };
        for value in condition.texts() {
            let spanned = Spanned {
                text: value.to_owned(),
                at: text.at,
            };
            self.value(location, choice, &spanned)?;
        }
        Some(())
    }

    /// A row of the grid. Values that nothing is known of are reported and left
    /// out; `None` when a whole parameter of the cell is lost with them, because
    /// the row would then match too much.
    pub(super) fn row(&mut self, draft: &CoverageDraft) -> Option<Row> {
        self.cited(&draft.location, &draft.sources);
        let mut row = Row {
            values: [0; 4],
            level: draft.level,
        };
        for (name, values) in &draft.cell {
            let parameter = self.parameter(&draft.location, name)?;
            let ParameterKind::Enum(choice) = parameter.kind() else {
                let message = format!("coverage is not given by {parameter}");
                let location = place(&draft.location, name);
                self.report.error(location, "unknown-parameter", message);
                return None;
            };
            for value in values {
                if let (Some(value), Some(slot)) = (
                    self.value(&draft.location, choice, value),
                    row.values.get_mut(choice.index()),
                ) {
                    *slot |= Row::bit(value);
                }
            }
            if row.values_of(choice) == 0 {
                return None;
            }
        }
        Some(row)
    }

    /// Rows of the default grid, which may speak of values that the rule base's
    /// own vocabulary does not have: those say nothing and are no mistake.
    pub(super) fn default_rows(&mut self, drafts: &[CoverageDraft]) -> Vec<Row> {
        let report = std::mem::take(&mut self.report);
        let rows = drafts.iter().filter_map(|draft| self.row(draft)).collect();
        self.report = report;
        rows
    }
}
