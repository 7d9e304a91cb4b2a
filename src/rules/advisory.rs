//! Known issues as conditions over the question and the answer.

use std::sync::Arc;

use crate::model::{Advisory, Condition, Parameter, Query, Reading, Vocabulary};

/// What a condition looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Subject {
    /// What the query says.
    Parameter(Parameter),
    /// The recommended value at a path, by its slot.
    Value(u32),
}

/// One subject, the condition on it, and the subject's name as written.
#[derive(Debug)]
pub(super) struct Clause {
    pub(super) subject: Subject,
    pub(super) name: Box<str>,
    pub(super) condition: Condition,
}

/// An advisory and when it is given: all of `when` holds and, where `requires`
/// says anything, some part of it is known and violated.
#[derive(Debug)]
pub(super) struct AdvisoryRule {
    pub(super) advisory: Arc<Advisory>,
    pub(super) when: Vec<Clause>,
    pub(super) requires: Vec<Clause>,
}

/// The question and the answer, as conditions see them.
pub(super) struct Facts<'f> {
    pub(super) query: &'f Query,
    pub(super) vocabulary: &'f Vocabulary,
    /// The value of each slot that has one, sorted by slot.
    pub(super) values: &'f [(u32, &'f Reading)],
}

impl Facts<'_> {
    /// Whether a clause holds; `None` when its subject is not known.
    fn judge(&self, clause: &Clause) -> Option<bool> {
        match clause.subject {
            Subject::Parameter(parameter) => {
                let text = self.query.text(self.vocabulary, parameter)?;
                Some(clause.condition.accepts(text))
            }
            Subject::Value(slot) => {
                let position = self
                    .values
                    .binary_search_by_key(&slot, |(slot, _)| *slot)
                    .ok()?;
                let (_, reading) = self.values.get(position)?;
                Some(clause.condition.accepts(&reading.text()))
            }
        }
    }
}

impl AdvisoryRule {
    /// Whether the advisory is to be given.
    pub(super) fn applies(&self, facts: &Facts<'_>) -> bool {
        let holds = self
            .when
            .iter()
            .all(|clause| facts.judge(clause) == Some(true));
        holds
            && (self.requires.is_empty()
                || self
                    .requires
                    .iter()
                    .any(|clause| facts.judge(clause) == Some(false)))
    }
}
