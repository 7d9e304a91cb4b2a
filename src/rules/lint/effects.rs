//! Values that change no recipe: overridden wherever they apply, or the same as
//! what less specific layers already say.

use crate::model::Path;
use crate::rules::base::RuleBase;
use crate::rules::diagnostic::{Diagnostic, DiagnosticSeverity};

use super::finding;
use super::setters::{Ranked, Setters};

pub(super) fn without_effect(rules: &RuleBase, setters: &Setters<'_>, found: &mut Vec<Diagnostic>) {
    for (slot, setters) in setters {
        let Some(path) = rules.path(*slot) else {
            continue;
        };
        found.extend(Ranked::of(setters).filter_map(|ranked| judge(path, ranked)));
    }
}

fn judge(path: &Path, ranked: Ranked<'_, '_>) -> Option<Diagnostic> {
    let setter = ranked.setter;
    let location = setter.location();
    if setter.region.uncovered(ranked.overriding()).is_none() {
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
    restated(ranked).then(|| {
        let value = setter.entry.value.as_deref();
        let value = value.map_or_else(|| "null".to_owned(), ToString::to_string);
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
fn restated(ranked: Ranked<'_, '_>) -> bool {
    let Ranked {
        setter, earlier, ..
    } = ranked;
    // Those that differ, each where it would be seen instead.
    let differing =
        Ranked::of(earlier).filter(|before| before.setter.entry.value != setter.entry.value);
    let mut instead = differing.map(|before| {
        let both = setter.region.intersect(&before.setter.region);
        both.uncovered(before.overriding().chain(ranked.overriding()))
    });
    if instead.any(|seen| seen.is_some()) {
        return false;
    }
    // Where nobody sets a path, removing it changes nothing either.
    let others = earlier.iter().map(|before| &before.region);
    setter.entry.value.is_none()
        || setter
            .region
            .uncovered(others.chain(ranked.overriding()))
            .is_none()
}
