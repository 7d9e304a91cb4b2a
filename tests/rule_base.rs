//! The shipped rule base: no dead rule, no pin without a source, and an answer
//! for every combination.

use std::collections::{BTreeMap, BTreeSet};

use eidos::library;
use eidos::model::{EnumParameter, Parameter, Query, Selector, ValueId};
use eidos::rules::{RuleBase, compile};

fn shipped() -> RuleBase {
    let texts = library::embedded();
    match compile(&texts.files, &texts.defaults, &texts.digest) {
        Ok(compiled) => {
            let shown: Vec<String> = compiled.warnings.iter().map(ToString::to_string).collect();
            assert!(shown.is_empty(), "{}", shown.join("\n"));
            compiled.rules
        }
        Err(found) => {
            let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
            panic!("{}", shown.join("\n"));
        }
    }
}

/// Every combination of enumerated values, open ones included.
fn combinations(rules: &RuleBase) -> Vec<Query> {
    let mut queries = vec![Query::default()];
    for parameter in EnumParameter::ALL {
        let values = rules.vocabulary().values_of(parameter).len();
        let mut next = Vec::with_capacity(queries.len() * (values + 1));
        for query in &queries {
            next.push(query.clone());
            for value in 0..values {
                let mut query = query.clone();
                query.set_value(parameter, Some(ValueId(u8::try_from(value).unwrap())));
                next.push(query);
            }
        }
        queries = next;
    }
    queries
}

fn query(rules: &RuleBase, text: &str) -> Query {
    let mut query = Query::default();
    for pair in text.split('&') {
        let (name, value) = pair.split_once('=').unwrap();
        let parameter = rules.vocabulary().parameter(name).unwrap();
        query.set(rules.vocabulary(), parameter, value).unwrap();
    }
    query
}

fn value(rules: &RuleBase, text: &str, path: &str) -> String {
    let recipe = rules.recipe(&query(rules, text));
    recipe
        .get(&Selector::parse(path).unwrap())
        .unwrap()
        .value
        .to_string()
}

#[test]
fn every_combination_pins_the_operator_inside_its_constraints() {
    let rules = shipped();
    let operator = Selector::parse("K8s.image.gpu-operator").unwrap();
    for query in combinations(&rules) {
        let recipe = rules.recipe(&query);
        let name = query.canonical(rules.vocabulary());
        let pinned = recipe
            .get(&operator)
            .unwrap_or_else(|| panic!("{name} pins no operator"));
        let version = pinned.value.text().parse().unwrap();
        for constraint in recipe
            .constraints
            .iter()
            .filter(|found| found.path == operator)
        {
            assert!(constraint.predicate.accepts(&version), "{name}: {version}");
        }
    }
}

#[test]
fn every_value_has_a_source_and_a_reason() {
    let rules = shipped();
    let known: BTreeSet<&str> = rules.sources().map(|(id, _)| id).collect();
    let mut missing = BTreeSet::new();
    for query in combinations(&rules) {
        for (path, steps) in rules.trace(&query).paths {
            for step in steps {
                if step.sources.is_empty() || !step.sources.iter().all(|id| known.contains(&**id)) {
                    missing.insert(format!("{path} at {} has no known source", step.at));
                }
            }
        }
        for setting in rules.recipe(&query).settings {
            if setting.context.is_none() {
                missing.insert(format!("{} has no reason", setting.path));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The operator releases that NVIDIA's tables pair with each Kubernetes range
/// (source G, platform support).
#[test]
fn the_operator_supports_the_kubernetes_release_that_it_is_paired_with() {
    let ranges: BTreeMap<&str, (u32, u32)> = BTreeMap::from([
        ("v25.3", (29, 33)),
        ("v25.10", (30, 35)),
        ("v26.3", (32, 36)),
    ]);
    let rules = shipped();
    for query in combinations(&rules) {
        let recipe = rules.recipe(&query);
        let text = |path: &str| {
            recipe
                .get(&Selector::parse(path).unwrap())
                .unwrap()
                .value
                .to_string()
        };
        let operator = text("K8s.image.gpu-operator");
        let release = operator.rsplit_once('.').unwrap().0;
        let (low, high) = ranges[release];
        let kubernetes = text("K8s.server.version");
        let minor: u32 = kubernetes.split('.').nth(1).unwrap().parse().unwrap();
        let name = query.canonical(rules.vocabulary());
        assert!(
            (low..=high).contains(&minor),
            "{name}: {operator} with {kubernetes}"
        );
    }
}

#[test]
fn the_environments_of_the_guide_get_what_their_sources_say() {
    let rules = shipped();
    let operator = "K8s.image.gpu-operator";
    assert_eq!(
        value(
            &rules,
            "os=ubuntu&gpu=h100&service=eks&intent=training",
            operator
        ),
        "v25.3.0"
    );
    assert_eq!(
        value(&rules, "os=ubuntu&gpu=h100&service=eks", "K8s.image.driver"),
        "570.133.20"
    );
    assert_eq!(
        value(&rules, "os=ubuntu&gpu=gb200&service=gke", operator),
        "v25.10.1"
    );
    let recipe = rules.recipe(&query(
        &rules,
        "os=ubuntu&gpu=h100&service=eks&intent=training",
    ));
    assert_eq!(recipe.coverage.level.name(), "validated");
    assert!(recipe.coverage.missing.is_empty());
    let kubernetes: Vec<String> = recipe
        .constraints
        .iter()
        .filter(|constraint| constraint.path.to_string() == "K8s.server.version")
        .map(|constraint| constraint.predicate.to_string())
        .collect();
    assert_eq!(kubernetes, [">=1.30 <1.34"]);
    let recipe = rules.recipe(&query(&rules, "os=rhel&gpu=a100&service=aks"));
    assert!(
        recipe
            .advisories
            .iter()
            .any(|advisory| advisory.id == "AKS-RHEL")
    );
}

#[test]
fn the_grid_answers_every_cell_with_a_published_level() {
    let rules = shipped();
    let check = |text: &str, level: &str| {
        let recipe = rules.recipe(&query(&rules, text));
        assert_eq!(recipe.coverage.level.name(), level, "{text}");
    };
    check(
        "service=eks&gpu=h100&os=ubuntu&intent=inference",
        "validated",
    );
    check(
        "service=eks&gpu=h100&os=amazonlinux&intent=inference",
        "validated",
    );
    check(
        "service=eks&gpu=h100&os=amazonlinux&intent=training",
        "composed",
    );
    check("service=eks&gpu=gb200&os=rhel&intent=training", "base");
    check("service=eks&gpu=h100&os=cos&intent=training", "unsupported");
    check("service=gke&gpu=a100&os=cos&intent=training", "validated");
    check("service=gke&gpu=a100&os=cos&intent=inference", "composed");
    check("service=gke&gpu=l40&os=ubuntu&intent=training", "base");
    check("service=aks&gpu=a100&os=rhel&intent=training", "composed");
    check(
        "service=aks&gpu=h100&os=amazonlinux&intent=training",
        "unsupported",
    );
    check(
        "service=oke&gpu=l40s&os=ubuntu&intent=inference",
        "validated",
    );
    check("service=oke&gpu=h100&os=rhel&intent=training", "base");
    check(
        "service=self-managed&gpu=b200&os=rhel&intent=training",
        "composed",
    );
    check("service=eks&gpu=h200&os=ubuntu&intent=training", "composed");
    for query in combinations(&rules) {
        let complete = Parameter::ALL
            .into_iter()
            .filter(|parameter| query.has(*parameter))
            .count()
            == 4;
        let recipe = rules.recipe(&query);
        if complete && recipe.coverage.level.name() == "composed" {
            assert!(
                recipe.coverage.missing.is_empty(),
                "{} is composed of layers that lack {:?}",
                query.canonical(rules.vocabulary()),
                recipe.coverage.missing
            );
        }
    }
}

#[test]
fn every_overlay_is_reached() {
    let rules = shipped();
    let mut reached = BTreeSet::new();
    let releases = [
        "", "1.28", "1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36",
    ];
    let systems = ["", "8.10", "9.4", "10.0", "22.04", "24.04", "2023"];
    for query in combinations(&rules) {
        for (release, system) in releases
            .iter()
            .flat_map(|r| systems.iter().map(move |s| (r, s)))
        {
            let mut query = query.clone();
            query
                .set(rules.vocabulary(), Parameter::K8s, release)
                .unwrap();
            query
                .set(rules.vocabulary(), Parameter::Osv, system)
                .unwrap();
            reached.extend(rules.recipe(&query).overlays);
        }
    }
    let unreached: Vec<&str> = rules
        .overlays()
        .map(|overlay| &**overlay.name)
        .filter(|name| !reached.contains(*name))
        .collect();
    assert!(unreached.is_empty(), "{unreached:?}");
}

#[test]
fn every_overlay_is_expected_by_a_test_beside_the_rules() {
    let texts = library::embedded();
    let compiled = compile(&texts.files, &texts.defaults, &texts.digest).unwrap();
    let expected: BTreeSet<&str> = compiled
        .expectations
        .iter()
        .flat_map(|expectation| expectation.overlays.iter().map(String::as_str))
        .collect();
    let forgotten: Vec<&str> = compiled
        .rules
        .overlays()
        .map(|overlay| &**overlay.name)
        .filter(|name| *name != "base" && !expected.contains(name))
        .collect();
    assert!(
        forgotten.is_empty(),
        "name these in recipes/tests: {forgotten:?}"
    );
}
