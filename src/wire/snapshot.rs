//! Snapshots as documents, read and written.
//!
//! Reading passes over names it does not know, so that a newer writer does not
//! fail; a reading it cannot understand is an error, because silently losing
//! one would change what is compared.

use std::collections::BTreeMap;

use serde::Serialize;

use super::fault::{Fault, did_you_mean, excerpt};
use super::measurement::{Line, Measurements};
use super::node::{Entry, Node, find};
use crate::model::{MeasurementType, Path, Reading, Snapshot};

pub(super) const API_VERSION: &str = "snapshot.dgxc.io/v1";

pub(super) fn read(entries: &[Entry<'_>]) -> Result<Snapshot, Fault> {
    let mut snapshot = Snapshot::default();
    for entry in optional_map(find(entries, "metadata"), "`metadata`")? {
        // Other writers nest things here; nothing below is ever asked for.
        if let Ok(scalar) = entry.value.scalar(|| "metadata".to_owned()) {
            snapshot
                .metadata
                .insert(entry.name.to_string(), scalar.text.to_string());
        }
    }
    let mut found = Vec::new();
    read_measurements(entries, "a snapshot", &mut |entry, path, reading, _| {
        found.push((path, reading, entry.at));
        Ok(())
    })?;
    // A type or subtype may come in several parts, as long as they agree. Sorted
    // as a whole, because most of it is: one by one takes four times as long.
    found.sort_by(|(left, ..), (right, ..)| left.cmp(right));
    let differ = |pair: &&[(Path, Reading, usize)]| match pair {
        [(path, reading, _), (other, differing, _)] => path == other && reading != differing,
        _ => false,
    };
    if let Some([_, (path, _, at)]) = found.windows(2).find(differ) {
        return Err(two_values(*at, path));
    }
    let readings = found.into_iter().map(|(path, reading, _)| (path, reading));
    snapshot.readings = readings.collect();
    Ok(snapshot)
}

/// The error for a path that is given twice with different values.
pub(super) fn two_values(at: usize, path: &Path) -> Fault {
    let message = format!("{} has two values", excerpt(&path.to_string()));
    Fault::new(at, message)
}

/// What is done with each reading: where it stands, its path, its value, and
/// the reason for it.
type Each<'e> = dyn FnMut(&Entry<'_>, Path, Reading, Option<&str>) -> Result<(), Fault> + 'e;

/// Reads the `measurements` of a document, which `what` names.
pub(super) fn read_measurements(
    entries: &[Entry<'_>],
    what: &str,
    each: &mut Each<'_>,
) -> Result<(), Fault> {
    let measurements = find(entries, "measurements").ok_or_else(|| {
        let fault = Fault::whole("`measurements` is missing");
        let near = |entry: &&Entry<'_>| did_you_mean(&entry.name, ["measurements"]).is_some();
        match entries.iter().find(near) {
            Some(entry) => fault.hint(format!("rename {} to it", excerpt(&entry.name))),
            None => fault.hint(format!("{what} without readings has `measurements: []`")),
        }
    })?;
    for measurement in measurements.list("`measurements`")? {
        let kind = read_type(measurement)?;
        read_subtypes(kind, measurement, each)?;
    }
    Ok(())
}

fn read_type(measurement: &Node<'_>) -> Result<MeasurementType, Fault> {
    let entries = measurement.map("a measurement")?;
    let node = find(entries, "type")
        .ok_or_else(|| Fault::new(measurement.at, "this measurement has no `type`"))?;
    let given = &*node.scalar(|| "`type`".to_owned())?.text;
    MeasurementType::from_name(given).ok_or_else(|| {
        let names = MeasurementType::ALL.map(MeasurementType::name);
        let fault = Fault::new(
            node.at,
            format!(
                "type {} is not known; allowed are {}",
                excerpt(given),
                names.join(", ")
            ),
        );
        match did_you_mean(given, names) {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    })
}

fn read_subtypes(
    kind: MeasurementType,
    measurement: &Node<'_>,
    each: &mut Each<'_>,
) -> Result<(), Fault> {
    let entries = measurement.map("a measurement")?;
    let Some(subtypes) = find(entries, "subtypes").filter(|node| !node.is_null()) else {
        return Ok(());
    };
    for subtype in subtypes.list(&format!("`subtypes` of {kind}"))? {
        let entries = subtype.map(&format!("a subtype of {kind}"))?;
        let name = find(entries, "subtype").ok_or_else(|| {
            Fault::new(subtype.at, format!("a subtype of {kind} has no `subtype`"))
        })?;
        let name = &*name.scalar(|| "`subtype`".to_owned())?.text;
        let reasons = optional_map(find(entries, "context"), "`context`")?;
        for entry in optional_map(find(entries, "data"), "`data`")? {
            let path = Path::new(kind, name, &*entry.name);
            let reading = entry.value.scalar(|| excerpt(&path.to_string()))?.reading();
            let reason = match find(reasons, &entry.name).filter(|node| !node.is_null()) {
                Some(node) => Some(node.scalar(|| "a reason".to_owned())?),
                None => None,
            };
            each(entry, path, reading, reason.map(|reason| &*reason.text))?;
        }
    }
    Ok(())
}

/// Absent and null are empty: some writers give an empty map as null.
pub(super) fn optional_map<'n, 'a>(
    node: Option<&'n Node<'a>>,
    what: &str,
) -> Result<&'n [Entry<'a>], Fault> {
    match node {
        Some(node) if !node.is_null() => node.map(what),
        _ => Ok(&[]),
    }
}

/// A snapshot as written: every type of a node, also those without readings.
#[derive(Debug, Serialize)]
pub struct SnapshotDocument<'a> {
    /// Always `Snapshot`.
    kind: &'static str,
    /// `snapshot.dgxc.io/v1`; `aicr.nvidia.com/v1alpha1` is read too.
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    /// Facts about the snapshot itself, such as `source-node`.
    metadata: &'a BTreeMap<String, String>,
    /// The readings, one element a type.
    measurements: Measurements<'a>,
}

impl<'a> SnapshotDocument<'a> {
    /// The document of a snapshot.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot) -> Self {
        let line = |(path, value)| Line {
            path,
            value,
            context: None,
        };
        Self {
            kind: "Snapshot",
            api_version: API_VERSION,
            metadata: &snapshot.metadata,
            measurements: Measurements::of_a_node(snapshot.readings.iter().map(line).collect()),
        }
    }
}
