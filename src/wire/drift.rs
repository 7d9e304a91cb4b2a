//! Two snapshots to compare, and what differs between them.

use serde::Serialize;

use super::document::{read, snapshot_of};
use super::encode::Format;
use super::fault::{DocumentError, Fault, did_you_mean, excerpt};
use super::node::{Entry, Node, find};
use super::scalar::ScalarDocument;
use super::snapshot::SnapshotDocument;
use super::verdict::Urgency;
use crate::diff::Change;
use crate::model::{Severity, Snapshot};

/// Two snapshots of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct DriftRequest {
    /// How it should be.
    pub baseline: Snapshot,
    /// How it is.
    pub current: Snapshot,
}

/// Two snapshots as a request.
#[derive(Debug, Serialize)]
pub struct DriftRequestDocument<'a> {
    baseline: SnapshotDocument<'a>,
    current: SnapshotDocument<'a>,
}

impl<'a> From<&'a DriftRequest> for DriftRequestDocument<'a> {
    fn from(request: &'a DriftRequest) -> Self {
        Self {
            baseline: SnapshotDocument::new(&request.baseline),
            current: SnapshotDocument::new(&request.current),
        }
    }
}

const PARTS: [&str; 2] = ["baseline", "current"];

/// Reads `{"baseline": Snapshot, "current": Snapshot}`.
///
/// # Errors
/// Says what cannot be read, where it stands and what to do about it.
pub fn read_drift(bytes: &[u8], format: Format) -> Result<DriftRequest, DocumentError> {
    read(bytes, format, request)
}

fn request(root: &Node<'_>) -> Result<DriftRequest, Fault> {
    let entries = root.map("the document")?;
    if let Some(stranger) = entries.iter().find(|entry| !PARTS.contains(&&*entry.name)) {
        let given = excerpt(&stranger.name);
        let fault = Fault::new(stranger.at, format!("{given} is not part of a comparison"));
        return Err(match did_you_mean(&stranger.name, PARTS) {
            Some(hint) => fault.hint(hint),
            None => fault.hint("send `baseline` and `current`, a snapshot each"),
        });
    }
    Ok(DriftRequest {
        baseline: part(entries, "baseline")?,
        current: part(entries, "current")?,
    })
}

fn part(entries: &[Entry<'_>], name: &str) -> Result<Snapshot, Fault> {
    let node = find(entries, name).ok_or_else(|| {
        let fault = Fault::whole(format!("`{name}` is missing"));
        fault.hint("send `baseline` and `current`, a snapshot each")
    })?;
    snapshot_of(node, &format!("`{name}`"))
}

/// What differs between two snapshots, noise left out.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = DriftReport))]
pub struct DriftDocument<'a> {
    /// Always `DriftReport`.
    kind: &'static str,
    /// Always `drift.dgxc.io/v1`.
    api_version: &'static str,
    /// Whether anything differs.
    drifted: bool,
    summary: DriftSummary,
    /// One element a path, in the order of snapshots.
    changes: Vec<ChangeDocument<'a>>,
}

impl<'a> DriftDocument<'a> {
    /// The document of some changes.
    #[must_use]
    pub fn new(changes: &'a [Change]) -> Self {
        let count = |severity| {
            let found = changes.iter().filter(|change| change.severity == severity);
            u32::try_from(found.count()).unwrap_or(u32::MAX)
        };
        Self {
            kind: "DriftReport",
            api_version: "drift.dgxc.io/v1",
            drifted: !changes.is_empty(),
            summary: DriftSummary {
                error: count(Severity::Error),
                warning: count(Severity::Warning),
                info: count(Severity::Info),
            },
            changes: changes.iter().map(ChangeDocument::from).collect(),
        }
    }
}

/// How many changes weigh how much.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
struct DriftSummary {
    error: u32,
    warning: u32,
    info: u32,
}

/// One path that differs.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Change))]
struct ChangeDocument<'a> {
    /// Type, subtype and key.
    path: String,
    /// `added`, `removed` or `changed`.
    change: &'static str,
    severity: Urgency,
    /// The baseline's value; absent when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(required = false, nullable = false))]
    baseline: Option<ScalarDocument<'a>>,
    /// The current value; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(required = false, nullable = false))]
    current: Option<ScalarDocument<'a>>,
}

impl<'a> From<&'a Change> for ChangeDocument<'a> {
    fn from(change: &'a Change) -> Self {
        Self {
            path: change.path.to_string(),
            change: change.kind(),
            severity: change.severity.into(),
            baseline: change.baseline.as_ref().map(ScalarDocument),
            current: change.current.as_ref().map(ScalarDocument),
        }
    }
}
