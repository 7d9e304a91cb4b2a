//! Values that change no recipe: overridden wherever they apply, or the same as
//! what less specific layers already say.

use std::collections::BTreeMap;

use crate::model::Path;
use crate::rules::base::{Entry, Layer, RuleBase};
use crate::rules::diagnostic::{Diagnostic, DiagnosticSeverity};
use crate::rules::space::Region;

use super::finding;

/// Who sets one path, from the least to the most specific, and for which queries.
struct Setter<'r> {
    layer: &'r Layer,
    entry: &'r Entry,
    region: Region,
}

pub(super) fn without_effect(rules: &RuleBase, found: &mut Vec<Diagnostic>) {
    let mut by_slot: BTreeMap<u32, Vec<Setter<'_>>> = BTreeMap::new();
    for layer in &rules.layers {
        for entry in &layer.entries {
            let region = Region::of(&layer.key, &rules.vocabulary);
            let setter = Setter {
                layer,
                entry,
                region,
            };
            by_slot.entry(entry.slot).or_default().push(setter);
        }
    }
    for (slot, setters) in &by_slot {
        let path = usize::try_from(*slot)
            .ok()
            .and_then(|slot| rules.paths.get(slot));
        let Some(path) = path else { continue };
        for (position, setter) in setters.iter().enumerate() {
            let (earlier, rest) = setters.split_at(position);
            let later = rest.get(1..).unwrap_or_default();
            found.extend(judge(path, setter, earlier, later));
        }
    }
}

fn judge(
    path: &Path,
    setter: &Setter<'_>,
    earlier: &[Setter<'_>],
    later: &[Setter<'_>],
) -> Option<Diagnostic> {
    let Setter { layer, entry, .. } = setter;
    let mut location = layer.location.clone();
    location.at.line = entry.line;
    let value = entry
        .value
        .as_deref()
        .map_or_else(|| "null".to_owned(), ToString::to_string);
    let seen = without(vec![setter.region.clone()], later.iter());
    if seen.is_empty() {
        let message = format!("no recipe shows this {path}: more specific layers always set it");
        let hint = "remove it here, or narrow the layer that overrides it";
        return Some(finding(
            DiagnosticSeverity::Warning,
            "overridden",
            &location,
            message,
            hint,
        ));
    }
    restated(seen, setter, earlier).then(|| {
        let message = format!("{path} would be `{value}` without this line too");
        let hint = "remove it, or leave it as a reminder";
        finding(
            DiagnosticSeverity::Note,
            "restated",
            &location,
            message,
            hint,
        )
    })
}

/// Whether less specific layers give the same value wherever this one is seen.
fn restated(mut seen: Vec<Region>, setter: &Setter<'_>, earlier: &[Setter<'_>]) -> bool {
    for before in earlier.iter().rev() {
        let shared = seen
            .iter()
            .any(|piece| !piece.intersect(&before.region).is_empty());
        if shared && before.entry.value != setter.entry.value {
            return false;
        }
        if shared {
            seen = without(seen, std::iter::once(before));
        }
    }
    // Where nobody sets a path, removing it changes nothing either.
    seen.is_empty() || setter.entry.value.is_none()
}

fn without<'s, 'r: 's>(
    mut pieces: Vec<Region>,
    setters: impl Iterator<Item = &'s Setter<'r>>,
) -> Vec<Region> {
    for setter in setters {
        if pieces.is_empty() {
            break;
        }
        pieces = pieces
            .iter()
            .flat_map(|piece| piece.without(&setter.region))
            .collect();
    }
    pieces
}
