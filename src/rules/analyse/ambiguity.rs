//! Layers of equal rank that can meet and disagree: only file order decides
//! between them, which no author means.

use std::collections::{BTreeMap, HashMap};

use crate::model::{EnumParameter, Path, ValueId};
use crate::rules::base::{Entry, Layer};
use crate::rules::diagnostic::Report;
use crate::rules::space::Region;

use super::{Analysis, Setter};

/// The most competing pairs reported; beyond them the list helps nobody.
const AMBIGUITY_LIMIT: usize = 50;

impl Analysis<'_> {
    /// Reports each competing pair once, with one path they compete for.
    pub(super) fn ambiguities(&self, report: &mut Report) {
        let mut pairs: BTreeMap<(usize, usize), &Path> = BTreeMap::new();
        let mut slots: Vec<(&u32, &Vec<Setter<'_>>)> = self.setters.iter().collect();
        slots.sort_by_key(|(slot, _)| **slot);
        for (slot, setters) in slots {
            let Some(path) = self.path(*slot) else {
                continue;
            };
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
            let Some(layer) = self.layer(*rank) else {
                continue;
            };
            let class = (layer.key.constrained(), layer.priority);
            let values = EnumParameter::ALL.map(|parameter| layer.key.value(parameter));
            classes
                .entry(class)
                .or_default()
                .entry(values)
                .or_default()
                .push((*rank, entry));
        }
        for groups in classes.into_values() {
            let groups: Vec<(Values, Vec<Setter<'_>>)> = groups.into_iter().collect();
            for (position, (values, group)) in groups.iter().enumerate() {
                for (other_values, other) in groups.iter().skip(position) {
                    if compatible(*values, *other_values) {
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
                if left == right || !first.key.meets(&second.key) || agree(left_entry, right_entry)
                {
                    continue;
                }
                let (low, high) = (*left.min(right), *left.max(right));
                let meeting = self.region(first).intersect(&self.region(second));
                let above: Vec<Region> = setters
                    .iter()
                    .filter(|(rank, _)| *rank > high)
                    .filter_map(|(rank, _)| self.layer(*rank))
                    .filter(|layer| {
                        layer.key.constrained() > first.key.constrained()
                            || layer.priority > first.priority
                    })
                    .map(|layer| self.region(layer))
                    .collect();
                if meeting.uncovered(above.iter()).is_some() {
                    found(low, high);
                }
            }
        }
    }
}

fn compatible(left: [Option<ValueId>; 4], right: [Option<ValueId>; 4]) -> bool {
    left.iter()
        .zip(&right)
        .all(|pair| !matches!(pair, (Some(left), Some(right)) if left != right))
}

fn agree(left: &Entry, right: &Entry) -> bool {
    match (&left.value, &right.value) {
        (Some(left), Some(right)) => left.agrees_with(right),
        (None, None) => true,
        _ => false,
    }
}
