//! Finding the overlays that match a query, at a cost that grows with the
//! overlays that match and not with those that exist.
//!
//! Overlays are grouped by the enumerated values they ask for; a query looks up
//! the at most sixteen groups that its own values can form. Inside a group,
//! overlays without version predicates match as they are; the others wait in an
//! interval tree over the version parameter that tells them apart best.

use std::collections::HashMap;

use crate::model::{EnumParameter, Interval, Query, VersionParameter, VersionPredicate};

use super::key::Key;

/// The rank of an overlay: its position when all are sorted from least to most
/// specific. Zero is the base.
pub(super) type Rank = u32;

/// One byte a parameter, 255 where the overlay leaves it open.
type GroupKey = [u8; 4];
const OPEN: u8 = u8::MAX;

#[derive(Debug, Default)]
pub(super) struct Index {
    /// Which parameters the groups constrain, one bit each, without repeats.
    shapes: Vec<u8>,
    groups: HashMap<GroupKey, Group>,
}

#[derive(Debug, Default)]
struct Group {
    plain: Vec<Rank>,
    trees: Vec<Tree>,
}

/// Overlays of one group that constrain the same version parameters, at least
/// `axis` among them.
#[derive(Debug)]
struct Tree {
    parameters: u8,
    axis: VersionParameter,
    spans: SpanTree,
}

impl Index {
    /// Builds the index over keys in rank order.
    pub(super) fn new<'k>(keys: impl Iterator<Item = (Rank, &'k Key)>) -> Self {
        let mut index = Self::default();
        let mut waiting: HashMap<(GroupKey, u8), Vec<(Rank, &Key)>> = HashMap::new();
        for (rank, key) in keys {
            let group = group_key(key);
            let shape = shape_of(group);
            if !index.shapes.contains(&shape) {
                index.shapes.push(shape);
            }
            let parameters = version_bits(key);
            if parameters == 0 {
                index.groups.entry(group).or_default().plain.push(rank);
            } else {
                waiting
                    .entry((group, parameters))
                    .or_default()
                    .push((rank, key));
            }
        }
        for ((group, parameters), keys) in waiting {
            let tree = Tree::new(parameters, &keys);
            index.groups.entry(group).or_default().trees.push(tree);
        }
        index
    }

    /// The ranks of all overlays that match, ascending. `key_of` gives the key
    /// of a rank, for the conditions that the index leaves to the key.
    pub(super) fn matching<'k>(
        &self,
        query: &Query,
        key_of: impl Fn(Rank) -> Option<&'k Key>,
    ) -> Vec<Rank> {
        let asked = EnumParameter::ALL
            .map(|parameter| query.value(parameter).map_or(OPEN, |value| value.0));
        let shape_asked = shape_of(asked);
        let mut found = Vec::new();
        for shape in self
            .shapes
            .iter()
            .filter(|shape| **shape & !shape_asked == 0)
        {
            if let Some(group) = self.groups.get(&masked(asked, *shape)) {
                found.extend_from_slice(&group.plain);
                for tree in &group.trees {
                    tree.stab(query, &key_of, &mut found);
                }
            }
        }
        found.sort_unstable();
        found
    }
}

impl Tree {
    fn new(parameters: u8, keys: &[(Rank, &Key)]) -> Self {
        let distinct = |parameter: &VersionParameter| {
            let mut intervals: Vec<Interval> = keys
                .iter()
                .filter_map(|(_, key)| interval_of(key, *parameter))
                .collect();
            intervals.sort_unstable();
            intervals.dedup();
            intervals.len()
        };
        let axis = VersionParameter::ALL.into_iter().max_by_key(distinct);
        let axis = axis.unwrap_or(VersionParameter::K8s);
        let spans = keys
            .iter()
            .filter_map(|(rank, key)| Some((interval_of(key, axis)?, *rank)));
        Self {
            parameters,
            axis,
            spans: SpanTree::new(spans.collect()),
        }
    }

    fn stab<'k>(
        &self,
        query: &Query,
        key_of: &impl Fn(Rank) -> Option<&'k Key>,
        found: &mut Vec<Rank>,
    ) {
        let known = |parameter: VersionParameter| {
            self.parameters & bit(parameter) == 0 || query.version(parameter).is_some()
        };
        if !VersionParameter::ALL.into_iter().all(known) {
            return;
        }
        let Some(version) = query.version(self.axis) else {
            return;
        };
        let single = self.parameters.is_power_of_two();
        self.spans.stab(version.point(), &mut |rank| {
            if single || key_of(rank).is_some_and(|key| key.matches(query)) {
                found.push(rank);
            }
        });
    }
}

/// An interval tree in one array: sorted by lower bound, the middle of each
/// part being its root, with the greatest upper bound of each part beside it.
#[derive(Debug)]
struct SpanTree {
    spans: Vec<(Interval, Rank)>,
    highest: Vec<u128>,
}

impl SpanTree {
    fn new(mut spans: Vec<(Interval, Rank)>) -> Self {
        spans.sort_unstable();
        let mut highest = vec![0; spans.len()];
        fill_highest(&spans, &mut highest);
        Self { spans, highest }
    }

    fn stab(&self, point: u128, hit: &mut impl FnMut(Rank)) {
        stab_part(&self.spans, &self.highest, point, hit);
    }
}

fn fill_highest(spans: &[(Interval, Rank)], highest: &mut [u128]) -> u128 {
    let middle = spans.len() / 2;
    let Some((interval, _)) = spans.get(middle) else {
        return 0;
    };
    let (left_spans, right_spans) = spans.split_at(middle);
    let (left, right) = highest.split_at_mut(middle);
    let Some((root, right)) = right.split_first_mut() else {
        return 0;
    };
    let below = fill_highest(left_spans, left);
    let above = fill_highest(right_spans.get(1..).unwrap_or_default(), right);
    *root = interval.high.max(below).max(above);
    *root
}

fn stab_part(
    spans: &[(Interval, Rank)],
    highest: &[u128],
    point: u128,
    hit: &mut impl FnMut(Rank),
) {
    let middle = spans.len() / 2;
    let (Some((interval, rank)), Some(root)) = (spans.get(middle), highest.get(middle)) else {
        return;
    };
    if *root <= point {
        return;
    }
    let (left_spans, right_spans) = spans.split_at(middle);
    let (left, right) = highest.split_at(middle);
    stab_part(left_spans, left, point, hit);
    if interval.low > point {
        return;
    }
    if interval.contains(point) {
        hit(*rank);
    }
    let right_spans = right_spans.get(1..).unwrap_or_default();
    stab_part(right_spans, right.get(1..).unwrap_or_default(), point, hit);
}

fn group_key(key: &Key) -> GroupKey {
    EnumParameter::ALL.map(|parameter| key.value(parameter).map_or(OPEN, |value| value.0))
}

fn shape_of(group: GroupKey) -> u8 {
    group
        .iter()
        .rev()
        .fold(0, |shape, value| (shape << 1) | u8::from(*value != OPEN))
}

fn masked(mut group: GroupKey, shape: u8) -> GroupKey {
    for (position, value) in group.iter_mut().enumerate() {
        if shape & (1 << position) == 0 {
            *value = OPEN;
        }
    }
    group
}

const fn bit(parameter: VersionParameter) -> u8 {
    1 << parameter.index()
}

fn version_bits(key: &Key) -> u8 {
    VersionParameter::ALL
        .into_iter()
        .filter(|parameter| key.predicate(*parameter).is_some())
        .fold(0, |bits, parameter| bits | bit(parameter))
}

fn interval_of(key: &Key, parameter: VersionParameter) -> Option<Interval> {
    key.predicate(parameter).map(VersionPredicate::interval)
}
