//! Bad configuration: every problem at once, exit 2, nothing served.

use std::fs;

use super::process::command;

fn refuse(settings: &[(&str, &str)], arguments: &[&str]) -> String {
    let output = command(settings).args(arguments).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn all_bad_values_are_reported_at_once() {
    let said = refuse(
        &[("PORT", "x"), ("RATE_LIMIT", "-1"), ("LOG_LEVEL", "loud")],
        &[],
    );
    assert_eq!(said.lines().count(), 3, "{said}");
    assert!(said.contains("PORT is `x`: not a port"), "{said}");
    let said = refuse(&[], &["--prot", "1"]);
    assert!(said.contains("did you mean --port?"), "{said}");
    let said = refuse(&[("PORT", "x")], &["--port", "70000"]);
    assert!(said.contains("PORT is `70000`"), "flags win: {said}");
}

#[test]
fn a_broken_rule_base_is_reported_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rules.yaml");
    let text = "base: []\noverlays:\n  - {key: {gpu: h10}, types: []}\n  - {key: {gup: h100}}\nadvisores: []\n";
    fs::write(&path, text).unwrap();
    let said = refuse(&[("RECIPE_DATA_PATH", path.to_str().unwrap())], &[]);
    for part in [
        "rules.yaml:1:",
        "`h10`",
        "did you mean `h100`",
        "`gup`",
        "`advisores`",
        "hint:",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let said = refuse(&[("RECIPE_DATA_PATH", "/nowhere")], &[]);
    assert!(
        said.contains("RECIPE_DATA_PATH: cannot read `/nowhere`"),
        "{said}"
    );
}

#[test]
fn bad_keys_and_certificates_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    fs::write(&path, "ci:nothash\n").unwrap();
    let path = path.to_str().unwrap();
    assert!(refuse(&[("EIDOS_API_KEYS_FILE", path)], &[]).contains("line 1 must be name:sha256"));
    let said = refuse(&[("TLS_CERT", path), ("TLS_KEY", path)], &[]);
    assert!(said.contains("TLS_CERT, TLS_KEY: cannot"), "{said}");
}

#[test]
fn a_taken_port_is_no_fault_of_the_configuration() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    // The server may share a port that another of its kind listens on; this one
    // does not share.
    let output = command(&[("PORT", &port)]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot listen on 127.0.0.1"));
}

#[test]
fn help_and_version_go_to_standard_output() {
    let output = command(&[]).arg("--help").output().unwrap();
    assert!(output.status.success());
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("--rate-limit")
    );
    let output = command(&[]).arg("--version").output().unwrap();
    let version = format!("eidos-api-server {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), version);
}
