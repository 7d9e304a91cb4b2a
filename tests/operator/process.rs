//! The real `eidos watch`.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::{LEASE, NAMESPACE, World, free_address};
use crate::kubernetes::TOKEN;

fn kubeconfig(folder: &Path, url: &str) {
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "here",
        "clusters": [{"name": "here", "cluster": {"server": url}}],
        "users": [{"name": "me", "user": {"token": TOKEN}}],
        "contexts": [{"name": "here", "context": {
            "cluster": "here", "user": "me", "namespace": "eidos-watch",
        }}],
    });
    fs::write(folder.join("config"), config.to_string()).unwrap();
}

fn watch(folder: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_eidos"))
        .arg("watch")
        .args(arguments)
        .env("KUBECONFIG", folder.join("config"))
        .env_remove("LOG_LEVEL")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn the_command_runs_a_cycle_and_ends_at_once() {
    let world = World::watched();
    let folder = tempfile::tempdir().unwrap();
    kubeconfig(folder.path(), &world.cluster.url());
    let address = free_address().to_string();
    let mut child = watch(
        folder.path(),
        &[
            "--namespace",
            NAMESPACE,
            "--metrics-address",
            &address,
            "--interval",
            "2h",
        ],
    );
    world.settles("Drifted", "True/Different");
    assert_eq!(
        super::get(address.parse().unwrap(), "GET", "/ready")
            .unwrap()
            .0,
        200
    );
    let lease = || world.cluster.get(LEASE).unwrap()["spec"]["holderIdentity"].clone();
    assert!(lease().is_string());

    let began = Instant::now();
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(5));
    assert!(lease().is_null());

    let lines: Vec<Value> = BufReader::new(child.stdout.take().unwrap())
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    let events: Vec<&str> = lines
        .iter()
        .map(|line| line["event"].as_str().unwrap())
        .collect();
    assert_eq!(
        events,
        ["started", "leading", "run_started", "run_ended", "stopped"]
    );
    assert_eq!(
        (&lines[3]["watch"], &lines[3]["changes"]),
        (&json!("w"), &json!(1))
    );
}

#[test]
fn what_keeps_it_from_starting_is_said() {
    let world = World::new();
    let folder = tempfile::tempdir().unwrap();
    kubeconfig(folder.path(), &world.cluster.url());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (arguments, code, said) in [
        (
            vec!["--metrics-address", &taken],
            2,
            "choose another --metrics-address",
        ),
        (vec!["--interval", "soon"], 2, "no interval"),
        (vec!["--log-level", "loud"], 2, "not one of error, warn"),
    ] {
        let output = watch(folder.path(), &arguments).wait_with_output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{text}");
        assert!(text.contains(said), "{text}");
    }
    fs::remove_file(folder.path().join("config")).unwrap();
    let output = watch(folder.path(), &["--metrics-address", "127.0.0.1:0"]);
    let output = output.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(4));
}
