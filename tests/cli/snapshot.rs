//! `eidos snapshot` and `eidos completion`.

use std::fs;
use std::process::{Command, Stdio};

use super::support::ended;

const NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/nodes/h100");

#[test]
fn a_node_gives_the_same_bytes_twice_and_those_of_the_agent() {
    let flags = ["--root", NODE, "--collectors", "os,systemd,gpu"];
    let command = [&["snapshot"], flags.as_slice()].concat();
    let (first, complaints) = ended(&command, "", 0);
    assert_eq!(first, ended(&command, "", 0).0);
    assert!(first.starts_with("---\nkind: Snapshot\n"), "{first}");
    assert!(first.contains("collector.os: ok"), "{first}");
    assert!(complaints.contains("systemd is absent"), "{complaints}");
    #[cfg(feature = "agent")]
    {
        let agent = Command::new(env!("CARGO_BIN_EXE_eidos-agent"))
            .args([&["-o", "-"], flags.as_slice()].concat())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(agent.stdout).unwrap(), first);
    }
}

#[test]
fn a_measured_node_can_be_validated_and_compared() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (yaml, json, meta) = (path("a.yaml"), path("b.json"), path("meta.json"));
    let flags = ["snapshot", "--root", NODE, "--collectors", "os,gpu"];
    ended(&[flags.as_slice(), &["-o", &yaml]].concat(), "", 0);
    ended(
        &[flags.as_slice(), &["-o", &json, "--meta", &meta]].concat(),
        "",
        0,
    );
    assert!(fs::read_to_string(&json).unwrap().starts_with('{'));
    assert!(fs::read_to_string(&meta).unwrap().contains("\"timestamp\""));
    ended(&["diff", &yaml, &json], "", 0);
    let (report, _) = ended(&["validate", "-f", &yaml, "--service", "eks"], "", 1);
    assert!(
        report.contains("OS.sysctl./proc/sys/vm/nr_hugepages"),
        "{report}"
    );
    let (table, _) = ended(&[flags.as_slice(), &["-t", "table"]].concat(), "", 0);
    assert!(table.contains("GPU.smi.gpu.model"), "{table}");
}

#[test]
fn a_collector_that_is_not_there_is_refused_with_those_that_are() {
    let (_, complaint) = ended(&["snapshot", "--collectors", "os,gpus"], "", 2);
    assert!(
        complaint.contains("possible values: os, systemd, k8s, gpu"),
        "{complaint}"
    );
}

#[test]
fn a_root_that_is_not_there_is_refused() {
    let (said, complaint) = ended(&["snapshot", "--root", "/nowhere"], "", 3);
    assert!(
        complaint.contains("--root: `/nowhere` is no folder; hint: "),
        "{complaint}"
    );
    assert_eq!(said, "");
}

#[test]
fn shells_and_readers_of_manuals_are_served() {
    for shell in ["bash", "zsh", "fish", "powershell"] {
        let (script, _) = ended(&["completion", shell], "", 0);
        assert!(script.contains("validate"), "{shell}: {script}");
    }
    let (script, _) = ended(&["completion", "bash"], "", 0);
    let checked = Command::new("bash").args(["-n", "-c", &script]).status();
    assert!(checked.unwrap().success());
    let (manual, _) = ended(&["completion", "man"], "", 0);
    for page in [
        ".TH eidos 1",
        ".TH eidos-snapshot 1",
        ".TH eidos-rules-lint 1",
    ] {
        assert!(manual.contains(page), "{page}");
    }
}
