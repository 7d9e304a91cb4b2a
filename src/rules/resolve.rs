//! Query to recipe: apply the layers, intersect the constraints, judge.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Advisory, Constraint, Interval, Parameter, ParameterKind, Path, Query, Reading, Recipe,
    Setting, Severity, VersionParameter,
};

use super::advisory::Facts;
use super::base::{ConstrainedPath, Entry, Layer, LayerConstraint, RuleBase};

impl RuleBase {
    /// The recipe for a query. The same rule base and query always give the
    /// same recipe.
    #[must_use]
    pub fn recipe(&self, query: &Query) -> Recipe {
        let layers = self.applied(query);
        let winners = self.winners(&layers);
        let constraints = self.constraints(&layers);
        let values: Vec<(u32, &Reading)> = winners
            .iter()
            .filter_map(|entry| Some((entry.slot, entry.value.as_deref()?)))
            .collect();
        let mut advisories = constraint_advisories(query, &constraints);
        advisories.extend(self.advisories_about(query, &values));
        let covered = |parameter: Parameter| {
            layers.iter().any(|layer| layer.key.constrains(parameter))
                || constraints.iter().any(|(path, _)| judges(path, parameter))
        };
        let overlays = || layers.iter().skip(1);
        Recipe {
            version: Arc::clone(&self.version),
            released: self.released.clone(),
            digest: Arc::clone(&self.digest),
            overlays: layers.iter().map(|layer| Arc::clone(&layer.name)).collect(),
            matched_rules: overlays()
                .map(|layer| Arc::clone(&layer.sentence))
                .collect(),
            request: query
                .known(&self.vocabulary)
                .map(|(parameter, text)| (parameter, text.to_owned()))
                .collect(),
            settings: winners
                .iter()
                .filter_map(|entry| self.setting(entry))
                .collect(),
            coverage: self.grid.judge(query, covered),
            constraints: constraints
                .into_iter()
                .map(|(_, constraint)| constraint)
                .collect(),
            advisories,
            notes: Vec::new(),
        }
    }

    /// Known issues that touch a node as it was measured, whatever is recommended.
    #[must_use]
    pub fn known_issues(
        &self,
        query: &Query,
        readings: &BTreeMap<Path, Reading>,
    ) -> Vec<Arc<Advisory>> {
        let values: Vec<(u32, &Reading)> = (0..)
            .zip(&self.paths)
            .filter_map(|(slot, path)| Some((slot, readings.get(&**path)?)))
            .collect();
        self.advisories_about(query, &values)
    }

    fn advisories_about(&self, query: &Query, values: &[(u32, &Reading)]) -> Vec<Arc<Advisory>> {
        let facts = Facts {
            query,
            vocabulary: &self.vocabulary,
            values,
        };
        let rules = self.advisories.iter().filter(|rule| rule.applies(&facts));
        rules.map(|rule| Arc::clone(&rule.advisory)).collect()
    }

    /// The entry that counts for each slot, sorted by slot.
    fn winners<'l>(&self, layers: &[&'l Layer]) -> Vec<&'l Entry> {
        let mut entries: Vec<&Entry> = layers.iter().flat_map(|layer| &layer.entries).collect();
        // Stable: entries of one slot stay in the order in which layers apply,
        // and the runs that layers are make it close to a merge.
        entries.sort_by_key(|entry| entry.slot);
        let mut winners: Vec<&Entry> = Vec::with_capacity(self.paths.len().min(entries.len()));
        for entry in entries {
            match winners.last_mut() {
                Some(last) if last.slot == entry.slot => *last = entry,
                _ => winners.push(entry),
            }
        }
        winners
    }

    fn setting(&self, entry: &Entry) -> Option<Setting> {
        Some(Setting {
            path: Arc::clone(self.path(entry.slot)?),
            value: Arc::clone(entry.value.as_ref()?),
            context: entry.context.clone(),
        })
    }

    /// The intersection of all ranges, path by path.
    fn constraints<'r>(&'r self, layers: &[&Layer]) -> Vec<(&'r ConstrainedPath, Constraint)> {
        let mut by_path: BTreeMap<u32, Vec<&LayerConstraint>> = BTreeMap::new();
        for constraint in layers.iter().flat_map(|layer| &layer.constraints) {
            by_path.entry(constraint.path).or_default().push(constraint);
        }
        by_path
            .into_iter()
            .filter_map(|(path, parts)| {
                let path = self.constrained.get(usize::try_from(path).ok()?)?;
                Some((path, intersection(path, &parts)?))
            })
            .collect()
    }
}

/// One advisory for each version in the query outside a range.
fn constraint_advisories(
    query: &Query,
    constraints: &[(&ConstrainedPath, Constraint)],
) -> Vec<Arc<Advisory>> {
    let mut advisories = Vec::new();
    for (path, constraint) in constraints {
        let Some(parameter) = path.judges else {
            continue;
        };
        let Some(version) = query.version(parameter) else {
            continue;
        };
        if !constraint.predicate.accepts(version) {
            advisories.push(Arc::new(outside(parameter, version.as_str(), constraint)));
        }
    }
    advisories
}

fn judges(path: &ConstrainedPath, parameter: Parameter) -> bool {
    matches!(parameter.kind(), ParameterKind::Version(choice) if path.judges == Some(choice))
}

fn intersection(path: &ConstrainedPath, parts: &[&LayerConstraint]) -> Option<Constraint> {
    let predicate = parts
        .iter()
        .map(|part| part.predicate.clone())
        .reduce(|both, next| both.intersect(&next))?;
    // Only those who set a bound that is left are cited.
    let interval = predicate.interval();
    let all = Interval::ALL;
    let mut sources: Vec<Arc<str>> = parts
        .iter()
        .filter(|part| {
            let own = part.predicate.interval();
            (own.low == interval.low && own.low != all.low)
                || (own.high == interval.high && own.high != all.high)
        })
        .flat_map(|part| part.sources.iter().cloned())
        .collect();
    sources.sort();
    sources.dedup();
    Some(Constraint {
        path: path.selector.clone(),
        predicate,
        sources,
    })
}

fn outside(parameter: VersionParameter, version: &str, constraint: &Constraint) -> Advisory {
    let Constraint {
        path,
        predicate,
        sources,
    } = constraint;
    let name = parameter.parameter().name();
    Advisory {
        id: "CONSTRAINT".to_owned(),
        severity: Severity::Error,
        message: format!("{name} {version} is outside {predicate}, which {path} must satisfy"),
        remedy: format!("move to a version within {predicate}"),
        source: sources.join(", "),
    }
}
