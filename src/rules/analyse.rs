//! What can only be seen with all layers in hand: constraints that contradict
//! each other or a value, layers that compete, values that nobody vouches for.
//!
//! Every answer is exact over all possible queries; none is sampled.

use std::collections::{BTreeMap, HashMap};

use crate::model::{EnumParameter, MeasurementType, Path, ValueId, Version};

use super::base::{Entry, Layer, LayerConstraint, RuleBase};
use super::diagnostic::{Location, Position, Report};
use super::space::Region;

/// The most competing pairs reported; beyond them the list helps nobody.
const AMBIGUITY_LIMIT: usize = 50;

/// Runs every analysis.
pub(super) fn analyse(rules: &RuleBase, report: &mut Report) {
    let analysis = Analysis { rules, setters: setters(rules) };
    analysis.images(report);
    analysis.unsourced(report);
    for path in 0..rules.constrained.len() {
        analysis.contradictions(path, report);
        analysis.values_outside(path, report);
    }
    analysis.ambiguities(report);
}

/// A layer's rank and what it sets at the slot in question.
type Setter<'r> = (usize, &'r Entry);

struct Analysis<'r> {
    rules: &'r RuleBase,
    /// Who sets each slot, by rank.
    setters: HashMap<u32, Vec<Setter<'r>>>,
}

fn setters(rules: &RuleBase) -> HashMap<u32, Vec<Setter<'_>>> {
    let mut setters: HashMap<u32, Vec<Setter<'_>>> = HashMap::new();
    for (rank, layer) in rules.layers.iter().enumerate() {
        for entry in &layer.entries {
            setters.entry(entry.slot).or_default().push((rank, entry));
        }
    }
    setters
}

impl<'r> Analysis<'r> {
    fn layer(&self, rank: usize) -> Option<&'r Layer> {
        self.rules.layers.get(rank)
    }

    fn path(&self, slot: u32) -> Option<&'r Path> {
        self.rules.paths.get(usize::try_from(slot).ok()?).map(AsRef::as_ref)
    }

    fn region(&self, layer: &Layer) -> Region {
        Region::of(&layer.key, &self.rules.vocabulary)
    }

    /// Image tags go into shell variables and must be safe there; every recipe
    /// must pin the operator that runs the rest.
    fn images(&self, report: &mut Report) {
        for layer in &self.rules.layers {
            for entry in &layer.entries {
                let Some(path) = self.path(entry.slot) else { continue };
                if path.kind != MeasurementType::K8s || &*path.subtype != "image" {
                    continue;
                }
                match &entry.value {
                    Some(value) if !is_tag(&value.text()) => {
                        let message = format!("`{value}` is no image tag");
                        let hint = "use A-Z, a-z, 0-9, `.`, `_` and `-`";
                        report.error_with_hint(line_of(layer, entry), "bad-tag", message, hint);
                    }
                    None if &*path.key == "gpu-operator" => {
                        let hint = "every recipe pins one gpu-operator";
                        let message = "the overlay removes the gpu-operator";
                        report.warning(line_of(layer, entry), "no-operator", message, hint);
                    }
                    _ => {}
                }
            }
        }
        let pinned = self.setters.iter().any(|(slot, setters)| {
            setters.first().is_some_and(|(rank, _)| *rank == 0)
                && self.path(*slot).is_some_and(|path| path.to_string() == "K8s.image.gpu-operator")
        });
        if let (false, Some(base)) = (pinned, self.layer(0)) {
            let hint = "set K8s.image.gpu-operator in the base";
            let message = "the base pins no gpu-operator";
            report.warning(base.location.clone(), "no-operator", message, hint);
        }
    }

    fn unsourced(&self, report: &mut Report) {
        for layer in &self.rules.layers {
            let mut unsourced = layer.entries.iter().filter(|entry| entry.sources.is_empty());
            if let Some(first) = unsourced.next() {
                let count = unsourced.count() + 1;
                let message = format!("{count} values of `{}` have no source", layer.name);
                let hint = "cite an id of `sources` with `source: [...]`";
                report.warning(line_of(layer, first), "no-source", message, hint);
            }
        }
    }

    /// Two layers that can meet in one query must leave some version over.
    /// Checking pairs is enough: ranges on a line that overlap pairwise all
    /// share a point.
    fn contradictions(&self, path: usize, report: &mut Report) {
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
            .flat_map(|layer| layer.constraints.iter().map(move |constraint| (layer, constraint)))
            .filter(|(_, constraint)| usize::try_from(constraint.path) == Ok(path))
            .collect()
    }

    /// A value may not lie outside a range that holds in a recipe it reaches.
    fn values_outside(&self, path: usize, report: &mut Report) {
        let Some(constrained) = self.rules.constrained.get(path) else { return };
        let slot = self.rules.paths.iter().position(|path| constrained.selector.matches(path));
        let setters = slot
            .and_then(|slot| u32::try_from(slot).ok())
            .and_then(|slot| self.setters.get(&slot))
            .map_or(&[][..], Vec::as_slice);
        let points: Vec<Option<u128>> =
            setters.iter().map(|(_, entry)| entry.value.as_deref().and_then(point)).collect();
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
        let Some(setting_layer) = self.layer(rank) else { return };
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
        let Some(survives) = meeting.uncovered(overriding.iter()) else { return };
        let value = entry.value.as_deref().map(ToString::to_string).unwrap_or_default();
        let message = format!(
            "`{value}` of `{}` is outside `{}`, which `{}` demands of {}",
            setting_layer.name,
            constraint.predicate,
            layer.name,
            self.selector_text(constraint.path)
        );
        let hint = format!("see the recipe for {}", survives.example(&self.rules.vocabulary));
        let location = line_of(setting_layer, entry);
        report.error_with_hint(location, "outside-constraint", message, hint);
    }

    /// Layers of equal rank that can meet and disagree: only file order decides
    /// between them, which no author means.
    fn ambiguities(&self, report: &mut Report) {
        let mut pairs: BTreeMap<(usize, usize), &Path> = BTreeMap::new();
        let mut slots: Vec<(&u32, &Vec<Setter<'_>>)> = self.setters.iter().collect();
        slots.sort_by_key(|(slot, _)| **slot);
        for (slot, setters) in slots {
            let Some(path) = self.path(*slot) else { continue };
            self.competing(setters, &mut |left, right| {
                if pairs.len() < AMBIGUITY_LIMIT {
                    pairs.entry((left, right)).or_insert(path);
                }
            });
        }
        for ((left, right), path) in pairs {
            if let (Some(left), Some(right)) = (self.layer(left), self.layer(right)) {
                self.ambiguity(left, right, path, report);
            }
        }
    }

    fn ambiguity(&self, left: &Layer, right: &Layer, path: &Path, report: &mut Report) {
        let meeting = self.region(left).intersect(&self.region(right));
        let message = format!(
            "`{}` and `{}` set {path} differently for {}",
            left.name,
            right.name,
            meeting.example(&self.rules.vocabulary)
        );
        let hint = "give one a higher priority, or add an overlay for what they share";
        report.warning(right.location.clone(), "ambiguous", message, hint);
    }

    /// Calls `found` with each pair of setters of equal rank that can meet and
    /// set different values, unless more specific layers settle every query
    /// that they share.
    fn competing(&self, setters: &[Setter<'_>], found: &mut impl FnMut(usize, usize)) {
        type Values = [Option<ValueId>; 4];
        let mut classes: BTreeMap<(usize, i64), HashMap<Values, Vec<Setter<'_>>>> = BTreeMap::new();
        for (rank, entry) in setters {
            let Some(layer) = self.layer(*rank) else { continue };
            let class = (layer.key.constrained(), layer.priority);
            let values = EnumParameter::ALL.map(|parameter| layer.key.value(parameter));
            classes.entry(class).or_default().entry(values).or_default().push((*rank, entry));
        }
        for groups in classes.into_values() {
            let groups: Vec<(Values, Vec<Setter<'_>>)> = groups.into_iter().collect();
            for (position, (values, group)) in groups.iter().enumerate() {
                for (other_values, other) in groups.iter().skip(position) {
                    if compatible(values, other_values) {
                        self.competing_groups(group, other, setters, found);
                    }
                }
            }
        }
    }

    fn competing_groups(
        &self,
        group: &[Setter<'_>],
        other: &[Setter<'_>],
        setters: &[Setter<'_>],
        found: &mut impl FnMut(usize, usize),
    ) {
        for (left, left_entry) in group {
            for (right, right_entry) in other {
                let (Some(first), Some(second)) = (self.layer(*left), self.layer(*right)) else {
                    continue;
                };
                if left == right || !first.key.meets(&second.key) || agree(left_entry, right_entry) {
                    continue;
                }
                let (low, high) = (*left.min(right), *left.max(right));
                let meeting = self.region(first).intersect(&self.region(second));
                let above: Vec<Region> = setters
                    .iter()
                    .filter(|(rank, _)| *rank > high)
                    .filter_map(|(rank, _)| self.layer(*rank))
                    .filter(|layer| layer.key.constrained() > first.key.constrained()
                        || layer.priority > first.priority)
                    .map(|layer| self.region(layer))
                    .collect();
                if meeting.uncovered(above.iter()).is_some() {
                    found(low, high);
                }
            }
        }
    }
}

fn compatible(left: &[Option<ValueId>; 4], right: &[Option<ValueId>; 4]) -> bool {
    left.iter().zip(right).all(|pair| !matches!(pair, (Some(left), Some(right)) if left != right))
}

fn agree(left: &Entry, right: &Entry) -> bool {
    match (&left.value, &right.value) {
        (Some(left), Some(right)) => left.agrees_with(right),
        (None, None) => true,
        _ => false,
    }
}

fn point(value: &crate::model::Reading) -> Option<u128> {
    value.text().parse::<Version>().ok().map(|version| version.point())
}

fn line_of(layer: &Layer, entry: &Entry) -> Location {
    let at = Position { line: entry.line, column: layer.location.at.column };
    Location { file: layer.location.file.clone(), at }
}

fn is_tag(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}
