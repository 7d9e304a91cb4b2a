//! What holds for all rules and queries; and how tests make some up.

use proptest::prelude::*;

use super::{base, overlay, rules, sets, try_compile, with_overlays};
use crate::model::{EnumParameter, Query, ValueId, VersionParameter};
use crate::rules::space::Region;

prop_compose! {
    pub(super) fn key_text()(
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
    pub(super) fn any_query()(
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
        let regions: Vec<Region> = rules.layers.iter()
            .map(|layer| Region::of(&layer.key, rules.vocabulary())).collect();
        let (first, covers) = regions[1..].split_first().unwrap();
        let covered = first.uncovered(covers.iter()).is_none();
        for query in &queries {
            let inside = rules.layers[1].key.matches(query);
            let in_cover = rules.layers[2..].iter().any(|layer| layer.key.matches(query));
            prop_assert!(!(covered && inside && !in_cover));
        }
    }
}
