//! What the agent weighs: in memory, and in crates.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::json;

use super::Node;
use crate::kubernetes::Cluster;

/// Pods as clusters have them, most of it of no interest to the agent.
fn pod(number: usize) -> serde_json::Value {
    // One long text weighs as much as many short ones, and costs a debug build less.
    let env: Vec<serde_json::Value> = (0..4)
        .map(|entry| json!({"name": format!("VARIABLE_{entry}"), "value": "x".repeat(100)}))
        .collect();
    let containers: Vec<serde_json::Value> = (0..2)
        .map(|container| {
            json!({
                "name": format!("c{container}"), "env": env,
                "image": format!("registry.example:5000/team/app-{}:v{}", number % 300, number % 7),
            })
        })
        .collect();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("pod-{number:05}"), "annotations": {"long": "y".repeat(10_000)}},
        "spec": {"containers": containers},
    })
}

/// Looks at the `/proc` of the agent it started.
#[test]
fn thousands_of_pods_fit_into_little_memory() {
    let cluster = Cluster::start();
    for number in 0..2100 {
        cluster.put("/api/v1/namespaces/default/pods", pod(number));
    }
    let node = Node::new();
    let mut command = node.agent("--collectors os,systemd,k8s,gpu --interval 1h -o snapshot.json");
    command
        .args(["--drift-baseline", "snapshot.json", "--service-account"])
        .arg(cluster.account())
        .envs(cluster.environment());
    fs::write(
        node.path("snapshot.json"),
        r#"{"kind":"Snapshot","apiVersion":"snapshot.dgxc.io/v1","measurements":[]}"#,
    )
    .unwrap();
    let mut agent = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // Printed last, after everything was measured, written and compared.
    let mut report = String::new();
    let mut out = BufReader::new(agent.stdout.take().unwrap());
    out.read_line(&mut report).unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", agent.id())).unwrap();
    agent.kill().unwrap();
    agent.wait().unwrap();

    assert!(report.contains("K8s.image.app-299"), "{report}");
    assert!(report.contains("v0,v1,v2,v3,v4,v5,v6"), "{report}");
    let pages = cluster.requests();
    let pages = pages
        .iter()
        .filter(|request| request.path == "/api/v1/pods");
    assert_eq!(pages.count(), 5);
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    eprintln!("peak resident memory: {peak} KiB");
    assert!(peak <= 16 << 10, "{peak} KiB");
}

fn tree(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["tree", "--locked", "--offline", "--prefix", "none"])
        .args(["--no-default-features", "--features", "agent"])
        .args(arguments)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_agent_links_no_runtime_and_no_framework() {
    let all = tree(&["--edges", "normal,build"]);
    let crates: Vec<&str> = all
        .lines()
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(crates.contains(&"ureq"), "{all}");
    for unwanted in ["actix-web", "clap", "kube", "aws-lc-rs", "webpki-roots"] {
        assert!(!crates.contains(&unwanted), "{unwanted} is in\n{all}");
    }
    // Not even for its tests.
    assert_eq!(tree(&["--invert", "tokio"]), "");
    assert_ne!(tree(&["--invert", "ureq"]), "");
}
