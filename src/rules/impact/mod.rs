//! What a change of rules changes: every class of queries whose recipe differs
//! between two rule bases, grouped by identical change.

use std::collections::BTreeMap;

use crate::model::{Advisory, Recipe};

use super::base::RuleBase;
use super::classes::{QueryClass, choices, classes_of};
use super::describe::{Scopes, describe};

mod touching;

use touching::Touching;

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
    let reached = choices(&[old, new])
        .into_iter()
        .filter(|values| touching.may_reach(values))
        .flat_map(|values| classes_of(touching.cuts(), &values))
        .filter(|class| touching.reaches(class));
    for class in reached {
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
        let Advisory {
            id,
            severity,
            message,
            remedy,
            source,
        } = &**advisory;
        let text = format!("{}: {message}; {remedy} ({source})", severity.name());
        // Each constraint that does not hold has one, all with the same id.
        let said: &mut String = facts.entry(format!("advisory {id}")).or_default();
        if !said.is_empty() {
            said.push_str("; ");
        }
        said.push_str(&text);
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
