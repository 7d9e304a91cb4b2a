//! A snapshot held against its baseline and against the recipe for it.
//!
//! By the engine that everything else uses: `diff` and `assess`. What follows
//! from the judgement is decided in `status`.

use std::fmt::Write;

use crate::assess::{Outcome, Verdict, imply, validate};
use crate::diff::{Change, changes};
use crate::model::{MeasurementType, Parameter, Path, PathPattern, Snapshot};
use crate::rules::RuleBase;
use crate::wire::{Format, read_snapshot};

use super::resource::DriftWatchSpec;

/// So many paths are named; the rest is counted.
const NAMED: usize = 5;
/// How the metadata of a snapshot name collectors that failed.
const COLLECTOR: &str = "collector.";
const FAILED: &str = "failed";

/// A document in a `ConfigMap`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    /// With its key and text.
    Text(String, String),
    /// It is not there, and what exactly is not.
    Missing(String),
}

/// What was found out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Judgement {
    /// Against the baseline, where there is one to compare with.
    pub(super) drift: Option<Count>,
    /// Against the recipe, where that is asked for.
    pub(super) advice: Option<Count>,
    /// Why something could not be compared: reason and message.
    pub(super) gap: Option<(&'static str, String)>,
}

/// How much differs, and what, in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) number: u32,
    pub(super) message: String,
}

/// Reads a snapshot by its key.
///
/// # Errors
/// What is wrong with it.
pub(super) fn read(found: &Found) -> Result<Snapshot, String> {
    match found {
        Found::Missing(what) => Err(what.clone()),
        Found::Text(key, text) => {
            let format = match key.rsplit_once('.') {
                Some((_, "json")) => Format::Json,
                _ => Format::Yaml,
            };
            read_snapshot(text.as_bytes(), format).map_err(|error| error.to_string())
        }
    }
}

/// Holds a snapshot against all that a watch names.
pub(super) fn judge(
    rules: &RuleBase,
    spec: &DriftWatchSpec,
    mut snapshot: Snapshot,
    baseline: Option<&Found>,
) -> Judgement {
    let mut judgement = Judgement::default();
    let ignore: Vec<PathPattern> = spec
        .ignore
        .iter()
        .map(|one| PathPattern::new(one))
        .collect();
    let unseen = unseen(&snapshot);
    let seen = |path: &Path| !unseen.iter().any(|(kind, _)| *kind == path.kind);
    if let Some((_, why)) = unseen.first() {
        judgement.gap = Some(("PartlyMeasured", why.clone()));
    }
    snapshot.readings.retain(|path, _| seen(path));
    match baseline.map(|found| (found, read(found))) {
        None => {}
        Some((_, Ok(mut baseline))) => {
            baseline.readings.retain(|path, _| seen(path));
            let (before, after) = (&baseline.readings, &snapshot.readings);
            let found = changes(before, after, rules.profile(), &ignore);
            judgement.drift = Some(drift(&found));
        }
        Some((Found::Missing(_), Err(what))) => judgement.gap = Some(("BaselineMissing", what)),
        Some((Found::Text(..), Err(why))) => {
            let message = format!("the baseline cannot be read: {why}");
            judgement.gap = Some(("BaselineUnreadable", message));
        }
    }
    if let Some(choice) = &spec.recipe {
        match verdict(rules, &snapshot, &choice.intent, &ignore) {
            Ok(verdict) => judgement.advice = Some(advice(&verdict)),
            Err(why) => judgement.gap = Some(("InvalidIntent", why)),
        }
    }
    judgement
}

fn verdict(
    rules: &RuleBase,
    snapshot: &Snapshot,
    intent: &str,
    ignore: &[PathPattern],
) -> Result<Verdict, String> {
    let mut query = imply(snapshot, rules.vocabulary()).query;
    query
        .set(rules.vocabulary(), Parameter::Intent, intent)
        .map_err(|problem| {
            let allowed = problem.allowed.join(", ");
            format!("`{intent}` is no intent; allowed: {allowed}")
        })?;
    let recipe = rules.recipe(&query);
    let mut verdict = validate(snapshot, &recipe, Vec::new(), rules.profile());
    let counts = |path: &Path| !ignore.iter().any(|pattern| pattern.matches(path));
    verdict.findings.retain(|finding| counts(&finding.path));
    verdict.ranges.retain(|range| {
        let mut paths = snapshot.readings.keys();
        paths
            .find(|path| range.path.matches(path))
            .is_none_or(counts)
    });
    Ok(verdict)
}

/// What nothing can be said about, because its collector failed: an absence that
/// nobody saw is no drift.
fn unseen(snapshot: &Snapshot) -> Vec<(MeasurementType, String)> {
    let failed = snapshot.metadata.iter().filter_map(|(key, state)| {
        let name = key.strip_prefix(COLLECTOR)?;
        let why = state.strip_prefix(FAILED)?;
        let mut kinds = MeasurementType::ALL.into_iter();
        let kind = kinds.find(|kind| kind.name().eq_ignore_ascii_case(name))?;
        Some((kind, format!("{kind} could not be measured{why}")))
    });
    failed.collect()
}

fn drift(found: &[Change]) -> Count {
    let named = found
        .iter()
        .map(|change| format!("{} {}", change.path, change.kind()));
    count(
        found.len(),
        "change",
        named,
        "the node is as the baseline says",
    )
}

fn advice(verdict: &Verdict) -> Count {
    let values = verdict
        .findings
        .iter()
        .filter(|finding| finding.deviates())
        .map(|finding| format!("{} {}", finding.path, finding.outcome.name()));
    let ranges = verdict
        .ranges
        .iter()
        .filter(|range| range.outcome == Outcome::Fail)
        .map(|range| format!("{} outside {}", range.path, range.range));
    let named: Vec<String> = values.chain(ranges).collect();
    let number = named.len();
    count(
        number,
        "finding",
        named.into_iter(),
        "the node is as its recipe says",
    )
}

fn count(number: usize, what: &str, named: impl Iterator<Item = String>, nothing: &str) -> Count {
    let plural = if number == 1 { "" } else { "s" };
    let mut message = format!("{number} {what}{plural}");
    let named: Vec<String> = named.take(NAMED).collect();
    if named.is_empty() {
        nothing.clone_into(&mut message);
    } else {
        // Writing into memory does not fail.
        let _ = write!(message, ": {}", named.join(", "));
    }
    if let Some(more @ 1..) = number.checked_sub(NAMED) {
        let _ = write!(message, " and {more} more");
    }
    Count {
        number: u32::try_from(number).unwrap_or(u32::MAX),
        message,
    }
}
