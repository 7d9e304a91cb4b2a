//! Which queries a change of rules can reach at all, so that the others are
//! passed over without asking for their recipes.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Parameter, Path, Reading};

use crate::rules::advisory::Subject;
use crate::rules::base::{Layer, RuleBase};
use crate::rules::classes::{Choice, Cut, QueryClass, may_match};

/// What differs between two rule bases.
pub(super) struct Touching<'r> {
    sides: [Side<'r>; 2],
    cuts: [Cut<'r>; 2],
    /// Something else than layers differs, which may reach any query.
    everywhere: bool,
}

/// One rule base, and its layers that the other one does not have.
struct Side<'r> {
    rules: &'r RuleBase,
    shapes: Vec<Shape<'r>>,
    changed: BTreeSet<usize>,
}

impl<'r> Side<'r> {
    fn new(rules: &'r RuleBase, other: &'r RuleBase) -> Self {
        let shapes = |rules: &'r RuleBase| -> Vec<Shape<'r>> {
            let layers = rules.layers.iter();
            layers.map(|layer| shape(rules, layer)).collect()
        };
        let (own, other) = (shapes(rules), shapes(other));
        let other: BTreeSet<&Shape<'_>> = other.iter().collect();
        let missing = own.iter().enumerate();
        let missing = missing.filter(|(_, shape)| !other.contains(shape));
        let changed = missing.map(|(rank, _)| rank).collect();
        Self {
            rules,
            changed,
            shapes: own,
        }
    }

    /// The layers that both have, in the order in which they apply.
    fn kept(&self) -> impl Iterator<Item = &Shape<'r>> {
        let shapes = self.shapes.iter().enumerate();
        let kept = shapes.filter(|(rank, _)| !self.changed.contains(rank));
        kept.map(|(_, shape)| shape)
    }

    fn changed(&self) -> impl Iterator<Item = &Shape<'r>> {
        self.changed
            .iter()
            .filter_map(|rank| self.shapes.get(*rank))
    }
}

impl<'r> Touching<'r> {
    pub(super) fn new(old: &'r RuleBase, new: &'r RuleBase) -> Self {
        let sides = [Side::new(old, new), Side::new(new, old)];
        let [before, after] = &sides;
        let everywhere = !before.kept().eq(after.kept())
            || old.grid != new.grid
            || format!("{:?}", old.vocabulary) != format!("{:?}", new.vocabulary)
            || !told(old).eq(told(new));
        let edited = if everywhere {
            None
        } else {
            edited_paths(before, after)
        };
        let cuts = [old, new].map(|rules| match &edited {
            Some(paths) => cut(rules, paths),
            None => Cut::whole(rules),
        });
        Self {
            sides,
            cuts,
            everywhere,
        }
    }

    /// What cuts queries into classes, as far as the difference is concerned.
    pub(super) const fn cuts(&self) -> &[Cut<'r>] {
        &self.cuts
    }

    /// Whether some class with these values may be reached, whatever the versions.
    pub(super) fn may_reach(&self, values: &[Choice; 4]) -> bool {
        let touched = |side: &Side<'_>| {
            let layers = side.changed.iter();
            let mut layers = layers.filter_map(|rank| side.rules.layers.get(*rank));
            layers.any(|layer| may_match(side.rules, &layer.key, values))
        };
        self.everywhere || self.sides.iter().any(touched)
    }

    /// Whether a class gets a layer that differs.
    pub(super) fn reaches(&self, class: &QueryClass) -> bool {
        let touched = |side: &Side<'_>| {
            let query = class.query(&side.rules.vocabulary);
            let applied = query.map(|query| side.rules.applied_ranks(&query));
            applied.is_none_or(|ranks| ranks.iter().any(|rank| side.changed.contains(rank)))
        };
        self.everywhere || self.sides.iter().any(touched)
    }
}

/// The paths whose values were edited, where nothing but values was: the layers
/// that differ are the same pairs of key and priority with the same constraints.
fn edited_paths<'r>(before: &Side<'r>, after: &Side<'r>) -> Option<BTreeSet<&'r Path>> {
    type Frame<'f> = (&'f [Option<String>], i64, &'f [(String, String)]);
    fn frames<'s, 'r>(side: &'s Side<'r>) -> Option<BTreeMap<Frame<'s>, &'s Shape<'r>>> {
        let mut frames = BTreeMap::new();
        for shape in side.changed() {
            let frame: Frame<'s> = (&shape.key, shape.priority, &shape.constraints);
            if frames.insert(frame, shape).is_some() {
                return None;
            }
        }
        Some(frames)
    }
    let (before, after) = (frames(before)?, frames(after)?);
    if !before.keys().eq(after.keys()) {
        return None;
    }
    let mut paths = BTreeSet::new();
    for (old, new) in before.values().zip(after.values()) {
        let old: BTreeSet<_> = old.values.iter().collect();
        let new: BTreeSet<_> = new.values.iter().collect();
        paths.extend(old.symmetric_difference(&new).map(|(path, _)| *path));
    }
    Some(paths)
}

/// Only what sets the edited paths, or looks at them, tells queries apart.
fn cut<'r>(rules: &'r RuleBase, paths: &BTreeSet<&Path>) -> Cut<'r> {
    let edited = |slot| rules.path(slot).is_some_and(|path| paths.contains(&**path));
    let layers = rules.layers.iter();
    let layers = layers.filter(|layer| layer.entries.iter().any(|entry| edited(entry.slot)));
    let advisories = rules.advisories.iter().filter(|rule| {
        let mut clauses = rule.when.iter().chain(&rule.requires);
        clauses.any(|clause| matches!(clause.subject, Subject::Value(slot) if edited(slot)))
    });
    Cut {
        rules,
        layers: layers.collect(),
        advisories: advisories.collect(),
    }
}

/// What a layer does, in terms that do not depend on its rule base.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Shape<'r> {
    key: Vec<Option<String>>,
    priority: i64,
    values: Vec<(&'r Path, Option<String>)>,
    constraints: Vec<(String, String)>,
}

fn shape<'r>(rules: &'r RuleBase, layer: &'r Layer) -> Shape<'r> {
    let at = |position: u32| usize::try_from(position).unwrap_or(usize::MAX);
    let value = |reading: &Reading| format!("{reading:?}");
    Shape {
        key: Parameter::ALL
            .into_iter()
            .map(|parameter| layer.key.text(&rules.vocabulary, parameter))
            .collect(),
        priority: layer.priority,
        values: layer
            .entries
            .iter()
            .filter_map(|entry| {
                let path = rules.path(entry.slot)?;
                Some((&**path, entry.value.as_deref().map(value)))
            })
            .collect(),
        constraints: layer
            .constraints
            .iter()
            .filter_map(|constraint| {
                let path = rules.constrained.get(at(constraint.path))?;
                Some((
                    format!("{:?}", path.selector),
                    constraint.predicate.to_string(),
                ))
            })
            .collect(),
    }
}

fn told(rules: &RuleBase) -> impl Iterator<Item = String> + '_ {
    rules.advisories().map(|advisory| format!("{advisory:?}"))
}
