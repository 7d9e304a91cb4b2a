//! A node in a cluster: what its pod reads there, and what it writes.

use std::fs;

use serde_json::{Value, json};

use super::{Finished, Node, finish, reading};
use crate::kubernetes::{Cluster, Fault, TOKEN};

const MAP: &str = "/api/v1/namespaces/gpu-operator/configmaps/eidos-snapshot";
const TO_MAP: &str = "-o cm://gpu-operator/eidos-snapshot";

pub(super) fn run_as(node: &Node, cluster: &Cluster, arguments: &str, name: &str) -> Finished {
    let mut command = node.agent(arguments);
    command
        .arg("--service-account")
        .arg(cluster.account())
        .envs(cluster.environment())
        .env("NODE_NAME", name);
    finish(&mut command)
}

fn run(cluster: &Cluster, arguments: &str) -> Finished {
    let arguments = format!("--collectors k8s {arguments}");
    run_as(&Node::new(), cluster, &arguments, "gpu-node-1")
}

/// The snapshot that a run in this cluster gives.
fn snapshot(cluster: &Cluster) -> (Value, String) {
    let node = Node::new();
    let arguments = "--collectors k8s --full -o snapshot.json";
    let run = run_as(&node, cluster, arguments, "gpu-node-1").expect(0);
    let bytes = fs::read(node.path("snapshot.json")).unwrap();
    (serde_json::from_slice(&bytes).unwrap(), run.err)
}

fn populated() -> Cluster {
    let cluster = Cluster::start();
    cluster.put(
        "/api/v1/nodes",
        json!({
            "metadata": {"name": "gpu-node-1"},
            "spec": {"providerID": "aws:///us-east-1e/i-0861d1808b85e90ca"},
            "status": {"nodeInfo": {
                "kernelVersion": "6.8.0-1024-aws", "osImage": "Ubuntu 22.04.5 LTS",
                "operatingSystem": "linux", "containerRuntimeVersion": "containerd://1.7.24",
            }},
        }),
    );
    let pod = |name: &str, image: &str| json!({"metadata": {"name": name}, "spec": {"containers": [{"image": image}]}});
    cluster.put(
        "/api/v1/namespaces/a/pods",
        pod("one", "r:5000/x/driver:570.133.20"),
    );
    cluster.put("/api/v1/namespaces/b/pods", pod("two", "driver:580.82.07"));
    cluster.put(
        "/api/v1/namespaces/b/pods",
        pod("three", "gpu-operator:v25.3.0"),
    );
    cluster.put(
        "/apis/nvidia.com/v1/clusterpolicies",
        json!({
            "metadata": {"name": "cluster-policy"},
            "spec": {"driver": {"enabled": true, "env": [
                {"name": "NGC_API_KEY", "value": TOKEN}, {"name": "A", "value": "1"},
            ]}},
        }),
    );
    cluster
}

#[test]
fn the_cluster_is_measured_as_its_pods_see_it() {
    let (snapshot, said) = snapshot(&populated());
    assert_eq!(snapshot["metadata"]["collector.k8s"], "ok");
    let k8s = |subtype: &str, key: &str| reading(&snapshot, "K8s", subtype, key);
    for (subtype, key, value) in [
        ("server", "version", "v1.30.14-eks-3025e55"),
        ("server", "platform", "linux/amd64"),
        ("server", "goVersion", "go1.24.9"),
        ("node", "provider", "eks"),
        (
            "node",
            "provider-id",
            "aws:///us-east-1e/i-0861d1808b85e90ca",
        ),
        ("node", "source-node", "gpu-node-1"),
        ("node", "container-runtime-id", "containerd://1.7.24"),
        ("node", "container-runtime-name", "containerd"),
        ("node", "container-runtime-version", "1.7.24"),
        ("node", "kernel-version", "6.8.0-1024-aws"),
        ("node", "operating-system", "linux"),
        ("node", "os-image", "Ubuntu 22.04.5 LTS"),
        ("image", "driver", "570.133.20,580.82.07"),
        ("image", "gpu-operator", "v25.3.0"),
        ("policy", "driver.enabled", "true"),
        ("policy", "driver.env", r#"[{"name":"A","value":"1"}]"#),
    ] {
        assert_eq!(k8s(subtype, key), value, "{subtype}.{key}");
    }
    assert!(
        said.contains("a secret in `driver.env` is left out"),
        "{said}"
    );
    assert!(!snapshot.to_string().contains(TOKEN));
}

#[test]
fn what_is_forbidden_hides_nothing_else() {
    for (plural, verb, subtype) in [
        ("pods", "list", "image"),
        ("nodes", "get", "node"),
        ("clusterpolicies", "list", "policy"),
    ] {
        let cluster = populated();
        cluster.deny(TOKEN, verb, plural);
        let (snapshot, said) = snapshot(&cluster);
        let subtypes = snapshot["measurements"][2]["subtypes"].as_array().unwrap();
        assert_eq!(subtypes.len(), 3, "{plural}");
        assert!(subtypes.iter().all(|known| known["subtype"] != subtype));
        let hint = format!("its role has to allow `{verb}` on `{plural}");
        assert!(said.contains(&hint), "{said}");
    }
}

#[test]
fn an_account_that_is_not_known_is_a_failed_source() {
    let cluster = populated();
    fs::write(cluster.account().join("token"), "old-token").unwrap();
    let run = run(&cluster, "").expect(1);
    assert!(run.out.contains("collector.k8s: \"failed:"), "{run:?}");
    for words in [
        "401",
        "token of the service account is not valid",
        "nothing could be measured",
    ] {
        assert!(run.err.contains(words), "{words} not in {}", run.err);
    }
    fs::remove_file(cluster.account().join("token")).unwrap();
    let run = self::run(&cluster, "").expect(1);
    assert!(
        run.err.contains("automountServiceAccountToken"),
        "{}",
        run.err
    );
}

#[test]
fn what_is_not_there_is_no_failure() {
    let cluster = Cluster::start();
    let run = run(&cluster, "").expect(0);
    assert!(
        run.err.contains("nodes \"gpu-node-1\" not found"),
        "{}",
        run.err
    );
    assert!(!run.err.contains("policy"), "{}", run.err);
    let nameless = run_as(&Node::new(), &cluster, "--collectors k8s", "").expect(0);
    assert!(nameless.err.contains("set NODE_NAME"), "{}", nameless.err);
}

/// Everything that the cluster says of a pod, a node and the operator, with a secret
/// in each place where people put some.
#[test]
fn no_secret_of_the_cluster_comes_out() {
    const CANARY: &str = "hunter2-canary";
    let cluster = Cluster::start();
    let annotations = json!({"kubectl.kubernetes.io/last-applied-configuration": CANARY});
    cluster.put(
        "/api/v1/nodes",
        json!({
            "metadata": {"name": "gpu-node-1", "annotations": annotations, "labels": {"token": CANARY}},
            "spec": {"providerID": "aws:///us-east-1e/i-0861d1808b85e90ca"},
            "status": {"nodeInfo": {"kernelVersion": "6.8.0-1024-aws"}},
        }),
    );
    let container = json!({
        "image": format!("https://me:{CANARY}@registry.example/team/driver:1"),
        "args": ["--token", CANARY],
        "env": [{"name": "PASSWORD", "value": CANARY}],
    });
    cluster.put(
        "/api/v1/namespaces/a/pods",
        json!({
            "metadata": {"name": "one", "annotations": annotations},
            "spec": {"containers": [container, {"image": "gpu-operator:v25.3.0"}]},
        }),
    );
    cluster.put(
        "/apis/nvidia.com/v1/clusterpolicies",
        json!({
            "metadata": {"name": "cluster-policy", "annotations": annotations},
            "spec": {
                "driver": {"version": "570.133.20", "env": [{"name": "NGC_API_KEY", "value": CANARY}]},
                "toolkit": {"env": [{"name": "PROXY", "value": format!("http://me:{CANARY}@proxy")}]},
                "dcgm": {"args": ["--password", CANARY]},
                "vgpuManager": {"password": CANARY},
            },
        }),
    );
    let node = Node::new();
    let run = run_as(
        &node,
        &cluster,
        "--collectors k8s --full -o snapshot.json --meta meta.json",
        "gpu-node-1",
    )
    .expect(0);
    for file in ["snapshot.json", "meta.json"] {
        let text = fs::read_to_string(node.path(file)).unwrap();
        assert!(!text.contains(CANARY), "{file}: {text}");
    }
    assert!(!run.err.contains(CANARY), "{}", run.err);
    let text = fs::read_to_string(node.path("snapshot.json")).unwrap();
    assert!(
        text.contains("driver.version") && text.contains("v25.3.0"),
        "{text}"
    );
}

fn many_pods(cluster: &Cluster, count: usize, image: impl Fn(usize) -> String) {
    for number in 0..count {
        let pod = json!({
            "metadata": {"name": format!("p{number:05}")},
            "spec": {"containers": [{"image": image(number)}]},
        });
        cluster.put("/api/v1/namespaces/many/pods", pod);
    }
}

fn pages(cluster: &Cluster) -> Vec<bool> {
    let requests = cluster.requests();
    requests
        .iter()
        .filter(|request| request.path == "/api/v1/pods")
        .map(|request| {
            assert_eq!(request.parameter("limit"), "500");
            request.query.contains_key("continue")
        })
        .collect()
}

#[test]
fn a_long_list_is_read_page_by_page_and_again_when_it_grew_old() {
    let cluster = populated();
    many_pods(&cluster, 1100, |number| format!("app:{number:04}"));
    let mut expired = Fault::new("continue=", 410);
    expired.times = 2;
    cluster.fault(expired);
    let (snapshot, _) = snapshot(&cluster);
    let tags = reading(&snapshot, "K8s", "image", "app")
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(tags.split(',').count(), 1100);
    assert_eq!(
        pages(&cluster),
        [false, true, false, true, false, true, true]
    );
}

#[test]
fn a_list_that_never_holds_still_is_given_up() {
    let cluster = populated();
    many_pods(&cluster, 600, |_| "app:1".to_owned());
    let mut expired = Fault::new("continue=", 410);
    expired.times = usize::MAX;
    cluster.fault(expired);
    let (_, said) = snapshot(&cluster);
    assert!(
        said.contains("changes faster than it can be read"),
        "{said}"
    );
    assert_eq!(pages(&cluster).len(), 8);
}

#[test]
fn a_snapshot_is_applied_to_a_config_map_and_only_its_own_fields() {
    let cluster = populated();
    let mine = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "eidos-snapshot", "labels": {"mine": "1"}},
        "data": {"note": "keep", "snapshot.yaml": "old"},
    });
    cluster.put("/api/v1/namespaces/gpu-operator/configmaps", mine);
    run(&cluster, TO_MAP).expect(0);
    let map = cluster.get(MAP).unwrap();
    assert_eq!(
        map["metadata"]["labels"],
        json!({
            "app.kubernetes.io/component": "snapshot", "app.kubernetes.io/name": "eidos", "mine": "1",
        })
    );
    assert_eq!(map["data"]["note"], "keep");
    assert_eq!(map["data"]["format"], "yaml");
    assert!(map["data"]["timestamp"].as_str().unwrap().ends_with('Z'));
    let text = map["data"]["snapshot.yaml"].as_str().unwrap();
    assert!(text.starts_with("---\nkind: Snapshot\n"), "{text}");
    let managers = map["metadata"]["managedFields"].as_array().unwrap();
    let own = managers
        .iter()
        .find(|entry| entry["manager"] == "eidos-agent")
        .unwrap();
    assert_eq!(own["operation"], "Apply");
    assert!(own["fieldsV1"]["f:data"]["f:snapshot.yaml"].is_object());
    assert!(own["fieldsV1"]["f:data"]["f:note"].is_null());

    // Applied again, the snapshot itself is the same.
    run(&cluster, TO_MAP).expect(0);
    assert_eq!(cluster.get(MAP).unwrap()["data"]["snapshot.yaml"], text);
    // And it can be compared with.
    let drift = "--drift-baseline cm://gpu-operator/eidos-snapshot";
    assert_eq!(run(&cluster, drift).expect(0).json()["drifted"], false);
    let missing = "--drift-baseline cm://gpu-operator/other";
    let error = run(&cluster, missing).expect(4).err;
    assert!(
        error.contains("configmaps `gpu-operator/other`: not found"),
        "{error}"
    );
}

#[test]
fn writing_is_tried_again_or_explained() {
    for (status, code, words) in [
        (503, 0, ""),
        (409, 4, "somebody else manages the same fields"),
        (422, 4, "422: as the test ordered"),
        (404, 4, "not found: as the test ordered"),
    ] {
        let cluster = populated();
        cluster.fault(Fault::new("PATCH", status));
        let run = run(&cluster, TO_MAP).expect(code);
        assert!(run.err.contains(words), "{status}: {}", run.err);
        assert_eq!(cluster.get(MAP).is_some(), code == 0);
    }
    let cluster = populated();
    cluster.deny(TOKEN, "patch", "configmaps");
    let run = run(&cluster, TO_MAP).expect(4);
    let hint = "its role has to allow `patch` on `configmaps`";
    assert!(run.err.contains(hint), "{}", run.err);
}

#[test]
fn what_a_config_map_cannot_hold_is_not_sent() {
    let cluster = populated();
    many_pods(&cluster, 600, |number| {
        format!("{number}{}:1", "x".repeat(2000))
    });
    let run = run(&cluster, TO_MAP).expect(4);
    assert!(
        run.err.contains("a ConfigMap holds 1048576 at most"),
        "{}",
        run.err
    );
    let requests = cluster.requests();
    assert!(requests.iter().all(|request| request.method == "GET"));
}

#[test]
fn a_cluster_that_is_not_itself_is_told_nothing() {
    let (cluster, other) = (populated(), Cluster::start());
    let foreign = fs::read(other.account().join("ca.crt")).unwrap();
    fs::write(cluster.account().join("ca.crt"), foreign).unwrap();
    let run = run(&cluster, "").expect(1);
    assert!(run.err.contains("certificate"), "{}", run.err);
    assert!(cluster.requests().is_empty());
}

#[test]
fn a_cluster_that_does_not_answer_is_a_failed_source() {
    let cluster = Cluster::start();
    // Nobody listens on port 1.
    let node = Node::new();
    let mut command = node.agent("--collectors k8s,os --service-account");
    command
        .arg(cluster.account())
        .envs(cluster.environment())
        .env("KUBERNETES_SERVICE_PORT", "1");
    let run = finish(&mut command).expect(0);
    assert!(run.out.contains("collector.os: ok"), "{run:?}");
    assert_eq!(run.err.matches("cannot get version").count(), 1, "{run:?}");
}
