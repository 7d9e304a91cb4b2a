//! Constraints that contradict each other, and values outside of them.

use crate::model::{Reading, Version};
use crate::rules::base::{Layer, LayerConstraint};
use crate::rules::diagnostic::Report;
use crate::rules::space::Region;

use super::{Analysis, Setter, line_of};

impl<'r> Analysis<'r> {
    /// Two layers that can meet in one query must leave some version over.
    /// Checking pairs is enough: ranges on a line that overlap pairwise all
    /// share a point.
    pub(super) fn contradictions(&self, path: usize, report: &mut Report) {
        let mut ranges = self.constraints_on(path);
        ranges.sort_by_key(|(_, constraint)| constraint.predicate.interval());
        // A range can only miss ranges that end at or below its start.
        let mut by_end = ranges.clone();
        by_end.sort_by_key(|(_, constraint)| constraint.predicate.interval().high);
        for (layer, constraint) in &ranges {
            let interval = constraint.predicate.interval();
            let earlier = by_end
                .iter()
                .take_while(|(_, other)| other.predicate.interval().high <= interval.low);
            for (other_layer, other) in earlier {
                if layer.key.meets(&other_layer.key) {
                    self.contradiction((layer, constraint), (other_layer, other), report);
                }
            }
        }
    }

    fn contradiction(
        &self,
        (layer, constraint): (&Layer, &LayerConstraint),
        (other_layer, other): (&Layer, &LayerConstraint),
        report: &mut Report,
    ) {
        let meeting = self.region(layer).intersect(&self.region(other_layer));
        let selector = self.selector_text(constraint.path);
        let message = format!(
            "`{}` of `{}` leaves nothing of `{}` of `{}` for {selector}",
            constraint.predicate, layer.name, other.predicate, other_layer.name
        );
        let hint = format!("both apply to {}", meeting.example(&self.rules.vocabulary));
        let location = layer.location.clone();
        report.error_with_hint(location, "empty-constraint", message, hint);
    }

    fn selector_text(&self, path: u32) -> String {
        usize::try_from(path)
            .ok()
            .and_then(|path| self.rules.constrained.get(path))
            .map_or_else(String::new, |path| path.selector.to_string())
    }

    fn constraints_on(&self, path: usize) -> Vec<(&'r Layer, &'r LayerConstraint)> {
        self.rules
            .layers
            .iter()
            .flat_map(|layer| {
                layer
                    .constraints
                    .iter()
                    .map(move |constraint| (layer, constraint))
            })
            .filter(|(_, constraint)| usize::try_from(constraint.path) == Ok(path))
            .collect()
    }

    /// A value may not lie outside a range that holds in a recipe it reaches.
    pub(super) fn values_outside(&self, path: usize, report: &mut Report) {
        let Some(constrained) = self.rules.constrained.get(path) else {
            return;
        };
        let slot = self
            .rules
            .paths
            .iter()
            .position(|path| constrained.selector.matches(path));
        let setters = slot
            .and_then(|slot| u32::try_from(slot).ok())
            .and_then(|slot| self.setters.get(&slot))
            .map_or(&[][..], Vec::as_slice);
        let points: Vec<Option<u128>> = setters
            .iter()
            .map(|(_, entry)| entry.value.as_deref().and_then(point))
            .collect();
        for (layer, constraint) in self.constraints_on(path) {
            let interval = constraint.predicate.interval();
            for ((rank, entry), point) in setters.iter().zip(&points) {
                if entry.value.is_some() && !point.is_some_and(|point| interval.contains(point)) {
                    self.value_outside((layer, constraint), (*rank, entry), setters, report);
                }
            }
        }
    }

    fn value_outside(
        &self,
        (layer, constraint): (&Layer, &LayerConstraint),
        (rank, entry): Setter<'_>,
        setters: &[Setter<'_>],
        report: &mut Report,
    ) {
        let Some(setting_layer) = self.layer(rank) else {
            return;
        };
        if !layer.key.meets(&setting_layer.key) {
            return;
        }
        let meeting = self.region(layer).intersect(&self.region(setting_layer));
        let overriding: Vec<Region> = setters
            .iter()
            .filter(|(other, _)| *other > rank)
            .filter_map(|(other, _)| self.layer(*other))
            .map(|layer| self.region(layer))
            .collect();
        let Some(survives) = meeting.uncovered(overriding.iter()) else {
            return;
        };
        let value = entry
            .value
            .as_deref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let message = format!(
            "`{value}` of `{}` is outside `{}`, which `{}` demands of {}",
            setting_layer.name,
            constraint.predicate,
            layer.name,
            self.selector_text(constraint.path)
        );
        let hint = format!(
            "see the recipe for {}",
            survives.example(&self.rules.vocabulary)
        );
        let location = line_of(setting_layer, entry);
        report.error_with_hint(location, "outside-constraint", message, hint);
    }
}

fn point(value: &Reading) -> Option<u128> {
    value
        .text()
        .parse::<Version>()
        .ok()
        .map(|version| version.point())
}
