//! Sets of query classes in few words.
//!
//! Which classes belong together is decided elsewhere; here they are only
//! described, exactly.

use std::sync::Arc;

use crate::model::{Interval, Parameter, ParameterKind, Vocabulary};

use super::classes::{QueryClass, point_text};

/// What a set of classes has in common for one parameter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Any value, or none.
    Any,
    /// Left open.
    Open,
    /// One value.
    Value(Arc<str>),
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
                    .all(|value| joined.contains(&Scope::Value(Arc::from(&*value.name))))
        }
    };
    if complete { vec![Scope::Any] } else { joined }
}
