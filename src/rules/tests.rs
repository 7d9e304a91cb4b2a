//! The engine as a whole: what authors write, what queries get.

use crate::model::{Parameter, Query};

use super::{Compiled, RuleBase, RuleFile, compile};

mod impact;
mod lint;
mod properties;
mod refusals;

const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

const VOCABULARY: &str = "
parameters:
  os: {values: [{name: ubuntu}, {name: rhel}, {name: cos}], from: [OS.release.ID]}
  service: {aliases: [env], values: [{name: eks}, {name: gke}, {name: aks}]}
  gpu: {aliases: [accelerator], values: [{name: h100}, {name: gb200}, {name: a100}]}
  intent: {values: [{name: training}, {name: inference}]}
  k8s: {constrained-by: [K8s.server.version]}
sources: {E: {title: one}, G: {title: two}}
";

fn try_compile(text: &str) -> Result<Compiled, Vec<String>> {
    let files = [
        RuleFile {
            path: "a-vocabulary.yaml".into(),
            text: VOCABULARY.into(),
        },
        RuleFile {
            path: "rules.yaml".into(),
            text: text.into(),
        },
    ];
    compile(&files, &[], DIGEST)
        .map_err(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn rules(text: &str) -> RuleBase {
    match try_compile(text) {
        Ok(compiled) => compiled.rules,
        Err(found) => panic!("{}", found.join("\n")),
    }
}

fn query(rules: &RuleBase, text: &str) -> Query {
    let mut query = Query::default();
    for pair in text.split_whitespace() {
        let (name, value) = pair.split_once('=').unwrap();
        let parameter = rules.vocabulary().parameter(name).unwrap();
        query.set(rules.vocabulary(), parameter, value).unwrap();
    }
    query
}

/// `path=value` lines of the recipe for a query.
fn values(rules: &RuleBase, text: &str) -> Vec<String> {
    let recipe = rules.recipe(&query(rules, text));
    recipe
        .settings
        .iter()
        .map(|setting| format!("{}={}", setting.path, setting.value))
        .collect()
}

/// One layer that sets K8s.image.x and pins the operator where it is the base.
fn base() -> &'static str {
    "base: {source: [E], types: [{type: K8s, subtypes: [{subtype: image, data: {gpu-operator: v1, x: base}}]}]}\n"
}

fn overlay(name: &str, key: &str, rest: &str) -> String {
    format!("  - {{name: {name}, key: {{{key}}}, source: [E], {rest}}}\n")
}

fn sets(value: &str) -> String {
    format!("types: [{{type: K8s, subtypes: [{{subtype: image, data: {{x: {value}}}}}]}}]")
}

fn with_overlays(overlays: &[String]) -> String {
    format!("{}overlays:\n{}", base(), overlays.concat())
}

#[test]
fn more_specific_overlays_win_whatever_the_file_order() {
    let rules = rules(&with_overlays(&[
        overlay("both", "service: eks, gpu: h100", &sets("both")),
        overlay("eks", "service: eks", &sets("eks")),
        overlay("eks-late", "service: eks, k8s: '1.33'", &sets("late")),
    ]));
    assert_eq!(
        values(&rules, ""),
        ["K8s.image.gpu-operator=v1", "K8s.image.x=base"]
    );
    assert!(values(&rules, "service=eks").contains(&"K8s.image.x=eks".into()));
    assert!(values(&rules, "service=eks gpu=h100").contains(&"K8s.image.x=both".into()));
    assert!(values(&rules, "service=eks k8s=v1.33.5-eks-1").contains(&"K8s.image.x=late".into()));
    let recipe = rules.recipe(&query(&rules, "service=eks gpu=h100"));
    let names: Vec<&str> = recipe.overlays.iter().map(AsRef::as_ref).collect();
    assert_eq!(names, ["base", "eks", "both"]);
    let sentences: Vec<&str> = recipe.matched_rules.iter().map(AsRef::as_ref).collect();
    assert_eq!(sentences, ["Service: eks", "Service: eks, GPU: h100"]);
}

#[test]
fn priority_and_then_file_order_decide_between_equals() {
    let rules = rules(&with_overlays(&[
        overlay(
            "first",
            "service: eks",
            &format!("priority: 1, {}", sets("first")),
        ),
        overlay("second", "service: eks", &sets("second")),
        overlay("third", "gpu: h100", &sets("third")),
    ]));
    assert!(values(&rules, "service=eks gpu=h100").contains(&"K8s.image.x=first".into()));
}

#[test]
fn null_removes_a_key_and_a_later_layer_may_set_it_again() {
    let rules = rules(&with_overlays(&[
        overlay("eks", "service: eks", &sets("null")),
        overlay("eks-h100", "service: eks, gpu: h100", &sets("again")),
    ]));
    assert_eq!(values(&rules, "service=eks"), ["K8s.image.gpu-operator=v1"]);
    assert!(values(&rules, "service=eks gpu=h100").contains(&"K8s.image.x=again".into()));
}

#[test]
fn scalars_keep_what_the_author_wrote() {
    let rules = rules(
        "base: {source: [E], types: [{type: OS, subtypes: [{subtype: s, data: \
         {a: 1.30, b: 007, c: 18446744073709551615, d: true, e: '1', f: 1_0, g: -5}}]}]}",
    );
    let settings = rules.recipe(&Query::default()).settings;
    let shown: Vec<String> = settings.iter().map(|s| format!("{:?}", s.value)).collect();
    assert_eq!(
        shown,
        [
            r#"Text("1.30")"#,
            r#"Text("007")"#,
            "Integer(18446744073709551615)",
            "Bool(true)",
            r#"Text("1")"#,
            r#"Text("1_0")"#,
            "Integer(-5)"
        ]
    );
}

#[test]
fn constraints_intersect_and_cite_who_set_the_bounds() {
    let constrained = |range: &str, source: &str| {
        format!("constraints: {{K8s.server.version: {{value: '{range}', source: [{source}]}}}}")
    };
    let rules = rules(&with_overlays(&[
        overlay("eks", "service: eks", &constrained(">=1.28", "E")),
        overlay("h100", "gpu: h100", &constrained(">=1.29 <1.34", "G")),
        overlay(
            "train",
            "service: eks, intent: training",
            &constrained(">=1.30", "E"),
        ),
    ]));
    let recipe = rules.recipe(&query(
        &rules,
        "service=eks gpu=h100 intent=training k8s=1.35",
    ));
    let [constraint] = recipe.constraints.as_slice() else {
        panic!("{:?}", recipe.constraints)
    };
    assert_eq!(constraint.predicate.to_string(), ">=1.30 <1.34");
    assert_eq!(
        constraint
            .sources
            .iter()
            .map(AsRef::as_ref)
            .collect::<Vec<&str>>(),
        ["E", "G"]
    );
    assert_eq!(recipe.advisories[0].id, "CONSTRAINT");
    let recipe = rules.recipe(&query(&rules, "service=eks gpu=h100 k8s=1.33"));
    assert!(recipe.advisories.is_empty());
}

#[test]
fn the_older_layout_loads_and_names_its_overlays() {
    let rules = rules(
        "base:\n  - type: K8s\n    subtypes:\n      - subtype: image\n        data: {gpu-operator: v25.3.3}\n\
         overlays:\n  - key: {service: eks, os: ubuntu}\n    types:\n      - type: OS\n        subtypes:\n          - subtype: grub\n            data: {a: '1'}\n  \
         - key: {service: eks, os: ubuntu, gpu: any}\n    types: [{type: OS, subtypes: [{subtype: grub, data: {b: '2'}}]}]\n",
    );
    let names: Vec<String> = rules
        .overlays()
        .map(|overlay| overlay.name.to_string())
        .collect();
    assert_eq!(names, ["base", "eks-ubuntu", "eks-ubuntu-2"]);
    assert_eq!(rules.version(), "0123456789ab");
    assert_eq!(
        values(&rules, "env=eks os=ubuntu"),
        [
            "OS.grub.a=1",
            "OS.grub.b=2",
            "K8s.image.gpu-operator=v25.3.3"
        ]
    );
}

#[test]
fn defaults_fill_in_what_the_files_do_not_carry() {
    let file = |path: &str, text: &str| RuleFile {
        path: path.into(),
        text: text.into(),
    };
    let grid = "coverage:\n  - {service: [eks, gke], level: validated, source: [E]}\n";
    let defaults = [
        file("v.yaml", VOCABULARY),
        file("c.yaml", grid),
        file("b.yaml", base()),
    ];
    let own = [file(
        "own.yaml",
        "base: {types: [{type: K8s, subtypes: [{subtype: image, data: {gpu-operator: v2}}]}]}",
    )];
    let rules = compile(&own, &defaults, DIGEST).unwrap().rules;
    assert_eq!(values(&rules, "service=eks"), ["K8s.image.gpu-operator=v2"]);
    let level =
        |rules: &RuleBase, text: &str| rules.recipe(&query(rules, text)).coverage.level.name();
    assert_eq!(level(&rules, "service=gke"), "validated");
    // A vocabulary of its own may lack what the default grid speaks of.
    let words = file(
        "own-words.yaml",
        "parameters: {service: {values: [{name: eks}, {name: here}]}}",
    );
    let rules = compile(&[own[0].clone(), words], &defaults, DIGEST)
        .unwrap()
        .rules;
    assert_eq!(level(&rules, "service=eks"), "validated");
    assert_eq!(level(&rules, "service=here"), "base");
}

#[test]
fn advisories_look_at_question_and_answer() {
    let advisories = "advisories:\n  \
        - {id: A, severity: warning, when: {gpu: h100 || gb200, K8s.image.gpu-operator: v1}, message: m, remedy: r, source: [E, G]}\n  \
        - {id: B, severity: error, when: {K8s.image.x: base}, requires: {k8s: '>=1.29 <1.33'}, message: m, remedy: r}\n";
    let rules = rules(&format!("{}{advisories}", base()));
    let ids = |text: &str| -> Vec<String> {
        let recipe = rules.recipe(&query(&rules, text));
        recipe
            .advisories
            .iter()
            .map(|advisory| advisory.id.clone())
            .collect()
    };
    assert_eq!(ids("gpu=h100"), ["A"]);
    assert_eq!(ids("gpu=a100 k8s=1.30"), [""; 0]);
    assert_eq!(ids("k8s=1.33"), ["B"]);
    assert_eq!(
        rules.recipe(&query(&rules, "gpu=h100")).advisories[0].source,
        "E, G"
    );
}

#[test]
fn coverage_takes_the_grid_first_and_then_the_layers() {
    let grid = "coverage:\n  - {service: eks, gpu: [h100, gb200], os: ubuntu, intent: training, level: validated}\n  \
        - {os: cos, service: [eks, aks], level: unsupported}\n";
    let rules = rules(&format!(
        "{}{grid}",
        with_overlays(&[
            overlay("eks", "service: eks", &sets("e")),
            overlay("eks-h100", "service: eks, gpu: h100", &sets("h")),
        ])
    ));
    let check = |text: &str, level: &str, missing: &[Parameter]| {
        let coverage = rules.recipe(&query(&rules, text)).coverage;
        assert_eq!(
            (coverage.level.name(), coverage.missing.as_slice()),
            (level, missing),
            "{text}"
        );
    };
    check("", "base", &[]);
    check("service=eks gpu=h100", "composed", &[]);
    check("service=gke", "base", &[Parameter::Service]);
    check(
        "service=eks gpu=h100 os=ubuntu intent=training",
        "validated",
        &[Parameter::Os, Parameter::Intent],
    );
    check(
        "service=eks gpu=h100 os=cos",
        "unsupported",
        &[Parameter::Os],
    );
    let near = rules.nearest_covered(&query(
        &rules,
        "service=eks gpu=a100 os=ubuntu intent=training",
    ));
    assert_eq!(near, ["os=ubuntu&service=eks&gpu=h100&intent=training"]);
}

#[test]
fn a_trace_names_every_layer_and_what_nearly_applied() {
    let rules = rules(&with_overlays(&[
        overlay("eks", "service: eks", &sets("eks")),
        overlay("eks-h100", "service: eks, gpu: h100", &sets("both")),
        overlay(
            "eks-a100",
            "service: eks, gpu: a100, k8s: '1.33'",
            &sets("no"),
        ),
    ]));
    let trace = rules.trace(&query(&rules, "service=eks gpu=h100"));
    let (path, steps) = &trace.paths[1];
    assert_eq!(path.to_string(), "K8s.image.x");
    let shown: Vec<String> = steps
        .iter()
        .map(|step| format!("{} {}", step.overlay, step.at))
        .collect();
    assert_eq!(
        shown,
        [
            "base rules.yaml:1",
            "eks rules.yaml:3",
            "eks-h100 rules.yaml:4"
        ]
    );
    assert!(trace.near_misses.is_empty());
    let trace = rules.trace(&query(&rules, "service=eks gpu=a100 k8s=1.34"));
    let near: Vec<String> = trace
        .near_misses
        .iter()
        .map(|near| format!("{} {}", near.overlay, near.wants))
        .collect();
    assert_eq!(near, ["eks-a100 1.33", "eks-h100 h100"]);
}
