//! What a change of rules changes, held against asking one query after the other.

use proptest::prelude::*;

use super::properties::{any_query, key_text};
use super::{base, overlay, rules, sets, with_overlays};
use crate::model::{EnumParameter, Parameter, Query, ValueId, Version};
use crate::rules::{Change, RuleBase, Scope, Scopes, impact};

fn box_text(scopes: &Scopes) -> String {
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
    let changes = impact(&before, &after);
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
    assert!(impact(&before, &before).is_empty());
}

#[test]
fn another_remedy_is_a_change() {
    let advised = |remedy: &str| {
        let overlays = with_overlays(&[overlay("eks", "service: eks", &sets("'1.2'"))]);
        rules(&format!(
            "{overlays}advisories:\n  - {{id: PAIR, severity: error, when: {{K8s.image.x: '1.2'}}, \
             message: it breaks, remedy: {remedy}, source: [G]}}\n"
        ))
    };
    let changes = impact(&advised("wait"), &advised("leave"));
    let [change] = &changes[..] else {
        panic!("{changes:?}")
    };
    assert_eq!(change.values.len(), 1);
    assert_eq!(change.values[0].path, "advisory PAIR");
    assert_eq!(
        change.queries.iter().map(box_text).collect::<Vec<_>>(),
        ["service=eks"]
    );
}

/// A case that the property below once found.
#[test]
fn an_overlay_that_only_the_new_rules_have_touches_who_names_its_value() {
    let old = rules(base());
    let new = rules(&with_overlays(&[overlay("o0", "gpu: gb200", &sets("v1"))]));
    let mut query = Query::default();
    query.set_value(EnumParameter::Gpu, Some(ValueId(1)));
    query.set_value(EnumParameter::Intent, Some(ValueId(1)));
    let changes = impact(&old, &new);
    let touched = |change: &Change| change.queries.iter().any(|one| holds(one, &query, &new));
    assert_eq!(changes.iter().filter(|change| touched(change)).count(), 1);
}

/// Whether a box of an impact holds a query.
fn holds(scopes: &Scopes, query: &Query, rules: &RuleBase) -> bool {
    Parameter::ALL
        .into_iter()
        .zip(scopes)
        .all(|(parameter, scope)| {
            let text = query.text(rules.vocabulary(), parameter);
            match scope {
                Scope::Any => true,
                Scope::Open => text.is_none(),
                Scope::Value(name) => text == Some(name),
                Scope::Range(range) => text
                    .and_then(|text| text.parse::<Version>().ok())
                    .is_some_and(|version| range.contains(version.point())),
            }
        })
}

proptest! {
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
        let changes = impact(&old, &new);
        for query in &queries {
            let differs = old.recipe(query).settings.iter().map(|s| s.value.to_string()).collect::<Vec<_>>()
                != new.recipe(query).settings.iter().map(|s| s.value.to_string()).collect::<Vec<_>>();
            let named = changes.iter().filter(|change| change.queries.iter().any(|scopes| holds(scopes, query, &old))
                && change.values.iter().any(|value| value.path == "K8s.image.x")).count();
            prop_assert_eq!(named, usize::from(differs), "{:?}", query);
        }
    }
}
