//! A recorded cluster, measured again.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::cluster::run_as;
use super::{Node, reading};
use crate::kubernetes::Cluster;

fn object(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nodes/h100/cluster");
    serde_json::from_slice(&fs::read(folder.join(name)).unwrap()).unwrap()
}

/// Readings of the recording that are wrong there, and why.
const WRONG: &[(&str, &str, &str)] = &[
    ("image", "eidos", "the recording tool's own Job"),
    ("policy", "admission", "of a Kyverno ClusterPolicy"),
    ("policy", "background", "of a Kyverno ClusterPolicy"),
    ("policy", "emitWarning", "of a Kyverno ClusterPolicy"),
    ("policy", "generateExisting", "of a Kyverno ClusterPolicy"),
    (
        "policy",
        "mutateExistingOnPolicyUpdate",
        "of a Kyverno ClusterPolicy",
    ),
    ("policy", "rules", "of a Kyverno ClusterPolicy"),
    (
        "policy",
        "validationFailureAction",
        "of a Kyverno ClusterPolicy",
    ),
];

#[test]
fn a_recorded_cluster_is_measured_again_but_for_known_reasons() {
    let recorded = object("recorded.json");
    let subtypes = recorded["measurements"][0]["subtypes"].as_array().unwrap();
    let cluster = Cluster::start();
    let node = object("node.json");
    let name = node["metadata"]["name"].as_str().unwrap().to_owned();
    cluster.put("/api/v1/nodes", node);
    cluster.put(
        "/apis/nvidia.com/v1/clusterpolicies",
        object("clusterpolicy.json"),
    );
    cluster.put(
        "/apis/kyverno.io/v1/clusterpolicies",
        json!({"metadata": {"name": "sysctls"}, "spec": {"admission": true, "rules": []}}),
    );
    let images = subtypes.iter().find(|part| part["subtype"] == "image");
    for (image, tag) in images.unwrap()["data"].as_object().unwrap() {
        let reference = format!(
            "registry.example:5000/team/{image}:{}",
            tag.as_str().unwrap()
        );
        let mut pod = json!({
            "metadata": {"name": image}, "spec": {"containers": [{"image": reference}]},
        });
        if image == "eidos" {
            let job = json!([{"apiVersion": "batch/v1", "kind": "Job", "name": "eidos"}]);
            pod["metadata"]["ownerReferences"] = job;
        }
        cluster.put("/api/v1/namespaces/default/pods", pod);
    }

    let node = Node::new();
    let arguments = "--collectors k8s --full -o snapshot.json";
    run_as(&node, &cluster, arguments, &name).expect(0);
    let measured: Value =
        serde_json::from_slice(&fs::read(node.path("snapshot.json")).unwrap()).unwrap();

    let mut count = 0;
    for subtype in subtypes {
        let name = subtype["subtype"].as_str().unwrap();
        for (key, value) in subtype["data"].as_object().unwrap() {
            let wrong = WRONG.iter().any(|known| (known.0, known.1) == (name, key));
            let expected = if wrong { &Value::Null } else { value };
            count += usize::from(!wrong);
            assert_eq!(
                reading(&measured, "K8s", name, key),
                expected,
                "{name}.{key}"
            );
        }
    }
    let found: usize = measured["measurements"][2]["subtypes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|subtype| subtype["data"].as_object().unwrap().len())
        .sum();
    assert_eq!(found, count, "something is measured that was not recorded");
}
