//! Why a recipe says what it says, and what was close to applying.

use std::sync::Arc;

use crate::model::{
    CoverageLevel, EnumParameter, NearMiss, Parameter, Query, Step, Trace, ValueId,
};

use super::base::{Entry, Layer, RuleBase};
use super::coverage::Row;

/// The most near misses a trace lists, the most specific first.
const NEAR_MISS_LIMIT: usize = 20;

/// The most covered combinations offered in place of an uncovered one.
const ALTERNATIVE_LIMIT: usize = 5;

impl RuleBase {
    /// Which layer set each value of the recipe for a query, which layers it
    /// overrode, and the overlays that one more met condition would have added.
    #[must_use]
    pub fn trace(&self, query: &Query) -> Trace {
        let layers = self.applied(query);
        let mut steps: Vec<(u32, Step)> = layers
            .iter()
            .flat_map(|layer| {
                layer
                    .entries
                    .iter()
                    .map(|entry| (entry.slot, step(layer, entry)))
            })
            .collect();
        steps.sort_by_key(|(slot, _)| *slot);
        let mut trace = Trace::default();
        let mut last_slot = None;
        for (slot, step) in steps {
            match trace.paths.last_mut() {
                Some((_, steps)) if last_slot == Some(slot) => steps.push(step),
                _ => {
                    let path = self.path(slot).cloned();
                    trace.paths.extend(path.map(|path| (path, vec![step])));
                }
            }
            last_slot = Some(slot);
        }
        trace.near_misses = self.near_misses(query);
        trace
    }

    fn near_misses(&self, query: &Query) -> Vec<NearMiss> {
        self.layers
            .iter()
            .rev()
            .filter_map(|layer| {
                let mut failing = Parameter::ALL
                    .into_iter()
                    .filter(|parameter| !layer.key.accepts(query, *parameter));
                let parameter = failing.next()?;
                if failing.next().is_some() {
                    return None;
                }
                Some(NearMiss {
                    overlay: Arc::clone(&layer.name),
                    parameter,
                    wants: layer.key.text(&self.vocabulary, parameter)?,
                    given: query.text(&self.vocabulary, parameter).map(str::to_owned),
                })
            })
            .take(NEAR_MISS_LIMIT)
            .collect()
    }

    /// Combinations that are validated or composed, in canonical form, those
    /// that differ least from the query first.
    #[must_use]
    pub fn nearest_covered(&self, query: &Query) -> Vec<String> {
        let worth = |level| matches!(level, CoverageLevel::Validated | CoverageLevel::Composed);
        let mut cells: Vec<(usize, CoverageLevel, Query)> = self
            .grid
            .rows()
            .iter()
            .filter(|row| worth(row.level))
            .map(|row| closest_cell(row, query))
            .collect();
        cells.sort_by_key(|(changes, level, _)| (*changes, *level));
        let mut found = Vec::new();
        for (_, _, cell) in cells {
            let name = cell.canonical(&self.vocabulary);
            // A more specific row may say otherwise about this very cell.
            if !found.contains(&name) && worth(self.recipe(&cell).coverage.level) {
                found.push(name);
            }
            if found.len() == ALTERNATIVE_LIMIT {
                break;
            }
        }
        found
    }
}

fn step(layer: &Layer, entry: &Entry) -> Step {
    Step {
        overlay: Arc::clone(&layer.name),
        at: format!("{}:{}", layer.location.file, entry.line),
        sources: entry.sources.to_vec(),
        value: entry.value.clone(),
    }
}

/// The cell of a row that differs from a query in the fewest parameters, and in
/// how many.
fn closest_cell(row: &Row, query: &Query) -> (usize, CoverageLevel, Query) {
    let mut cell = query.clone();
    let mut changes = 0;
    for parameter in EnumParameter::ALL
        .into_iter()
        .filter(|parameter| row.names(*parameter))
    {
        let values = row.values_of(parameter);
        if query
            .value(parameter)
            .is_some_and(|value| values & Row::bit(value) != 0)
        {
            continue;
        }
        changes += 1;
        let first = u8::try_from(values.trailing_zeros()).ok().map(ValueId);
        cell.set_value(parameter, first);
    }
    (changes, row.level, cell)
}
