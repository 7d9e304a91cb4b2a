//! What lint says of ranges, held against asking one query after the other.

use proptest::prelude::*;

use super::properties::{any_query, key_text};
use super::{overlay, query, rules, with_overlays};
use crate::rules::{RuleBase, lint};

const ADVISORY: &str = "advisories:\n  - id: PAIR\n    severity: error\n    \
    when: {K8s.image.x: '>=1.2 <1.4'}\n    requires: {K8s.image.y: '>=1.1 <1.3', k8s: '>=1.30'}\n    \
    message: they do not go together\n    remedy: choose again\n    source: [G]\n";

fn sets(x: u8, y: u8) -> String {
    let value = |name: &str, minor: u8| match minor {
        0 => String::new(),
        9 => format!("{name}: null,"),
        minor => format!("{name}: '1.{minor}',"),
    };
    format!(
        "types: [{{type: K8s, subtypes: [{{subtype: image, data: {{z: a, {}{}}}}}]}}]",
        value("x", x),
        value("y", y)
    )
}

fn rules_of(layers: &[(String, (u8, u8))]) -> RuleBase {
    let overlays: Vec<String> = layers
        .iter()
        .enumerate()
        .map(|(number, (key, (x, y)))| overlay(&format!("o{number}"), key, &sets(*x, *y)))
        .collect();
    rules(&(with_overlays(&overlays) + ADVISORY))
}

/// The queries that lint names as examples.
fn examples(rules: &RuleBase) -> Vec<String> {
    let found = lint(rules, |_| true);
    let hints = found
        .iter()
        .filter(|finding| finding.code == "violated-range")
        .filter_map(|finding| finding.hint.as_deref()?.split_once("see the recipe for "));
    hints.map(|(_, example)| example.to_owned()).collect()
}

fn warns(rules: &RuleBase, query: &crate::model::Query) -> bool {
    let recipe = rules.recipe(query);
    recipe
        .advisories
        .iter()
        .any(|advisory| &*advisory.id == "PAIR")
}

fn ask(rules: &RuleBase, example: &str) -> crate::model::Query {
    query(
        rules,
        if example == "the empty query" {
            ""
        } else {
            example
        },
    )
}

#[test]
fn a_pin_for_a_release_is_held_to_the_ranges_of_that_release() {
    let key = |text: &str| text.to_owned();
    // For 1.33 alone the values leave their range; for no query without a version.
    let found = examples(&rules_of(&[
        (key("service: eks"), (2, 1)),
        (key("service: eks, k8s: '1.33'"), (0, 3)),
    ]));
    assert_eq!(found, ["service=eks k8s=1.33"]);
    // The pin speaks to releases that it was not tested with.
    let found = examples(&rules_of(&[(key("k8s: '<1.32'"), (2, 1))]));
    assert_eq!(found, ["k8s=0.0"]);
    // What a query says is the asker's.
    let found = examples(&rules_of(&[(key("service: eks"), (2, 1))]));
    assert!(found.is_empty(), "{found:?}");
}

proptest! {
    /// Who asks for an example gets the advisory, and where lint names none, nobody
    /// gets it for a value.
    #[test]
    fn ranges_agree_with_brute_force(
        layers in prop::collection::vec((key_text(), (0..6_u8, 0..6_u8)), 1..7),
        queries in prop::collection::vec(any_query(), 1..60),
    ) {
        let rules = rules_of(&layers);
        let found = examples(&rules);
        for example in &found {
            prop_assert!(warns(&rules, &ask(&rules, example)), "{}", example);
        }
        if found.is_empty() {
            for query in &queries {
                let mut open = query.clone();
                open.set_version(crate::model::VersionParameter::K8s, None);
                let said = if query == &open { warns(&rules, query) } else {
                    // The release itself may be the asker's; the values are not.
                    let recipe = rules.recipe(query);
                    let value = |key: &str| recipe.settings.iter()
                        .find(|one| &*one.path.key == key)
                        .and_then(|one| one.value.text().strip_prefix("1.")?.parse::<u8>().ok());
                    matches!((value("x"), value("y")), (Some(2..=3), Some(y)) if !(1..=2).contains(&y))
                };
                prop_assert!(!said, "{:?}", query);
            }
        }
    }
}
