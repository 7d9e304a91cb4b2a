//! What a change of rules changes: every class of queries whose recipe differs
//! between two rule bases, grouped by identical change.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Parameter, Path, Reading, Recipe};

use super::base::{AdvisorySummary, Layer, RuleBase};
use super::classes::{QueryClass, classes};
use super::describe::{Scopes, describe};

/// One value that differs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValueChange {
    /// A path, or `constraint <path>`, `advisory <id>`, `coverage`, `answer`.
    pub path: String,
    /// What the old rule base says; `None` when it says nothing.
    pub old: Option<String>,
    /// What the new rule base says; `None` when it says nothing.
    pub new: Option<String>,
}

/// One change and the queries it touches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Which queries: exactly those that one of the boxes holds.
    pub queries: Vec<Scopes>,
    /// What changes for each of them.
    pub values: Vec<ValueChange>,
}

/// Compares two rule bases over all queries; the change with the shortest
/// description of its queries comes first.
#[must_use]
pub fn impact(old: &RuleBase, new: &RuleBase) -> Vec<Change> {
    let mut touched: BTreeMap<ValueChange, Vec<QueryClass>> = BTreeMap::new();
    let touching = Touching::new(old, new);
    for class in classes(&[old, new]) {
        if !touching.reaches(&class) {
            continue;
        }
        let answer = |rules: &RuleBase| {
            class
                .query(&rules.vocabulary)
                .map(|query| rules.recipe(&query))
        };
        for change in differences(answer(old).as_ref(), answer(new).as_ref()) {
            touched.entry(change).or_default().push(class.clone());
        }
    }
    // Values that change for the very same queries are one change.
    let mut groups: BTreeMap<Vec<QueryClass>, Vec<ValueChange>> = BTreeMap::new();
    for (change, classes) in touched {
        groups.entry(classes).or_default().push(change);
    }
    let words = [&old.vocabulary, &new.vocabulary];
    let mut changes: Vec<Change> = groups
        .into_iter()
        .map(|(classes, values)| Change {
            queries: describe(&classes, &words),
            values,
        })
        .collect();
    changes.sort_by(|left, right| {
        (left.queries.len(), &left.queries).cmp(&(right.queries.len(), &right.queries))
    });
    changes
}

/// Which layers differ, so that queries which get none of them are passed over
/// without asking for their recipes.
struct Touching<'r> {
    sides: [(&'r RuleBase, BTreeSet<usize>); 2],
    /// Something else differs, which may reach any query.
    everywhere: bool,
}

impl<'r> Touching<'r> {
    fn new(old: &'r RuleBase, new: &'r RuleBase) -> Self {
        let shapes = |rules: &'r RuleBase| rules.layers.iter().map(|layer| shape(rules, layer));
        let (before, after): (Vec<_>, Vec<_>) = (shapes(old).collect(), shapes(new).collect());
        let missing = |own: &[Shape<'_>], other: &[Shape<'_>]| {
            let other: BTreeSet<&Shape<'_>> = other.iter().collect();
            let own = own.iter().enumerate();
            own.filter(|(_, shape)| !other.contains(shape))
                .map(|(rank, _)| rank)
                .collect::<BTreeSet<usize>>()
        };
        let (gone, come) = (missing(&before, &after), missing(&after, &before));
        let kept = |shapes: Vec<Shape<'r>>, changed: &BTreeSet<usize>| {
            let shapes = shapes.into_iter().enumerate();
            shapes
                .filter(|(rank, _)| !changed.contains(rank))
                .map(|(_, shape)| shape)
                .collect::<Vec<_>>()
        };
        let everywhere = kept(before, &gone) != kept(after, &come)
            || old.grid != new.grid
            || format!("{:?}", old.vocabulary) != format!("{:?}", new.vocabulary)
            || !old.advisories().map(told).eq(new.advisories().map(told));
        Self {
            sides: [(old, gone), (new, come)],
            everywhere,
        }
    }

    fn reaches(&self, class: &QueryClass) -> bool {
        self.everywhere
            || self.sides.iter().any(|(rules, changed)| {
                let query = class.query(&rules.vocabulary);
                let applied = query.map(|query| rules.applied_ranks(&query));
                applied.is_none_or(|ranks| ranks.iter().any(|rank| changed.contains(rank)))
            })
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
                let path = rules.paths.get(at(entry.slot))?;
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

fn told(advisory: AdvisorySummary<'_>) -> String {
    format!("{advisory:?}")
}

fn differences(old: Option<&Recipe>, new: Option<&Recipe>) -> Vec<ValueChange> {
    match (old, new) {
        (Some(old), Some(new)) if same(old, new) => Vec::new(),
        (Some(old), Some(new)) => compare(facts(old), facts(new)),
        (None, None) => Vec::new(),
        (old, new) => {
            let level = |recipe: &Recipe| recipe.coverage.level.name().to_owned();
            let path = "answer".to_owned();
            vec![ValueChange {
                path,
                old: old.map(level),
                new: new.map(level),
            }]
        }
    }
}

/// Decides without building texts for the many classes where nothing differs.
fn same(old: &Recipe, new: &Recipe) -> bool {
    let settings = |recipe: &Recipe| recipe.settings.len();
    settings(old) == settings(new)
        && old.coverage.level == new.coverage.level
        && old.advisories == new.advisories
        && old.constraints.len() == new.constraints.len()
        && old
            .constraints
            .iter()
            .zip(&new.constraints)
            .all(|(old, new)| {
                old.path == new.path && old.predicate.to_string() == new.predicate.to_string()
            })
        && old
            .settings
            .iter()
            .zip(&new.settings)
            .all(|(old, new)| old.path == new.path && old.value.agrees_with(&new.value))
}

fn facts(recipe: &Recipe) -> BTreeMap<String, String> {
    let mut facts = BTreeMap::new();
    for setting in &recipe.settings {
        facts.insert(setting.path.to_string(), setting.value.to_string());
    }
    for constraint in &recipe.constraints {
        facts.insert(
            format!("constraint {}", constraint.path),
            constraint.predicate.to_string(),
        );
    }
    for advisory in &recipe.advisories {
        let text = format!("{}: {}", advisory.severity.name(), advisory.message);
        facts.insert(format!("advisory {}", advisory.id), text);
    }
    facts.insert(
        "coverage".to_owned(),
        recipe.coverage.level.name().to_owned(),
    );
    facts
}

fn compare(old: BTreeMap<String, String>, mut new: BTreeMap<String, String>) -> Vec<ValueChange> {
    let mut changes: Vec<ValueChange> = old
        .into_iter()
        .map(|(path, old)| ValueChange {
            new: new.remove(&path),
            old: Some(old),
            path,
        })
        .filter(|change| change.old != change.new)
        .collect();
    changes.extend(new.into_iter().map(|(path, new)| ValueChange {
        path,
        old: None,
        new: Some(new),
    }));
    changes.sort();
    changes
}
