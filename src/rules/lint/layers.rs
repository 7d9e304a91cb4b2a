//! What single layers, and pairs of them, show.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{MeasurementType, Parameter, Path, VersionParameter};
use crate::rules::base::{Layer, RuleBase};
use crate::rules::diagnostic::{Diagnostic, DiagnosticSeverity};
use crate::rules::space::Region;

use super::finding;

/// Tags that name something else tomorrow.
const MOVING_TAGS: [&str; 6] = ["latest", "main", "master", "stable", "edge", "nightly"];

pub(super) fn moving_tags(rules: &RuleBase, found: &mut Vec<Diagnostic>) {
    for layer in &rules.layers {
        for entry in &layer.entries {
            let Some(path) = rules.path(entry.slot) else {
                continue;
            };
            let tag = entry.value.as_ref().map(|value| value.text().into_owned());
            if &*path.subtype == "image"
                && let Some(tag) = tag.filter(|tag| MOVING_TAGS.contains(&tag.as_str()))
            {
                let mut location = layer.location.clone();
                location.at.line = entry.line;
                let message = format!("{path} is `{tag}`, which names another image tomorrow");
                let hint = "pin the tag of a release";
                found.push(finding(
                    DiagnosticSeverity::Warning,
                    "unpinned-tag",
                    &location,
                    message,
                    hint,
                ));
            }
        }
    }
}

/// Images whose tags name more than one release, and how many: the build beside the
/// release, or the library it was built on. A shorter tag cannot be pulled.
/// <https://catalog.ngc.nvidia.com/orgs/nvidia/teams/k8s/containers/dcgm-exporter/tags>
const RELEASES_IN_TAG: [(&str, usize); 2] = [("dcgm", 2), ("dcgm-exporter", 2)];

/// Tags that lack a part which every published tag of the image has.
pub(super) fn unpullable_tags(rules: &RuleBase, found: &mut Vec<Diagnostic>) {
    for layer in &rules.layers {
        for entry in &layer.entries {
            let Some(path) = rules.path(entry.slot) else {
                continue;
            };
            let image = RELEASES_IN_TAG
                .iter()
                .find(|(image, _)| *image == &*path.key);
            let (Some((_, wanted)), Some(value)) = (image, &entry.value) else {
                continue;
            };
            let tag = value.text();
            let release = |part: &&str| part.starts_with(|first: char| first.is_ascii_digit());
            let releases = tag.split('-').take_while(release).count();
            if &*path.subtype != "image" || releases == *wanted {
                continue;
            }
            let mut location = layer.location.clone();
            location.at.line = entry.line;
            let message = format!(
                "{path} is `{tag}`, but its published tags name {wanted} releases, this one {releases}"
            );
            let hint = "write the whole tag, such as 4.3.1-4.4.0 of dcgm-exporter";
            let severity = DiagnosticSeverity::Warning;
            found.push(finding(
                severity,
                "unpullable-tag",
                &location,
                message,
                hint,
            ));
        }
    }
}

/// Constraints that are wider than one which always applies beside them: they
/// intersect, so the wider one changes nothing, and its author meant it to.
pub(super) fn loosened(rules: &RuleBase, found: &mut Vec<Diagnostic>) {
    let region = |layer: &Layer| Region::of(&layer.key, &rules.vocabulary);
    for (position, layer) in rules.layers.iter().enumerate() {
        for wide in &layer.constraints {
            let own = wide.predicate.interval();
            let before = rules.layers.iter().take(position);
            let narrower = before.clone().find(|before| {
                let narrow = before.constraints.iter().any(|narrow| {
                    let other = narrow.predicate.interval();
                    narrow.path == wide.path && other != own && own.intersect(other) == other
                });
                narrow && region(layer).without(&region(before)).is_empty()
            });
            let path = usize::try_from(wide.path).ok();
            let path = path.and_then(|path| rules.constrained.get(path));
            if let (Some(narrower), Some(path)) = (narrower, path) {
                let message = format!(
                    "`{}` does not loosen what `{}` asks of {}: constraints only narrow",
                    wide.predicate, narrower.name, path.selector
                );
                let hint = "remove it, or widen the other one";
                let severity = DiagnosticSeverity::Warning;
                found.push(finding(
                    severity,
                    "loosened",
                    &layer.location,
                    message,
                    hint,
                ));
            }
        }
    }
}

/// Keys that no bundle reads, so that they change no cluster: one note a key, where
/// it is first set. What nodes are measured by (OS, systemd, GPU) is for comparing.
pub(super) fn unread(rules: &RuleBase, read: impl Fn(&Path) -> bool, found: &mut Vec<Diagnostic>) {
    let mut seen = BTreeSet::new();
    for layer in &rules.layers {
        for entry in layer.entries.iter().filter(|entry| entry.value.is_some()) {
            let Some(path) = rules.path(entry.slot) else {
                continue;
            };
            if path.kind != MeasurementType::K8s || read(path) || !seen.insert(entry.slot) {
                continue;
            }
            let mut location = layer.location.clone();
            location.at.line = entry.line;
            let message = format!("no bundle reads {path}");
            let hint = "it is advice for people; if it should reach a cluster, check its name";
            found.push(finding(
                DiagnosticSeverity::Note,
                "unread",
                &location,
                message,
                hint,
            ));
        }
    }
}

/// Overlays with one key and one priority: an edit of the first is undone by
/// the second.
pub(super) fn twins(rules: &RuleBase, found: &mut Vec<Diagnostic>) {
    let mut seen: BTreeMap<(Vec<Option<String>>, i64), &Layer> = BTreeMap::new();
    for layer in rules.layers.iter().skip(1) {
        let key = Parameter::ALL
            .into_iter()
            .map(|parameter| layer.key.text(&rules.vocabulary, parameter))
            .collect();
        if let Some(first) = seen.insert((key, layer.priority), layer) {
            let message = format!(
                "`{}` has the key and priority of `{}`",
                layer.name, first.name
            );
            let hint = "make them one overlay, or give one a higher priority";
            found.push(finding(
                DiagnosticSeverity::Warning,
                "same-key",
                &layer.location,
                message,
                hint,
            ));
        }
    }
}

/// Keys that only layers with a version in their key set: a query that leaves
/// the version open gets none.
pub(super) fn missing_defaults(rules: &RuleBase, found: &mut Vec<Diagnostic>) {
    let versioned = |layer: &Layer| {
        VersionParameter::ALL
            .into_iter()
            .any(|parameter| layer.key.predicate(parameter).is_some())
    };
    let sets = |layer: &Layer| {
        let set = layer.entries.iter().filter(|entry| entry.value.is_some());
        set.map(|entry| entry.slot).collect::<Vec<_>>()
    };
    let (refining, plain): (Vec<&Layer>, Vec<&Layer>) =
        rules.layers.iter().partition(|layer| versioned(layer));
    let defaults: BTreeSet<u32> = plain.into_iter().flat_map(sets).collect();
    let mut reported = BTreeSet::new();
    for layer in refining {
        for slot in sets(layer) {
            if let Some(path) = rules.path(slot)
                && !defaults.contains(&slot)
                && reported.insert(slot)
            {
                let message = format!(
                    "{path} is set by `{}` for some versions only: a query without a version gets none",
                    layer.name
                );
                let hint = "set a default in a layer without a version";
                found.push(finding(
                    DiagnosticSeverity::Warning,
                    "no-default",
                    &layer.location,
                    message,
                    hint,
                ));
            }
        }
    }
}
