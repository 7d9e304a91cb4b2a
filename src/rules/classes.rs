//! Classes of queries that no rule can tell apart.
//!
//! Rules compare enumerated values for equality and versions with bounds. So the
//! values of each parameter, left open among them, times the intervals that the
//! bounds of the rules in question cut, are all there is to ask. One query of a
//! class speaks for all of them: what is decided over classes is decided over
//! every query, exactly.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::{EnumParameter, Interval, ParameterKind, Query, VersionParameter, Vocabulary};

use super::advisory::{AdvisoryRule, Subject};
use super::base::{Layer, RuleBase};

/// What a class says about one enumerated parameter: a value by name, or open.
pub type Choice = Option<Arc<str>>;

/// What a class says about one version: a range, or open.
pub type Slice = Option<Interval>;

/// A box of queries with one answer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct QueryClass {
    /// By [`EnumParameter`].
    pub values: [Choice; 4],
    /// By [`VersionParameter`].
    pub versions: [Slice; 3],
}

impl QueryClass {
    /// One query of the class, in the words of a vocabulary; `None` when the
    /// vocabulary lacks a value.
    #[must_use]
    pub fn query(&self, vocabulary: &Vocabulary) -> Option<Query> {
        let mut query = Query::default();
        for (parameter, value) in EnumParameter::ALL.into_iter().zip(&self.values) {
            if let Some(name) = value {
                query.set_value(parameter, Some(vocabulary.value(parameter, name)?));
            }
        }
        for (parameter, slice) in VersionParameter::ALL.into_iter().zip(&self.versions) {
            let version = slice.and_then(|range| point_text(range.low).parse().ok());
            query.set_version(parameter, version);
        }
        Some(query)
    }
}

/// A point as a version: `1.33` or `1.33.5`.
pub(super) fn point_text(point: u128) -> String {
    let component = |shift: u32| (point >> shift) & u128::from(u32::MAX);
    match (component(64), component(32), component(0)) {
        (major, minor, 0) => format!("{major}.{minor}"),
        (major, minor, patch) => format!("{major}.{minor}.{patch}"),
    }
}

/// What may tell two queries apart: rules of one rule base whose bounds count.
pub(super) struct Cut<'r> {
    pub(super) rules: &'r RuleBase,
    pub(super) layers: Vec<&'r Layer>,
    pub(super) advisories: Vec<&'r AdvisoryRule>,
}

impl<'r> Cut<'r> {
    /// Every rule counts.
    pub(super) fn whole(rules: &'r RuleBase) -> Self {
        Self {
            rules,
            layers: rules.layers.iter().collect(),
            advisories: rules.advisories.iter().collect(),
        }
    }
}

/// The classes of queries with these values that some rules cut.
pub(super) fn classes_of(cuts: &[Cut<'_>], values: &[Choice; 4]) -> Vec<QueryClass> {
    let slices = VersionParameter::ALL.map(|parameter| slices(cuts, values, parameter));
    let class = |versions| QueryClass {
        values: values.clone(),
        versions,
    };
    product(&slices).into_iter().map(class).collect()
}

/// Every way to choose or leave open the enumerated values.
pub(super) fn choices(bases: &[&RuleBase]) -> Vec<[Choice; 4]> {
    let names = EnumParameter::ALL.map(|parameter| {
        let mut names: Vec<Choice> = vec![None];
        for value in bases
            .iter()
            .flat_map(|base| base.vocabulary.values_of(parameter))
        {
            let name = Some(Arc::from(&*value.name));
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    });
    product(&names)
}

/// All ways to take one item of each list.
fn product<T: Clone + Default, const N: usize>(lists: &[Vec<T>; N]) -> Vec<[T; N]> {
    let mut found: Vec<[T; N]> = vec![std::array::from_fn(|_| T::default())];
    for (position, list) in lists.iter().enumerate() {
        found = found
            .iter()
            .flat_map(|chosen| {
                list.iter().map(move |item| {
                    let mut chosen = chosen.clone();
                    if let Some(slot) = chosen.get_mut(position) {
                        *slot = item.clone();
                    }
                    chosen
                })
            })
            .collect();
    }
    found
}

/// Open, and the intervals between the bounds that rules draw for queries with
/// these values.
fn slices(cuts: &[Cut<'_>], values: &[Choice; 4], parameter: VersionParameter) -> Vec<Slice> {
    let mut bounds = BTreeSet::from([0]);
    for cut in cuts {
        let base = cut.rules;
        let mut draw = |interval: Interval| {
            bounds.insert(interval.low);
            bounds.insert(interval.high);
        };
        for layer in cut
            .layers
            .iter()
            .filter(|layer| may_match(base, &layer.key, values))
        {
            layer
                .key
                .predicate(parameter)
                .iter()
                .for_each(|found| draw(found.interval()));
            for constraint in &layer.constraints {
                let path = usize::try_from(constraint.path).ok();
                let path = path.and_then(|path| base.constrained.get(path));
                if path.is_some_and(|path| path.judges == Some(parameter)) {
                    draw(constraint.predicate.interval());
                }
            }
        }
        for rule in cut
            .advisories
            .iter()
            .filter(|rule| may_hold(base, rule, values))
        {
            for clause in rule.when.iter().chain(&rule.requires) {
                if clause.subject == Subject::Parameter(parameter.parameter()) {
                    clause.condition.ranges().for_each(&mut draw);
                }
            }
        }
    }
    let ends = bounds.iter().skip(1).copied().chain([u128::MAX]);
    let ranges = bounds
        .iter()
        .copied()
        .zip(ends)
        .map(|(low, high)| Interval { low, high });
    std::iter::once(None)
        .chain(ranges.filter(|range| !range.is_empty()).map(Some))
        .collect()
}

/// Whether a key accepts these values, whatever the versions.
pub(super) fn may_match(base: &RuleBase, key: &super::key::Key, values: &[Choice; 4]) -> bool {
    EnumParameter::ALL
        .into_iter()
        .zip(values)
        .all(|(parameter, value)| {
            key.value(parameter).is_none_or(|wanted| {
                value.as_deref() == Some(base.vocabulary.name(parameter, wanted))
            })
        })
}

/// Whether an advisory can be given to queries with these values: none of what
/// it says about enumerated parameters fails.
fn may_hold(base: &RuleBase, rule: &AdvisoryRule, values: &[Choice; 4]) -> bool {
    rule.when.iter().all(|clause| {
        let Subject::Parameter(parameter) = clause.subject else {
            return true;
        };
        let ParameterKind::Enum(choice) = parameter.kind() else {
            return true;
        };
        let value = values.get(choice.index()).and_then(Option::as_deref);
        value.is_some_and(|name| {
            base.vocabulary.value(choice, name).is_some() && clause.condition.accepts(name)
        })
    })
}
