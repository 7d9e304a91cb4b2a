//! `DriftWatch`: what people ask of the operator, and what it answers.
//!
//! `k8s/drift-watcher/base/crd.yaml` is made from these types. What the API server can
//! refuse is refused there; what only a run can tell is told in the status.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Toleration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::{CustomResource, KubeSchema};
use serde::{Deserialize, Serialize};

/// What the names of a watch's objects begin with.
const PREFIX: &str = "eidos-drift-";

/// What is measured, how often, and what it is held against.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, CustomResource, KubeSchema)]
#[kube(
    group = "drift.dgxc.io",
    version = "v1alpha1",
    kind = "DriftWatch",
    plural = "driftwatches",
    singular = "driftwatch",
    shortname = "dw",
    category = "eidos",
    namespaced,
    status = "DriftWatchStatus",
    derive = "PartialEq",
    doc = "Measures a node again and again and says when it is no longer as it should be.",
    validation = Rule::new("size(self.metadata.name) <= 50")
        .message("the name may have 50 characters: Jobs are named after it"),
    validation = Rule::new("!has(self.spec.baseline) || self.spec.baseline.name != 'eidos-drift-' + self.metadata.name")
        .message("every run overwrites this ConfigMap: copy it, and name the copy as the baseline"),
    printcolumn(name = "Drifted", type_ = "string", json_path = ".status.conditions[?(@.type=='Drifted')].status"),
    printcolumn(name = "Changes", type_ = "integer", json_path = ".status.changes"),
    printcolumn(name = "Findings", type_ = "integer", json_path = ".status.findings"),
    printcolumn(name = "Synced", type_ = "string", json_path = ".status.conditions[?(@.type=='Synced')].status"),
    printcolumn(name = "Last run", type_ = "date", json_path = ".status.lastRunTime"),
    printcolumn(name = "Snapshot", type_ = "string", json_path = ".status.snapshot", priority = 1),
    printcolumn(name = "Message", type_ = "string", json_path = ".status.conditions[?(@.type=='Drifted')].message", priority = 1)
)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("has(self.baseline) || has(self.recipe)")
    .message("nothing to compare with: name a baseline, a recipe or both"))]
pub struct DriftWatchSpec {
    /// The snapshot that nodes are held against, in a `ConfigMap` of the same
    /// namespace. It may appear and change later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<Baseline>,
    /// Hold nodes against the recipe for them too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipe: Option<RecipeChoice>,
    /// When nodes are measured.
    #[serde(default)]
    pub schedule: Schedule,
    /// Labels of the nodes that may be measured; each run measures one of them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub node_selector: BTreeMap<String, String>,
    /// Taints that the agent's pod tolerates; left out, all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tolerations: Option<Vec<Toleration>>,
    /// Paths that may differ, `*` for any run of characters, such as
    /// `OS.sysctl.*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 256), inner(length(min = 1, max = 512)))]
    pub ignore: Vec<String>,
    /// How the agent is run.
    #[serde(default)]
    pub agent: Agent,
    /// Measure no more until this is taken back. A run that was begun is ended.
    #[serde(default)]
    pub suspend: bool,
}

/// Where the baseline is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct Baseline {
    /// The name of the `ConfigMap`.
    #[schemars(length(min = 1, max = 253))]
    pub name: String,
    /// The key of the snapshot.
    #[serde(default = "snapshot_key")]
    #[schemars(length(min = 1, max = 253), regex(pattern = "^[-._a-zA-Z0-9]+$"))]
    pub key: String,
}

fn snapshot_key() -> String {
    SNAPSHOT_KEY.to_owned()
}

/// Which recipe.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct RecipeChoice {
    /// What the cluster is for, such as training; everything else about the
    /// environment is read from the snapshot.
    #[schemars(length(min = 1, max = 63), regex(pattern = "^[-_a-zA-Z0-9]+$"))]
    pub intent: String,
}

/// When nodes are measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct Schedule {
    /// The time from one run to the next, such as 6h or 1h30m; left out, the
    /// operator's own, which is 6h where nobody said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20), regex(pattern = "^([0-9]+(h|m|s))+$"))]
    #[x_kube(validation = Rule::new("duration(self) >= duration('1m') && duration(self) <= duration('720h')")
        .message("the interval has to be from 1m to 720h"))]
    pub interval: Option<String>,
}

/// How the agent is run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct Agent {
    /// The agent's image; left out, the operator's own choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub image: Option<String>,
}

/// What the last look found.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftWatchStatus {
    /// The generation that this status is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,
    /// Synced: the other conditions are about the current spec, baseline and last
    /// run. Drifted: the node differs from the baseline. Deviates: it differs from
    /// its recipe. `AgentFailed`: the last run brought no snapshot.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
    /// When the last run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run_time: Option<Time>,
    /// The generation that the last run was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_run_generation: Option<i64>,
    /// When the next run is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_run_time: Option<Time>,
    /// The `ConfigMap` with the last snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// How many values differ from the baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<u32>,
    /// How many values differ from the recipe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub findings: Option<u32>,
}

/// The key of a snapshot in its `ConfigMap`.
pub const SNAPSHOT_KEY: &str = "snapshot.yaml";

/// The name of a watch's Job, and of the `ConfigMap` that it writes: one each, so
/// that no run can leave another one behind.
#[must_use]
pub fn run_name(watch: &str) -> String {
    format!("{PREFIX}{watch}")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use kube::CustomResourceExt;
    use serde_json::{Value, json};

    use super::DriftWatch;
    use crate::wire::{Format, encode};

    const SHIPPED: &str = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/k8s/drift-watcher/base/crd.yaml"
    );

    /// Lines break where a reader's window ends, not where they do in the source.
    fn unwrap_lines(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (name, value) in fields {
                    match value {
                        Value::String(text) if name == "description" => {
                            *text = text.replace('\n', " ");
                        }
                        other => unwrap_lines(other),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(unwrap_lines),
            _ => {}
        }
    }

    #[test]
    fn the_schema_that_is_shipped_is_that_of_the_types() {
        let mut crd = serde_json::to_value(DriftWatch::crd()).unwrap();
        crd["metadata"]["labels"] = json!({"app.kubernetes.io/name": "eidos"});
        unwrap_lines(&mut crd);
        let made = String::from_utf8(encode(Format::Yaml, &crd).unwrap()).unwrap();
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(SHIPPED, &made).unwrap();
        }
        let shipped = fs::read_to_string(SHIPPED).unwrap_or_default();
        assert!(shipped == made, "{SHIPPED} is stale: run `make expect`");
    }
}
