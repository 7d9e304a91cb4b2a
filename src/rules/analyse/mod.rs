//! What can only be seen with all layers in hand: constraints that contradict
//! each other or a value, layers that compete, values that nobody vouches for.
//!
//! Every answer is exact over all possible queries; none is sampled.

use std::collections::HashMap;

use crate::model::{MeasurementType, Path};

use super::base::{Entry, Layer, RuleBase};
use super::diagnostic::{Location, Position, Report};
use super::space::Region;

mod ambiguity;
mod constraints;

/// Runs every analysis.
pub(in crate::rules) fn analyse(rules: &RuleBase, report: &mut Report) {
    let analysis = Analysis {
        rules,
        setters: setters(rules),
    };
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
        self.rules.path(slot).map(AsRef::as_ref)
    }

    fn region(&self, layer: &Layer) -> Region {
        Region::of(&layer.key, &self.rules.vocabulary)
    }

    /// Image tags go into shell variables and must be safe there; every recipe
    /// must pin the operator that runs the rest.
    fn images(&self, report: &mut Report) {
        for layer in &self.rules.layers {
            for entry in &layer.entries {
                let Some(path) = self.path(entry.slot) else {
                    continue;
                };
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
                && self
                    .path(*slot)
                    .is_some_and(|path| path.to_string() == "K8s.image.gpu-operator")
        });
        if let (false, Some(base)) = (pinned, self.layer(0)) {
            let hint = "set K8s.image.gpu-operator in the base";
            let message = "the base pins no gpu-operator";
            report.warning(base.location.clone(), "no-operator", message, hint);
        }
    }

    fn unsourced(&self, report: &mut Report) {
        for layer in &self.rules.layers {
            let mut unsourced = layer
                .entries
                .iter()
                .filter(|entry| entry.sources.is_empty());
            if let Some(first) = unsourced.next() {
                let count = unsourced.count() + 1;
                let message = format!("{count} values of `{}` have no source", layer.name);
                let hint = "cite an id of `sources` with `source: [...]`";
                report.warning(line_of(layer, first), "no-source", message, hint);
            }
        }
    }
}

fn line_of(layer: &Layer, entry: &Entry) -> Location {
    let at = Position {
        line: entry.line,
        column: layer.location.at.column,
    };
    Location {
        file: layer.location.file.clone(),
        at,
    }
}

fn is_tag(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}
