//! `eidos recipe` and `eidos query`.

use std::fs;
use std::process::Output;

use serde_json::Value;

use super::support::eidos;

pub(super) fn text(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_ending_decides_the_format_and_the_flag_wins() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let yaml = path("deep/recipe.yaml");
    text(&eidos(
        &[
            "recipe", "--os", "ubuntu", "--gpu", "h100", "--output", &yaml,
        ],
        "",
    ));
    let written = fs::read_to_string(&yaml).unwrap();
    assert!(written.starts_with("---\nkind: Recipe\n"));
    let tree: Value = serde_saphyr::from_str(&written).unwrap();
    let json: Value = serde_json::from_str(&text(&eidos(
        &["recipe", "--gpu", "H100", "--os", "ubuntu"],
        "",
    )))
    .unwrap();
    assert_eq!(tree, json);
    let table = text(&eidos(&["recipe", "--gpu", "h100", "-t", "table"], ""));
    assert!(table.contains("K8s.image.gpu-operator"));
    assert!(
        table.contains("\nhas to be:\nK8s.image.gpu-operator  >=24.6\n"),
        "{table}"
    );
    assert!(table.ends_with("\ncoverage: composed\n"), "{table}");
    let old = [
        "recipe",
        "--gpu",
        "gb200",
        "--os",
        "amazonlinux",
        "--osv",
        "2",
        "-t",
        "table",
    ];
    let table = text(&eidos(&old, ""));
    assert!(table.contains("\nerror AMAZONLINUX-2: "), "{table}");
    let forced = path("recipe.yaml");
    text(&eidos(&["recipe", "-o", &forced, "-t", "json"], ""));
    assert!(fs::read_to_string(forced).unwrap().starts_with('{'));
    assert!(!folder.path().join("recipe.yaml.part").exists());
}

#[test]
fn a_document_is_read_and_flags_win_over_it() {
    let criteria = "kind: RecipeCriteria\nspec: {service: eks, gpu: a100}\n";
    let output = eidos(
        &["recipe", "-f", "-", "--gpu", "h100", "--intent", "training"],
        criteria,
    );
    let recipe: Value = serde_json::from_str(&text(&output)).unwrap();
    assert_eq!(
        recipe["request"],
        serde_json::json!({"service": "eks", "gpu": "h100", "intent": "training"})
    );
    let value = eidos(
        &[
            "query",
            "--service",
            "eks",
            "--gpu",
            "h100",
            "--selector",
            "K8s.image.gpu-operator",
        ],
        "",
    );
    assert_eq!(text(&value), "v25.3.0\n");
}

#[test]
fn failures_have_their_own_codes_and_messages() {
    for (arguments, input, code, says) in [
        (
            &["recipe", "--gpu", "h10", "--os", "x"][..],
            "",
            2,
            "did you mean `h100`?",
        ),
        (
            &["recipe", "-f", "/nowhere"],
            "",
            3,
            "cannot read `/nowhere`",
        ),
        (
            &["recipe", "-f", "-"],
            "kind: Snapsho\n",
            5,
            "did you mean `Snapshot`?",
        ),
        (
            &["recipe", "-o", "/proc/x/y.json"],
            "",
            3,
            "cannot write `/proc/x/y.json`",
        ),
        (
            &["query", "--selector", "K8s.image.absent"],
            "",
            1,
            "no value `K8s.image.absent`",
        ),
        (
            &[
                "query",
                "--gpu",
                "h100",
                "--selector",
                "K8s.image.gpuoperator",
            ],
            "",
            1,
            "did you mean `K8s.image.gpu-operator`?",
        ),
        (
            &["query", "--selector", "operator"],
            "",
            2,
            "K8s.image.gpu-operator",
        ),
    ] {
        let output = eidos(arguments, input);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty());
    }
}
