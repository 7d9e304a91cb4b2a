//! The GPU operator's settings: the spec of its `ClusterPolicy`, flattened.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::collect::secrets;

/// The fields of a `ClusterPolicy` that are read.
#[derive(Debug, Deserialize)]
pub(super) struct Policy {
    metadata: Metadata,
    #[serde(default)]
    spec: Map<String, Value>,
    #[serde(default)]
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    state: String,
}

/// All policies of a cluster.
#[derive(Debug, Default)]
pub(super) struct Policies(Vec<Policy>);

impl Policies {
    pub(super) fn add(&mut self, policy: Policy) {
        self.0.push(policy);
    }

    /// The one that is in force: the operator acts on one and says `ignored` of
    /// the others.
    pub(super) fn active(self, notes: &mut Vec<String>) -> Option<Map<String, Value>> {
        let Self(mut policies) = self;
        policies.sort_by(|left, right| {
            let rank = |policy: &Policy| policy.status.state == "ignored";
            (rank(left), &left.metadata.name).cmp(&(rank(right), &right.metadata.name))
        });
        let mut policies = policies.into_iter();
        let active = policies.next()?;
        for other in policies {
            notes.push(format!(
                "policy: `{}` is in force, `{}` is left out",
                active.metadata.name, other.metadata.name
            ));
        }
        Some(active.spec)
    }
}

/// Every value by its path, `driver.rdma.enabled`, as text. Lists are JSON; empty
/// ones and nulls say nothing. Secrets are left out and noted by their path.
pub(super) fn flatten(spec: Map<String, Value>, notes: &mut Vec<String>) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    for (key, value) in spec {
        descend(key, value, &mut leaves, notes);
    }
    leaves
}

fn descend(
    path: String,
    mut value: Value,
    leaves: &mut Vec<(String, String)>,
    notes: &mut Vec<String>,
) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                descend(format!("{path}.{key}"), value, leaves, notes);
            }
            return;
        }
        Value::Null => return,
        _ => {}
    }
    let secret = is_secret(&path, &value);
    if secret || strip(&mut value) {
        notes.push(format!("policy: a secret in `{path}` is left out"));
    }
    match value {
        _ if secret => {}
        Value::Array(items) if items.is_empty() => {}
        Value::String(text) => leaves.push((path, text)),
        other => leaves.push((path, other.to_string())),
    }
}

fn is_secret(name: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => secrets::looks_like_one(name, text),
        Value::Bool(_) | Value::Number(_) => secrets::looks_like_one(name, &value.to_string()),
        _ => false,
    }
}

/// Takes secrets out of a list or a map; whether there were any. Lists of
/// `{name, value}` are how Kubernetes writes environments.
fn strip(value: &mut Value) -> bool {
    let mut found = false;
    match value {
        Value::Array(items) => {
            let mut follows = follow_a_name(items).into_iter();
            items.retain(|item| {
                let named = item.get("name").and_then(Value::as_str);
                let secret = match (named, item.get("value")) {
                    (Some(name), Some(value)) => is_secret(name, value),
                    _ => is_secret("", item),
                };
                let secret = follows.next() == Some(true) || secret;
                found |= secret;
                !secret
            });
            for item in items {
                found |= strip(item);
            }
        }
        Value::Object(fields) => {
            fields.retain(|name, value| {
                let secret = is_secret(name, value);
                found |= secret;
                !secret
            });
            for value in fields.values_mut() {
                found |= strip(value);
            }
        }
        _ => {}
    }
    found
}

/// Which items of a command line are secrets because of the one before: `--token`
/// and its value may be items of their own.
fn follow_a_name(items: &[Value]) -> Vec<bool> {
    let names = |before: &Value, item: &Value| match (before, item) {
        (Value::String(name), Value::String(value)) => {
            !secrets::looks_like_one("", name)
                && secrets::looks_like_one("", &format!("{name} {value}"))
        }
        _ => false,
    };
    let pairs = items.iter().zip(items.iter().skip(1));
    let told = pairs.map(|(before, item)| names(before, item));
    std::iter::once(false).chain(told).collect()
}

#[cfg(test)]
mod tests {
    use super::{Policies, flatten};
    use serde_json::{Value, json};

    fn check(spec: Value) -> (Vec<String>, Vec<String>) {
        let Value::Object(spec) = spec else { panic!() };
        let mut notes = Vec::new();
        let leaves = flatten(spec, &mut notes);
        let mut lines: Vec<String> = leaves
            .into_iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        lines.sort();
        (lines, notes)
    }

    #[test]
    fn a_spec_is_flattened_with_dots_and_texts() {
        let (lines, notes) = check(json!({
            "driver": {"enabled": true, "rdma": {"enabled": false}, "virtualTopology": {"config": ""}},
            "daemonsets": {
                "labels": {"app.kubernetes.io/managed-by": "gpu-operator"},
                "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
                "rollingUpdate": {"maxUnavailable": "1"},
                "empty": [], "nothing": null, "none": {},
            },
            "probe": {"failureThreshold": 120},
            "kata": {"classes": [{"artifacts": {"pullSecret": "", "url": "nvcr.io/x"}}]},
        }));
        assert_eq!(
            lines,
            [
                "daemonsets.labels.app.kubernetes.io/managed-by=gpu-operator",
                "daemonsets.rollingUpdate.maxUnavailable=1",
                r#"daemonsets.tolerations=[{"effect":"NoSchedule","operator":"Exists"}]"#,
                "driver.enabled=true",
                "driver.rdma.enabled=false",
                "driver.virtualTopology.config=",
                r#"kata.classes=[{"artifacts":{"pullSecret":"","url":"nvcr.io/x"}}]"#,
                "probe.failureThreshold=120",
            ]
        );
        assert_eq!(notes, Vec::<String>::new());
    }

    #[test]
    fn secrets_stay_where_they_are() {
        let (lines, notes) = check(json!({
            "driver": {"env": [
                {"name": "NGC_API_KEY", "value": "canary"},
                {"name": "HTTPS_PROXY", "value": "http://me:canary@proxy"},
                {"name": "PLAIN", "value": "1"},
            ]},
            "a": {"password": "canary"},
            "b": ["--token=canary", "--other"],
            "c": [{"nested": {"apiKey": "canary"}}],
            "d": [[["--password canary"]]],
            "f": ["--quiet", "--password", "canary", "--level", "3"],
            "e": [{"name": "X", "value": "-----BEGIN PRIVATE KEY----- canary"}],
        }));
        let all = format!("{lines:?}{notes:?}");
        assert!(!all.contains("canary"), "{all}");
        assert_eq!(notes.len(), 7, "{notes:?}");
        assert!(lines.contains(&r#"f=["--quiet","--password","--level","3"]"#.to_owned()));
        assert!(lines.contains(&r#"driver.env=[{"name":"PLAIN","value":"1"}]"#.to_owned()));
    }

    #[test]
    fn the_policy_in_force_is_read() {
        let mut policies = Policies::default();
        for (name, state) in [("a", "ignored"), ("c", "ready"), ("b", "ignored")] {
            let policy = json!({
                "metadata": {"name": name}, "spec": {"is": name}, "status": {"state": state},
            });
            policies.add(serde_json::from_value(policy).unwrap());
        }
        let mut notes = Vec::new();
        let spec = policies.active(&mut notes).unwrap();
        assert_eq!(spec["is"], "c");
        assert_eq!(notes.len(), 2);
    }
}
