//! What is refused, and how it is said.

use super::{base, overlay, rules, sets, try_compile, with_overlays};
use crate::rules::DiagnosticSeverity;

/// Compiling must fail, with every text in some diagnostic.
fn check_refused(text: &str, wanted: &[&str]) {
    let found = match try_compile(text) {
        Ok(_) => panic!("compiled:\n{text}"),
        Err(found) => found.join("\n"),
    };
    for want in wanted {
        assert!(found.contains(want), "`{want}` is not in:\n{found}");
    }
}

/// Compiling must succeed with exactly these warning codes.
fn check_warned(text: &str, codes: &[&str]) {
    let warnings = try_compile(text).unwrap().warnings;
    assert!(
        warnings
            .iter()
            .all(|found| found.severity == DiagnosticSeverity::Warning)
    );
    let found: Vec<&str> = warnings.iter().map(|found| found.code).collect();
    assert_eq!(found, codes, "{warnings:?}");
}

#[test]
fn an_impossible_constraint_names_both_layers_and_a_query() {
    let range = |range: &str| format!("constraints: {{K8s.server.version: '{range}'}}");
    check_refused(
        &with_overlays(&[
            overlay("eks", "service: eks", &range(">=1.34")),
            overlay("old", "gpu: a100", &range("<1.30")),
        ]),
        &[
            "empty-constraint",
            "`>=1.34` of `eks`",
            "`<1.30` of `old`",
            "service=eks gpu=a100",
        ],
    );
    // Layers that cannot meet may contradict each other.
    rules(&with_overlays(&[
        overlay("eks", "service: eks, k8s: '<1.30'", &range("<1.30")),
        overlay("eks-new", "service: eks, k8s: '>=1.30'", &range(">=1.30")),
    ]));
}

#[test]
fn a_value_outside_a_constraint_is_refused_only_where_it_survives() {
    let operator = |version: &str| {
        format!(
            "types: [{{type: K8s, subtypes: [{{subtype: image, data: {{gpu-operator: {version}}}}}]}}]"
        )
    };
    let floor = "constraints: {K8s.image.gpu-operator: '>=25.10'}";
    let gb200 = overlay(
        "gb200",
        "gpu: gb200",
        &format!("{}, {floor}", operator("v25.10.1")),
    );
    let base = base().replace("gpu-operator: v1", "gpu-operator: v25.3.3");
    rules(&format!("{base}overlays:\n{gb200}"));
    let eks = overlay(
        "eks-gb200",
        "service: eks, gpu: gb200",
        &operator("v25.3.0"),
    );
    check_refused(
        &format!("{base}overlays:\n{gb200}{eks}"),
        &[
            "outside-constraint",
            "`v25.3.0` of `eks-gb200`",
            "service=eks gpu=gb200",
        ],
    );
    let lone = overlay("gb200", "gpu: gb200", floor);
    check_refused(
        &format!("{base}overlays:\n{lone}"),
        &["`v25.3.3` of `base`", "gpu=gb200"],
    );
}

#[test]
fn all_errors_of_all_kinds_come_at_once() {
    check_refused(
        "bases: 1\nbase: []\noverlays:\n\
         - {name: A b, key: {gpu: h10, k8s: 1.33 || 1.34, region: x}, source: [X], types: [{type: k8s, subtypes: []}]}\n\
         - {key: {gpu: h100}, types: [{type: K8s, subtypes: [{subtype: s, data: {a: [1], a: 2}, context: {b: why}}]}]}\n\
         - {key: {gpu: h100}, priority: high}\n",
        &[
            "rules.yaml:1:1: error[unknown-key]: `bases` is no key of a rule file\n  hint: did you mean `base`?",
            "rules.yaml:2:1: error[empty-base]",
            "rules.yaml:4:10: error[bad-name]: `A b`",
            "did you mean `h100`?",
            "`||` is for advisories only",
            "`region` is no parameter",
            "`X` is no source",
            "`k8s` is no measurement type\n  hint: did you mean `K8s`?",
            "the value of `a` is a list, not a scalar",
            "`a` stands twice in `data`",
            "`context` names `b`, which `data` does not set",
            "priority `high` is no whole number",
            "the overlay sets nothing",
        ],
    );
}

#[test]
fn hostile_yaml_is_refused_with_a_place() {
    let deep = format!("base: {}1{}", "[".repeat(100), "]".repeat(100));
    for (text, wanted) in [
        ("base: &a [1]", "anchors are not allowed"),
        ("base: !!str x", "tags are not allowed"),
        ("base: {a: 1", "rules.yaml:"),
        ("base: 1\n---\nbase: 2", "one document"),
        ("%YAML 1.2\n---\nbase: 1", "rules.yaml:1"),
        (deep.as_str(), "rules.yaml:1"),
        ("base: \u{0}", "rules.yaml:1"),
    ] {
        check_refused(text, &[wanted]);
    }
}

#[test]
fn warnings_do_not_refuse() {
    let unsourced = "base: {types: [{type: K8s, subtypes: [{subtype: image, data: {x: base}}]}]}";
    check_warned(unsourced, &["no-operator", "no-source"]);
    let pair = [
        overlay("eks", "service: eks", &sets("one")),
        overlay("h100", "gpu: h100", &sets("two")),
    ];
    check_warned(&with_overlays(&pair), &["ambiguous"]);
    let settled = overlay("both", "service: eks, gpu: h100", &sets("three"));
    check_warned(&with_overlays(&[pair.concat(), settled]), &[]);
    let never = overlay("never", "k8s: '>=1.34 <1.30'", &sets("x"));
    check_warned(&with_overlays(&[never]), &["unreachable"]);
}
