//! What differs between two sets of readings, and whether two readings of one
//! path say the same.
//!
//! Which paths are compared how is data ([`crate::model::Profile`]); how
//! differences are shown, and what they mean for a process, is left to the edges.

mod same;

use std::collections::BTreeMap;

use crate::model::{Comparison, MeasurementType, Path, PathPattern, Profile, Reading, Severity};

pub use same::satisfies;

/// Readings by path, as a snapshot or a recipe has them.
pub type Readings = BTreeMap<Path, Reading>;

/// One path that differs.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where.
    pub path: Path,
    /// The baseline's reading; `None` when it has none.
    pub baseline: Option<Reading>,
    /// The current reading; `None` when there is none.
    pub current: Option<Reading>,
    /// How much it matters.
    pub severity: Severity,
}

impl Change {
    /// `added`, `removed` or `changed`.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match (&self.baseline, &self.current) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        }
    }
}

/// Everything that differs, in document order. Noise and what `ignore` names are
/// left out.
#[must_use]
pub fn changes(
    baseline: &Readings,
    current: &Readings,
    profile: &Profile,
    ignore: &[PathPattern],
) -> Vec<Change> {
    let baseline = installed(baseline);
    let mut current = installed(current);
    let mut found = Vec::new();
    for (path, before) in baseline {
        let after = current.remove(path);
        if after.is_none_or(|after| !unchanged(profile.mode(path), before, after)) {
            found.push((path, Some(before), after));
        }
    }
    found.extend(
        current
            .into_iter()
            .map(|(path, after)| (path, None, Some(after))),
    );
    let ignored = |path: &Path| ignore.iter().any(|pattern| pattern.matches(path));
    found.retain(|(path, _, _)| !profile.is_noise(path) && !ignored(path));
    found.sort_by_key(|(path, _, _)| *path);
    let change = |(path, before, after): (&Path, Option<&Reading>, Option<&Reading>)| Change {
        severity: profile.severity(path),
        path: path.clone(),
        baseline: before.cloned(),
        current: after.cloned(),
    };
    found.into_iter().map(change).collect()
}

/// A later version satisfies a minimum, but it is a change all the same.
fn unchanged(mode: Comparison, before: &Reading, after: &Reading) -> bool {
    let mode = match mode {
        Comparison::Minimum => Comparison::Text,
        other => other,
    };
    satisfies(mode, before, after)
}

/// Without units that are not installed: systemd reports defaults of its own for
/// them, and some writers keep those.
fn installed(readings: &Readings) -> BTreeMap<&Path, &Reading> {
    let absent: Vec<&str> = readings
        .iter()
        .filter(|(path, reading)| {
            path.kind == MeasurementType::SystemD
                && &*path.key == "LoadState"
                && reading.text() == "not-found"
        })
        .map(|(path, _)| &*path.subtype)
        .collect();
    let kept = readings.iter().filter(|(path, _)| {
        path.kind != MeasurementType::SystemD || !absent.contains(&&*path.subtype)
    });
    kept.collect()
}

#[cfg(test)]
mod tests;
