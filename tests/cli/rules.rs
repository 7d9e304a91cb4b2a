//! `eidos rules`, as its users and their pipelines run it.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn eidos(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_eidos"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .unwrap()
}

fn shipped() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A copy of the shipped rules with one text of one file replaced.
fn changed(file: &str, from: &str, to: &str) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    copy(&shipped().join("recipes"), &folder.path().join("recipes"));
    let path = folder.path().join("recipes").join(file);
    let before = fs::read_to_string(&path).unwrap();
    assert!(before.contains(from), "{file} has no `{from}`");
    fs::write(path, before.replacen(from, to, 1)).unwrap();
    folder
}

#[test]
fn the_shipped_rules_are_clean_and_as_their_tests_expect() {
    let lint = eidos(shipped(), &["rules", "lint"]);
    assert_eq!(lint.status.code(), Some(0), "{}", text(&lint));
    let test = eidos(shipped(), &["rules", "test"]);
    assert_eq!(test.status.code(), Some(0), "{}", text(&test));
    assert!(text(&test).ends_with(" passed, 0 failed\n"));
    let embedded = tempfile::tempdir().unwrap();
    assert_eq!(
        eidos(embedded.path(), &["rules", "lint"]).status.code(),
        Some(0)
    );
}

#[test]
fn a_mistake_is_shown_where_it_stands() {
    let folder = changed("overlays/gpu.yaml", "key: {gpu: h100}", "key: {gpu: h10}");
    let lint = eidos(folder.path(), &["rules", "lint"]);
    assert_eq!(lint.status.code(), Some(1));
    let said = text(&lint);
    for part in [
        "error[",
        "overlays/gpu.yaml:",
        "^^^",
        "did you mean `h100`",
        "1 errors",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
    let found: Value = serde_json::from_slice(
        &eidos(folder.path(), &["rules", "lint", "--format", "json"]).stdout,
    )
    .unwrap();
    assert!(found[0]["line"].as_u64().unwrap() > 1);
    let sarif: Value = serde_json::from_slice(
        &eidos(folder.path(), &["rules", "lint", "--format", "sarif"]).stdout,
    )
    .unwrap();
    let place = &sarif["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        place["artifactLocation"]["uri"],
        "recipes/overlays/gpu.yaml"
    );
    let github = text(&eidos(
        folder.path(),
        &["rules", "lint", "--format", "github"],
    ));
    assert!(
        github.starts_with("::error file=recipes/overlays/gpu.yaml,line="),
        "{github}"
    );
}

#[test]
fn what_compiles_but_should_not_ship_is_found() {
    let folder = changed(
        "base.yaml",
        "training-operator: v1",
        "training-operator: latest",
    );
    let lint = eidos(folder.path(), &["rules", "lint"]);
    assert_eq!(lint.status.code(), Some(1), "{}", text(&lint));
    assert!(
        text(&lint).contains("warning[unpinned-tag]"),
        "{}",
        text(&lint)
    );
    // The first contradiction of the sources: E pairs network operator v25.4.0
    // with Kubernetes 1.33.5.
    let folder = changed(
        "base.yaml",
        "network-operator: v25.7.0",
        "network-operator: v25.4.0",
    );
    let said = text(&eidos(folder.path(), &["rules", "lint"]));
    assert!(
        said.contains("violated-range") && said.contains("NETOP-K8S"),
        "{said}"
    );
}

#[test]
fn a_failing_test_shows_the_difference_and_who_set_the_value() {
    let folder = changed(
        "overlays/eks.yaml",
        "gpu-operator: v25.3.0",
        "gpu-operator: v25.3.1",
    );
    let test = eidos(folder.path(), &["rules", "test"]);
    assert_eq!(test.status.code(), Some(1));
    let said = text(&test);
    for part in [
        "FAILED the guide's training cluster (tests/environments.yaml:",
        "- K8s.image.gpu-operator v25.3.0",
        "+ K8s.image.gpu-operator v25.3.1",
        "is set by eks-h100 at overlays/eks.yaml:",
        " 1 failed",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn a_change_names_exactly_the_queries_it_touches() {
    let small = |operator: &str| {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "parameters:\n  service: {{values: [{{name: eks}}, {{name: gke}}]}}\n  gpu: {{values: [{{name: h100}}]}}\n  k8s: {{from: [K8s.server.version]}}\n\
             sources: {{E: {{title: t, where: w}}}}\n\
             base: {{source: [E], types: [{{type: K8s, subtypes: [{{subtype: image, data: {{gpu-operator: v1}}}}]}}]}}\n\
             overlays:\n  - {{name: x, key: {{service: eks, k8s: '>=1.30 <1.34'}}, source: [E], types: [{{type: K8s, subtypes: [{{subtype: image, data: {{gpu-operator: {operator}}}}}]}}]}}\n"
        );
        fs::write(folder.path().join("rules.yaml"), text).unwrap();
        folder
    };
    let (old, new) = (small("v2"), small("v3"));
    let place = |folder: &tempfile::TempDir| folder.path().to_str().unwrap().to_owned();
    let impact = |format: &str| {
        let output = eidos(
            shipped(),
            &[
                "rules",
                "impact",
                &place(&old),
                &place(&new),
                "--format",
                format,
            ],
        );
        assert_eq!(output.status.code(), Some(1));
        text(&output)
    };
    assert_eq!(
        impact("text"),
        "service=eks k8s=\">=1.30 <1.34\"\n  ~ K8s.image.gpu-operator: v2 -> v3\n\n"
    );
    assert!(impact("markdown").contains("| K8s.image.gpu-operator | `v2` | `v3` |"));
    let json: Value = serde_json::from_str(&impact("json")).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"changes": [{
            "queries": [{"service": "eks", "k8s": ">=1.30 <1.34"}],
            "values": [{"path": "K8s.image.gpu-operator", "old": "v2", "new": "v3"}],
        }]})
    );
    let same = eidos(shipped(), &["rules", "impact", &place(&old), &place(&old)]);
    assert_eq!(same.status.code(), Some(0));
}

#[test]
fn rules_of_a_git_revision_can_be_compared() {
    let folder = changed("rules.yaml", "2026.11.0", "2026.11.1");
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .current_dir(folder.path())
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(arguments)
            .output();
        output.is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "-q"]) {
        eprintln!("skipped: git is not here");
        return;
    }
    assert!(git(&["add", "-A"]) && git(&["commit", "-qm", "rules"]));
    let test = eidos(folder.path(), &["rules", "test", "HEAD:recipes"]);
    assert_eq!(test.status.code(), Some(0), "{}", text(&test));
    let missing = eidos(folder.path(), &["rules", "lint", "HEAD:nowhere"]);
    assert_eq!(missing.status.code(), Some(3));
}

#[test]
fn a_trace_names_layer_file_and_line() {
    let show = eidos(
        shipped(),
        &["rules", "show", "service=eks&gpu=h100", "os=ubuntu"],
    );
    assert_eq!(show.status.code(), Some(0));
    let said = text(&show);
    let line = said
        .lines()
        .find(|line| line.starts_with("K8s.image.gpu-operator "))
        .unwrap();
    assert!(
        line.contains("v25.3.0")
            && line.contains("eks-h100")
            && line.contains("overlays/eks.yaml:")
    );
    assert!(line.ends_with("base v25.3.3"), "{line}");
    for section in ["CONSTRAINTS", "ADVISORIES", "NEARLY APPLIED", "COVERAGE"] {
        assert!(said.contains(section), "{section}");
    }
}

#[test]
fn bad_arguments_and_files_have_their_own_codes() {
    for (arguments, code, says) in [
        (&["rules", "show", "gup=h100"][..], 2, "did you mean `gpu`?"),
        (
            &["rules", "show", "gpu=h10"],
            2,
            "`h10` is not a known value",
        ),
        (
            &["rules", "lint", "/nowhere"],
            3,
            "neither a file, a folder nor a git revision",
        ),
        (&["rules", "lnt"], 2, "lint"),
        (&["rules", "impact", "recipes"], 2, "<NEW>"),
    ] {
        let output = eidos(shipped(), arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
}
