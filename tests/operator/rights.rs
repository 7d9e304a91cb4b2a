//! What the shipped roles grant is what the operator asks for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Fate, World};
use crate::kubernetes::Request;

/// Group, resource and verb.
type Right = (String, String, String);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    api_groups: Vec<String>,
    resources: Vec<String>,
    verbs: Vec<String>,
}

fn granted() -> BTreeSet<Right> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("k8s/drift-watcher/base/rbac.yaml");
    let text = fs::read_to_string(path).unwrap();
    let mut rights = BTreeSet::new();
    for document in text.split("\n---\n") {
        let object: Value = serde_saphyr::from_str(document).unwrap();
        let operator = object["metadata"]["name"] == "eidos-watch";
        if !operator || !matches!(object["kind"].as_str(), Some("Role" | "ClusterRole")) {
            continue;
        }
        for rule in object["rules"].as_array().unwrap() {
            let rule: Rule = serde_json::from_value(rule.clone()).unwrap();
            for group in &rule.api_groups {
                for resource in &rule.resources {
                    for verb in &rule.verbs {
                        rights.insert((group.clone(), resource.clone(), verb.clone()));
                    }
                }
            }
        }
    }
    rights
}

fn right(request: &Request) -> Right {
    let mut parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let group = if parts.remove(0) == "apis" {
        parts.remove(0)
    } else {
        ""
    };
    parts.remove(0);
    if parts[0] == "namespaces" {
        parts.drain(..2);
    }
    let watching = matches!(request.parameter("watch"), "true" | "1");
    let verb = match (&*request.method, parts.len()) {
        ("GET", 1) if watching => "watch",
        ("GET", 1) => "list",
        ("GET", _) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        ("DELETE", _) => "delete",
        other => panic!("{other:?}"),
    };
    let resource = match parts[..] {
        [resource, _, below] => format!("{resource}/{below}"),
        [resource, ..] => resource.to_owned(),
        [] => panic!("{}", request.path),
    };
    (group.to_owned(), resource, verb.to_owned())
}

#[test]
fn every_right_is_used_and_every_use_is_granted() {
    let world = World::watched();
    let operator = world.operator("one");
    world.settles("Drifted", "True/Different");
    world.fate(Fate::Fail);
    world.change(&json!({"nodeSelector": {"pool": "gpu"}}));
    world.settles("AgentFailed", "True/BackoffLimitExceeded");
    operator.stop();
    let used: BTreeSet<Right> = world.cluster.requests().iter().map(right).collect();
    assert_eq!(used, granted());
}
