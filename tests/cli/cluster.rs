//! `cm://`: documents in a cluster, by kubeconfig.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::kubernetes::{Cluster, Fault, TOKEN};

const PLACE: &str = "cm://gpu-operator/eidos-snapshot";
const STORED: &str = "/api/v1/namespaces/gpu-operator/configmaps/eidos-snapshot";

/// A kubeconfig with two contexts, of which the second is current and asks a
/// program for its token, as clusters of cloud providers do.
fn kubeconfig(folder: &Path, url: &str, token: &str) -> PathBuf {
    let plugin = folder.join("login");
    let credential = json!({
        "apiVersion": "client.authentication.k8s.io/v1",
        "kind": "ExecCredential",
        "status": {"token": token},
    });
    fs::write(&plugin, format!("#!/bin/sh\necho '{credential}'\n")).unwrap();
    fs::set_permissions(&plugin, fs::Permissions::from_mode(0o755)).unwrap();
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "clusters": [
            {"name": "elsewhere", "cluster": {"server": "http://127.0.0.1:1"}},
            {"name": "here", "cluster": {"server": url}},
        ],
        "users": [
            {"name": "nobody", "user": {"token": "wrong"}},
            {"name": "me", "user": {"exec": {
                "apiVersion": "client.authentication.k8s.io/v1",
                "command": plugin,
                "interactiveMode": "Never",
            }}},
        ],
        "contexts": [
            {"name": "elsewhere", "context": {"cluster": "elsewhere", "user": "nobody"}},
            {"name": "here", "context": {"cluster": "here", "user": "me"}},
        ],
    });
    let path = folder.join("config");
    fs::write(&path, config.to_string()).unwrap();
    path
}

/// A command line pointed at a cluster.
struct Station {
    folder: tempfile::TempDir,
    config: PathBuf,
}

impl Station {
    fn at(url: &str, token: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = kubeconfig(folder.path(), url, token);
        Self { folder, config }
    }

    fn run(&self, arguments: &[&str], code: i32) -> (String, String) {
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(env!("CARGO_BIN_EXE_eidos"))
            .args(arguments)
            .current_dir(self.folder.path())
            .env("KUBECONFIG", &self.config)
            .env_remove("KUBERNETES_SERVICE_HOST")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (said, complained) = (text(stdout), text(stderr));
        let shown = format!("{arguments:?}\n{said}\n{complained}");
        assert_eq!(status.code(), Some(code), "{shown}");
        (said, complained)
    }
}

#[test]
fn a_snapshot_goes_to_a_cluster_and_comes_back_as_a_recipe() {
    let cluster = Cluster::start();
    let station = Station::at(&cluster.url(), TOKEN);
    let node = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/nodes/h100");
    let measure = ["snapshot", "--root", node, "--collectors", "os,gpu"];
    station.run(&[measure.as_slice(), &["-o", PLACE]].concat(), 0);

    let stored = cluster.get(STORED).unwrap();
    assert_eq!(
        stored["metadata"]["labels"]["app.kubernetes.io/component"],
        "snapshot"
    );
    assert_eq!(stored["data"]["format"], "yaml");
    let (printed, _) = station.run(&measure, 0);
    assert_eq!(stored["data"]["snapshot.yaml"], printed);

    let recipe = [
        "recipe",
        "-f",
        PLACE,
        "--intent",
        "training",
        "-o",
        "recipe.yaml",
    ];
    station.run(&recipe, 0);
    let written = fs::read_to_string(station.folder.path().join("recipe.yaml")).unwrap();
    let recipe: Value = serde_saphyr::from_str(&written).unwrap();
    assert_eq!(recipe["request"]["gpu"], "h100");
    assert_eq!(recipe["request"]["intent"], "training");
    station.run(
        &[
            "recipe",
            "--gpu",
            "h100",
            "-o",
            "cm://gpu-operator/eidos-recipe",
        ],
        0,
    );
    let (same, _) = station.run(
        &["bundle", "-f", "cm://gpu-operator/eidos-recipe", "-o", "b"],
        0,
    );
    assert_eq!(same, "");
    assert!(
        station
            .folder
            .path()
            .join("b/gpu-operator/values.yaml")
            .exists()
    );
    station.run(&["diff", PLACE, PLACE], 0);
    // The same writer may write again.
    station.run(&[measure.as_slice(), &["-o", PLACE]].concat(), 0);
}

#[test]
fn refusals_say_what_to_do_and_exit_with_4() {
    let cluster = Cluster::start();
    let station = Station::at(&cluster.url(), TOKEN);
    let check = |station: &Station, arguments: &[&str], says: &str| {
        let (_, complaint) = station.run(arguments, 4);
        assert!(complaint.contains(says), "{complaint}");
        assert!(!complaint.contains(TOKEN), "{complaint}");
    };
    let read = ["recipe", "-f", PLACE];
    check(
        &station,
        &read,
        "cm://gpu-operator/eidos-snapshot does not exist",
    );
    cluster.fault(Fault::new("GET", 500));
    check(&station, &read, "the cluster answered 500");
    let map = json!({"metadata": {"name": "other"}, "data": {"a": "b"}});
    cluster.put("/api/v1/namespaces/gpu-operator/configmaps", map);
    check(
        &station,
        &["recipe", "-f", "cm://gpu-operator/other"],
        "its keys are a",
    );
    cluster.deny(TOKEN, "get", "configmaps");
    check(&station, &read, "it needs `get` on configmaps");

    check(
        &Station::at(&cluster.url(), "stranger"),
        &read,
        "does not accept these credentials",
    );
    check(
        &Station::at("http://127.0.0.1:1", TOKEN),
        &read,
        "the cluster does not answer",
    );
    let (_, complaint) = station.run(&["recipe", "-f", "cm://Upper/x"], 2);
    assert!(
        complaint.contains("write cm://NAMESPACE/NAME in lower case"),
        "{complaint}"
    );
}

#[test]
fn what_another_writer_owns_is_a_conflict_and_stays() {
    let cluster = Cluster::start();
    let station = Station::at(&cluster.url(), TOKEN);
    let node = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/nodes/cpu");
    let agent = Command::new(env!("CARGO_BIN_EXE_eidos-agent"))
        .args([
            "--root",
            node,
            "--collectors",
            "os",
            "-o",
            PLACE,
            "--service-account",
        ])
        .arg(cluster.account())
        .envs(cluster.environment())
        .output()
        .unwrap();
    assert!(
        agent.status.success(),
        "{}",
        String::from_utf8_lossy(&agent.stderr)
    );
    let before = cluster.get(STORED).unwrap();
    let recorded = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/nodes/h100");
    let write = [
        "snapshot",
        "--root",
        recorded,
        "--collectors",
        "os",
        "-o",
        PLACE,
    ];
    let (_, complaint) = station.run(&write, 4);
    assert!(
        complaint.contains("belongs to another writer"),
        "{complaint}"
    );
    assert_eq!(cluster.get(STORED).unwrap(), before);
}
