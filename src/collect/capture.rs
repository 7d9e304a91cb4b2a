//! One measurement: the collectors that are asked for, put together, without
//! noise unless everything is wanted. Where it goes is left to the caller.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::client::kubernetes::{Kubernetes, KubernetesError};
use crate::model::{MeasurementType, Profile, Selector, Snapshot};

use super::{
    CollectError, Collected, Extras, Host, Report, Source, assemble, gpu, k8s, os, run, systemd,
};

/// What is measured, and how.
#[derive(Debug)]
pub struct Measure {
    /// The collectors that run.
    pub sources: Vec<Source>,
    /// The folder in which the node's files are, where that is not `/`.
    pub root: Option<PathBuf>,
    /// With the noise, and with time and origin.
    pub full: bool,
    /// The node's name in its cluster, by [`Measure::node_name`].
    pub node: Option<String>,
}

impl Measure {
    /// The node's name from the environment: what a pod is told, else its host's.
    pub fn node_name(lookup: impl Fn(&str) -> Option<String>) -> Option<String> {
        let names = ["NODE_NAME", "KUBERNETES_NODE_NAME", "HOSTNAME"];
        let given = |name| lookup(name).filter(|value| !value.is_empty());
        names.into_iter().find_map(given)
    }

    /// The root, where it was named and is no folder: a mistyped one looks like a
    /// node that has nothing.
    #[must_use]
    pub fn missing_root(&self) -> Option<&Path> {
        self.root.as_deref().filter(|root| !root.is_dir())
    }
}

/// How long collectors are waited for, the slowest included: a Job that `kubectl
/// wait` watches has to be done in its 30 s.
const LIMIT: Duration = Duration::from_secs(20);

/// The most notes of one collector that are shown.
const NOTES: usize = 20;

/// A snapshot and what is told beside it.
#[derive(Debug)]
pub struct Capture {
    /// What was measured.
    pub snapshot: Snapshot,
    /// Time and origin, told beside it.
    pub meta: Meta,
    /// What nothing can be said about: not asked for, or failed.
    pub unseen: Vec<MeasurementType>,
    /// Whether every collector failed.
    pub empty: bool,
}

/// What `--meta` writes: time and origin, which would make every snapshot
/// different.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Meta {
    /// RFC 3339, to the second, in UTC.
    pub timestamp: String,
    source_node: Option<String>,
    kubernetes_version: Option<String>,
    agent_version: &'static str,
    /// How long each collector took, in milliseconds.
    took_ms: BTreeMap<&'static str, u64>,
}

/// Measures. The cluster is not there in a process that is no pod. `say` is told
/// what could not be read.
pub fn take(
    measure: &Measure,
    cluster: Result<Kubernetes, KubernetesError>,
    profile: &Profile,
    say: impl Fn(&str),
) -> Capture {
    let host = match &measure.root {
        Some(root) => Host::at(root),
        None => Host::here(),
    };
    let cluster = cluster.map_err(|error| match error {
        KubernetesError::Outside => (true, error.to_string()),
        other => (false, other.to_string()),
    });
    let node = measure.node.clone();
    let collect = move |source| match (source, &cluster) {
        (Source::Os, _) => os::collect(&host),
        (Source::Systemd, _) => systemd::collect(&host),
        (Source::Gpu, _) => gpu::collect(&host),
        (Source::K8s, Ok(cluster)) => k8s::collect(cluster, node.as_deref()),
        (Source::K8s, Err((true, why))) => Err(CollectError::Absent(why.clone())),
        (Source::K8s, Err((false, why))) => Err(CollectError::Failed(why.clone())),
    };
    let reports = run(&measure.sources, collect, LIMIT);
    for report in &reports {
        tell(report, &say);
    }
    let took = |report: &Report| {
        let time = u64::try_from(report.took.as_millis()).unwrap_or(u64::MAX);
        (report.source.name(), time)
    };
    let took_ms = reports.iter().map(took).collect();
    let failed = |report: &Report| matches!(report.result, Err(CollectError::Failed(_)));
    let empty = reports.iter().all(failed);
    let mut unseen = MeasurementType::ALL.to_vec();
    for report in reports.iter().filter(|report| !failed(report)) {
        unseen.retain(|kind| *kind != measured_by(report.source));
    }
    let timestamp = now();
    let extras = measure.full.then(|| Extras {
        timestamp: timestamp.clone(),
        source_node: measure.node.clone(),
    });
    let keep = |path: &_| measure.full || !profile.is_noise(path);
    let snapshot = assemble(reports, extras, keep);
    Capture {
        meta: Meta {
            timestamp,
            source_node: measure.node.clone(),
            kubernetes_version: kubernetes_version(&snapshot),
            agent_version: env!("CARGO_PKG_VERSION"),
            took_ms,
        },
        snapshot,
        unseen,
        empty,
    }
}

const fn measured_by(source: Source) -> MeasurementType {
    match source {
        Source::Os => MeasurementType::Os,
        Source::Systemd => MeasurementType::SystemD,
        Source::K8s => MeasurementType::K8s,
        Source::Gpu => MeasurementType::Gpu,
    }
}

/// To the second, in UTC.
fn now() -> String {
    let now = Timestamp::now();
    let whole = Timestamp::from_second(now.as_second()).unwrap_or(now);
    whole.to_string()
}

fn kubernetes_version(snapshot: &Snapshot) -> Option<String> {
    let selector = Selector::parse("K8s.server.version")?;
    Some(snapshot.get(&selector)?.text().into_owned())
}

fn tell(report: &Report, say: impl Fn(&str)) {
    let source = report.source;
    match &report.result {
        Ok(Collected { notes, .. }) => {
            for note in notes.iter().take(NOTES) {
                say(&format!("{source}: {note}"));
            }
            if let Some(more @ 1..) = notes.len().checked_sub(NOTES) {
                say(&format!("{source}: {more} more notes like these"));
            }
        }
        Err(CollectError::Absent(why)) => say(&format!("{source} is absent: {why}")),
        Err(CollectError::Failed(why)) => say(&format!("{source} failed: {why}")),
    }
}
