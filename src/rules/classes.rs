//! Classes of queries that no rule can tell apart.
//!
//! Rules compare enumerated values for equality and versions with bounds. So the
//! values of each parameter, left open among them, times the intervals that the
//! bounds of the rules in question cut, are all there is to ask. One query of a
//! class speaks for all of them: what is decided over classes is decided over
//! every query, exactly.

use std::collections::BTreeSet;

use crate::model::{
    EnumParameter, Interval, Parameter, ParameterKind, Query, VersionParameter, Vocabulary,
};

use super::advisory::Subject;
use super::base::RuleBase;

/// What a class says about one enumerated parameter: a value by name, or open.
pub type Choice = Option<Box<str>>;

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

/// Every class of queries to some rule bases taken together.
pub fn classes<'r>(bases: &'r [&'r RuleBase]) -> impl Iterator<Item = QueryClass> + 'r {
    let names = EnumParameter::ALL.map(|parameter| {
        let mut names: Vec<Choice> = vec![None];
        for value in bases
            .iter()
            .flat_map(|base| base.vocabulary.values_of(parameter))
        {
            let name = Some(value.name.clone());
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    });
    product(&names).into_iter().flat_map(move |values| {
        let slices = VersionParameter::ALL.map(|parameter| slices(bases, &values, parameter));
        product(&slices)
            .into_iter()
            .map(move |versions| QueryClass {
                values: values.clone(),
                versions,
            })
    })
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
fn slices(bases: &[&RuleBase], values: &[Choice; 4], parameter: VersionParameter) -> Vec<Slice> {
    let mut bounds = BTreeSet::from([0]);
    for base in bases {
        let mut draw = |interval: Interval| {
            bounds.insert(interval.low);
            bounds.insert(interval.high);
        };
        for layer in base
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
        let clauses = base
            .advisories
            .iter()
            .flat_map(|rule| rule.when.iter().chain(&rule.requires));
        for clause in clauses {
            if clause.subject == Subject::Parameter(parameter.parameter()) {
                clause.condition.ranges().for_each(&mut draw);
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
fn may_match(base: &RuleBase, key: &super::key::Key, values: &[Choice; 4]) -> bool {
    EnumParameter::ALL
        .into_iter()
        .zip(values)
        .all(|(parameter, value)| {
            key.value(parameter).is_none_or(|wanted| {
                value.as_deref() == Some(base.vocabulary.name(parameter, wanted))
            })
        })
}

/// What a set of classes has in common for one parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Any value, or none.
    Any,
    /// Left open.
    Open,
    /// One value.
    Value(Box<str>),
    /// A range of versions.
    Range(Interval),
}

impl Scope {
    /// As a query would say it; `None` where it need not be said.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Any => None,
            Self::Open => Some("any".to_owned()),
            Self::Value(name) => Some(name.to_string()),
            Self::Range(Interval {
                low: 0,
                high: u128::MAX,
            }) => Some(">=0".to_owned()),
            Self::Range(Interval { low: 0, high }) => Some(format!("<{}", point_text(*high))),
            Self::Range(Interval {
                low,
                high: u128::MAX,
            }) => Some(format!(">={}", point_text(*low))),
            Self::Range(Interval { low, high }) => {
                Some(format!(">={} <{}", point_text(*low), point_text(*high)))
            }
        }
    }
}

/// A description of some classes: by [`Parameter`], what they say.
pub type Scopes = [Scope; 7];

/// Describes classes with as few boxes as merging along one parameter after the
/// other finds. Exactly the queries of the classes are described.
#[must_use]
pub fn describe(classes: &[QueryClass], vocabularies: &[&Vocabulary]) -> Vec<Scopes> {
    let mut boxes: Vec<Scopes> = classes.iter().map(scopes_of).collect();
    // Versions first: their cuts differ from class to class and have to go
    // before equal neighbours can be seen.
    let order = [
        Parameter::Kernel,
        Parameter::Osv,
        Parameter::K8s,
        Parameter::Intent,
        Parameter::Os,
        Parameter::Service,
        Parameter::Gpu,
    ];
    for parameter in order {
        boxes = merge_along(boxes, parameter, vocabularies);
    }
    boxes.sort();
    boxes
}

fn scopes_of(class: &QueryClass) -> Scopes {
    Parameter::ALL.map(|parameter| match parameter.kind() {
        ParameterKind::Enum(choice) => match class.values.get(choice.index()) {
            Some(Some(name)) => Scope::Value(name.clone()),
            _ => Scope::Open,
        },
        ParameterKind::Version(choice) => match class.versions.get(choice.index()) {
            Some(Some(range)) => Scope::Range(*range),
            _ => Scope::Open,
        },
    })
}

fn merge_along(
    boxes: Vec<Scopes>,
    parameter: Parameter,
    vocabularies: &[&Vocabulary],
) -> Vec<Scopes> {
    let at = parameter.index();
    let mut by_rest: std::collections::BTreeMap<Scopes, Vec<Scope>> =
        std::collections::BTreeMap::new();
    for mut scopes in boxes {
        if let Some(slot) = scopes.get_mut(at) {
            let own = std::mem::replace(slot, Scope::Any);
            by_rest.entry(scopes).or_default().push(own);
        }
    }
    let mut merged = Vec::new();
    for (rest, own) in by_rest {
        for scope in merged_scopes(own, parameter, vocabularies) {
            let mut scopes = rest.clone();
            if let Some(slot) = scopes.get_mut(at) {
                *slot = scope;
            }
            merged.push(scopes);
        }
    }
    merged
}

fn merged_scopes(
    mut own: Vec<Scope>,
    parameter: Parameter,
    vocabularies: &[&Vocabulary],
) -> Vec<Scope> {
    own.sort();
    let mut joined: Vec<Scope> = Vec::with_capacity(own.len());
    for scope in own {
        match (joined.last_mut(), &scope) {
            (Some(Scope::Range(last)), Scope::Range(next)) if last.high == next.low => {
                last.high = next.high;
            }
            _ => joined.push(scope),
        }
    }
    let complete = match parameter.kind() {
        ParameterKind::Version(_) => joined == [Scope::Open, Scope::Range(Interval::ALL)],
        ParameterKind::Enum(choice) => {
            let names = vocabularies
                .iter()
                .flat_map(|words| words.values_of(choice));
            joined.contains(&Scope::Open)
                && names
                    .into_iter()
                    .all(|value| joined.contains(&Scope::Value(value.name.clone())))
        }
    };
    if complete { vec![Scope::Any] } else { joined }
}
