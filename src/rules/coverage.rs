//! How much an answer is worth: the published grid, and the rule for cells
//! that nobody published.

use crate::model::{Coverage, CoverageLevel, EnumParameter, Parameter, Query, ValueId};

/// One row of the grid. A parameter it does not name may have any value or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    /// One bit a value; zero where the row does not name the parameter.
    pub(super) values: [u128; 4],
    pub(super) level: CoverageLevel,
}

impl Row {
    pub(super) const fn bit(value: ValueId) -> u128 {
        1 << value.0
    }

    pub(super) fn names(&self, parameter: EnumParameter) -> bool {
        self.values_of(parameter) != 0
    }

    pub(super) fn values_of(&self, parameter: EnumParameter) -> u128 {
        self.values
            .get(parameter.index())
            .copied()
            .unwrap_or_default()
    }

    fn matches(&self, query: &Query) -> bool {
        EnumParameter::ALL.into_iter().all(|parameter| {
            !self.names(parameter)
                || query
                    .value(parameter)
                    .is_some_and(|value| self.values_of(parameter) & Self::bit(value) != 0)
        })
    }

    fn specificity(&self) -> usize {
        self.values.iter().filter(|values| **values != 0).count()
    }
}

/// The grid.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Grid {
    rows: Vec<Row>,
}

impl Grid {
    pub(super) fn new(rows: Vec<Row>) -> Self {
        Self { rows }
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The coverage of a query, given which parameters an applied layer covers.
    pub(super) fn judge(&self, query: &Query, covered: impl Fn(Parameter) -> bool) -> Coverage {
        let asked = || {
            Parameter::ALL
                .into_iter()
                .filter(|parameter| query.has(*parameter))
        };
        let missing: Vec<Parameter> = asked().filter(|parameter| !covered(*parameter)).collect();
        // `max_by_key` keeps the last of equals: later rows win on a tie.
        let published = self
            .rows
            .iter()
            .filter(|row| row.matches(query))
            .max_by_key(|row| row.specificity());
        let level = match published {
            Some(row) => row.level,
            None if missing.is_empty() && asked().next().is_some() => CoverageLevel::Composed,
            None => CoverageLevel::Base,
        };
        Coverage { level, missing }
    }
}
