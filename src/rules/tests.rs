//! The engine as a whole: what authors write, what queries get.

use proptest::prelude::*;

use crate::model::{EnumParameter, Parameter, Query, ValueId, VersionParameter};

use super::{Compiled, DiagnosticSeverity, RuleBase, RuleFile, compile};

mod lint;

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

fn box_text(scopes: &super::Scopes) -> String {
    let parts: Vec<String> = Parameter::ALL
        .iter()
        .zip(scopes)
        .filter_map(|(parameter, scope)| Some(format!("{parameter}={}", scope.text()?)))
        .collect();
    parts.join(" ")
}

#[test]
fn an_impact_names_exactly_the_queries_that_change() {
    let before = rules(&with_overlays(&[overlay(
        "eks",
        "service: eks",
        &sets("one"),
    )]));
    let after = rules(&with_overlays(&[
        overlay("eks", "service: eks", &sets("one")),
        overlay("eks-new", "service: eks, k8s: '>=1.33'", &sets("two")),
    ]));
    let changes = super::impact(&before, &after);
    let shown: Vec<String> = changes
        .iter()
        .map(|change| {
            let boxes: Vec<String> = change.queries.iter().map(box_text).collect();
            let values: Vec<String> = change
                .values
                .iter()
                .map(|value| format!("{}: {:?} {:?}", value.path, value.old, value.new))
                .collect();
            format!("{} | {}", boxes.join(", "), values.join(", "))
        })
        .collect();
    assert_eq!(
        shown,
        [
            r#"service=eks k8s=>=1.33 | K8s.image.x: Some("one") Some("two")"#,
            // The new overlay also covers the release that was asked for.
            r#"os=any osv=any kernel=any service=eks k8s=>=1.33 gpu=any intent=any | coverage: Some("base") Some("composed")"#,
        ]
    );
    assert!(super::impact(&before, &before).is_empty());
}

prop_compose! {
    fn key_text()(
        os in prop::option::weighted(0.4, 0..3_usize),
        service in prop::option::weighted(0.5, 0..3_usize),
        gpu in prop::option::weighted(0.5, 0..3_usize),
        intent in prop::option::weighted(0.3, 0..2_usize),
        k8s in prop::option::weighted(0.4, (28..36_u32, 0..5_u32)),
        osv in prop::option::weighted(0.2, 20..26_u32),
    ) -> String {
        let mut parts = Vec::new();
        let mut word = |name: &str, words: &[&str], at: Option<usize>| {
            if let Some(at) = at { parts.push(format!("{name}: {}", words[at])); }
        };
        word("os", &["ubuntu", "rhel", "cos"], os);
        word("service", &["eks", "gke", "aks"], service);
        word("gpu", &["h100", "gb200", "a100"], gpu);
        word("intent", &["training", "inference"], intent);
        if let Some((minor, width)) = k8s {
            parts.push(match width {
                0 => format!("k8s: '1.{minor}'"),
                1 => format!("k8s: '1.{minor}.2'"),
                2 => format!("k8s: '>1.{minor}'"),
                _ => format!("k8s: '>=1.{minor} <=1.{}'", minor + width - 2),
            });
        }
        if let Some(major) = osv { parts.push(format!("osv: '<{major}'")); }
        if parts.is_empty() { parts.push("service: eks".into()); }
        parts.join(", ")
    }
}

prop_compose! {
    fn any_query()(
        values in (prop::array::uniform3(prop::option::of(0..3_u8)), prop::option::of(0..2_u8)),
        k8s in prop::option::of((27..37_u32, 0..4_u32)),
        osv in prop::option::of(19..27_u32),
    ) -> Query {
        let mut query = Query::default();
        let ([os, service, gpu], intent) = values;
        for (parameter, value) in EnumParameter::ALL.into_iter().zip([os, service, gpu, intent]) {
            query.set_value(parameter, value.map(ValueId));
        }
        query.set_version(VersionParameter::K8s, k8s.map(|(minor, patch)| format!("1.{minor}.{patch}").parse().unwrap()));
        query.set_version(VersionParameter::Osv, osv.map(|major| major.to_string().parse().unwrap()));
        query
    }
}

/// A case that the property below once found.
#[test]
fn an_overlay_that_only_the_new_rules_have_touches_who_names_its_value() {
    let old = rules(base());
    let new = rules(&with_overlays(&[overlay("o0", "gpu: gb200", &sets("v1"))]));
    let mut query = Query::default();
    query.set_value(EnumParameter::Gpu, Some(ValueId(1)));
    query.set_value(EnumParameter::Intent, Some(ValueId(1)));
    let changes = super::impact(&old, &new);
    let touched =
        |change: &super::Change| change.queries.iter().any(|one| holds(one, &query, &new));
    assert_eq!(changes.iter().filter(|change| touched(change)).count(), 1);
}

/// Whether a box of an impact holds a query.
fn holds(scopes: &super::Scopes, query: &Query, rules: &RuleBase) -> bool {
    Parameter::ALL
        .into_iter()
        .zip(scopes)
        .all(|(parameter, scope)| {
            let text = query.text(rules.vocabulary(), parameter);
            match scope {
                super::Scope::Any => true,
                super::Scope::Open => text.is_none(),
                super::Scope::Value(name) => text == Some(name),
                super::Scope::Range(range) => text
                    .and_then(|text| text.parse::<crate::model::Version>().ok())
                    .is_some_and(|version| range.contains(version.point())),
            }
        })
}

proptest! {
    /// The index finds what the definition says, in rank order.
    #[test]
    fn the_index_agrees_with_the_naive_definition(
        keys in prop::collection::vec(key_text(), 0..60),
        queries in prop::collection::vec(any_query(), 1..40),
    ) {
        let overlays: Vec<String> = keys
            .iter()
            .enumerate()
            .map(|(number, key)| overlay(&format!("o{number}"), key, &sets("same")))
            .collect();
        let rules = rules(&if overlays.is_empty() { base().to_owned() } else { with_overlays(&overlays) });
        for query in &queries {
            let naive: Vec<&str> = rules.layers.iter().filter(|layer| layer.key.matches(query))
                .map(|layer| &*layer.name).collect();
            let found: Vec<&str> = rules.applied(query).iter().map(|layer| &*layer.name).collect();
            prop_assert_eq!(found, naive);
        }
    }

    /// Impact agrees with asking every query one by one.
    #[test]
    fn impact_agrees_with_brute_force(
        keys in prop::collection::vec((key_text(), 0..3_u8, 0..3_u8), 1..8),
        queries in prop::collection::vec(any_query(), 1..60),
    ) {
        let side = |pick: &dyn Fn(&(String, u8, u8)) -> u8| {
            let overlays: Vec<String> = keys.iter().enumerate().filter(|(_, key)| pick(key) > 0)
                .map(|(number, key)| overlay(&format!("o{number}"), &key.0, &sets(&format!("v{}", pick(key))))).collect();
            rules(&if overlays.is_empty() { base().to_owned() } else { with_overlays(&overlays) })
        };
        let (old, new) = (side(&|key| key.1), side(&|key| key.2));
        let changes = super::impact(&old, &new);
        for query in &queries {
            let differs = old.recipe(query).settings.iter().map(|s| s.value.to_string()).collect::<Vec<_>>()
                != new.recipe(query).settings.iter().map(|s| s.value.to_string()).collect::<Vec<_>>();
            let named = changes.iter().filter(|change| change.queries.iter().any(|scopes| holds(scopes, query, &old))
                && change.values.iter().any(|value| value.path == "K8s.image.x")).count();
            prop_assert_eq!(named, usize::from(differs), "{:?}", query);
        }
    }

    /// Arbitrary text is read or refused, never a panic.
    #[test]
    fn no_text_panics(text in "(?s).{0,200}") {
        let _ = try_compile(&text);
        let _ = try_compile(&format!("{}overlays: {text}", base()));
    }

    /// Removing boxes from a box leaves exactly the queries in none of them.
    #[test]
    fn boxes_subtract_exactly(
        keys in prop::collection::vec(key_text(), 1..6),
        queries in prop::collection::vec(any_query(), 1..40),
    ) {
        let overlays: Vec<String> = keys.iter().enumerate()
            .map(|(number, key)| overlay(&format!("o{number}"), key, &sets("same"))).collect();
        let rules = rules(&with_overlays(&overlays));
        let regions: Vec<super::space::Region> = rules.layers.iter()
            .map(|layer| super::space::Region::of(&layer.key, rules.vocabulary())).collect();
        let (first, covers) = regions[1..].split_first().unwrap();
        let covered = first.uncovered(covers.iter()).is_none();
        for query in &queries {
            let inside = rules.layers[1].key.matches(query);
            let in_cover = rules.layers[2..].iter().any(|layer| layer.key.matches(query));
            prop_assert!(!(covered && inside && !in_cover));
        }
    }
}
