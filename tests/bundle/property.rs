//! What holds for every recipe, also for one that somebody made to do harm.

use std::sync::Arc;

use eidos::bundle::{Choices, Deployer, bundle, images, reads};
use eidos::model::{Coverage, CoverageLevel, MeasurementType, Path, Reading, Recipe, Setting};
use proptest::prelude::*;

use crate::fuzz::checks::bundle::harmless;

/// Values of a recipe that bundles read, with a valid text each.
const KNOWN: &[(&str, &str, &str)] = &[
    ("image", "gpu-operator", "v25.3.0"),
    ("image", "network-operator", "v25.7.0"),
    ("image", "driver", "580.82.07"),
    ("image", "dcgm", "4.3.1-1-ubuntu22.04"),
    ("image", "k8s-device-plugin", "v0.17.4"),
    ("image", "doca-driver", "doca3.1.0-25.07-0.9.7.0-0"),
    (
        "image",
        "k8s-rdma-shared-dev-plugin",
        "network-operator-v25.7.0",
    ),
    (
        "image",
        "sriov-network-device-plugin",
        "network-operator-v25.7.0",
    ),
    ("image", "multus-cni", "network-operator-v25.7.0"),
    ("registry", "uri", "mirror.example/nvidia"),
    ("config", "mig-profile", "all-disabled"),
    ("config", "runtime-config-source", "file"),
    ("network-config", "deploy-ofed", "true"),
    ("network-config", "enable-sriov", "false"),
    ("network-config", "use-host-mofed", "true"),
    ("policy", "cdi.default", "true"),
    ("policy", "driver.kernelModuleType", "open"),
    ("policy", "mig.strategy", "mixed"),
    ("policy", "operator.runtimeClass", "nvidia"),
    (
        "policy",
        "daemonsets.tolerations",
        "[{\"operator\":\"Exists\"}]",
    ),
];

fn reading() -> impl Strategy<Value = Option<Reading>> {
    prop_oneof![
        6 => Just(None),
        1 => any::<String>().prop_map(|text| Some(Reading::from(text))),
        1 => "[ -~]{0,40}".prop_map(|text| Some(Reading::from(text))),
        1 => any::<bool>().prop_map(|value| Some(Reading::Bool(value))),
        1 => any::<i64>().prop_map(|value| Some(Reading::Integer(value.into()))),
    ]
}

/// Known values, each as it should be, absent, or anything.
fn recipe() -> impl Strategy<Value = Recipe> {
    let one = |(subtype, key, usual): &(&'static str, &'static str, &'static str)| {
        let (subtype, key, usual) = (*subtype, *key, *usual);
        (0..8u8, reading(), any::<Option<String>>()).prop_map(move |(kept, other, reason)| {
            let value = other.unwrap_or_else(|| usual.into());
            (kept > 0).then(|| Setting {
                path: Arc::new(Path::new(MeasurementType::K8s, subtype, key)),
                value: Arc::new(value),
                context: reason.map(Arc::from),
            })
        })
    };
    let settings: Vec<_> = KNOWN.iter().map(one).collect();
    (settings, any::<String>()).prop_map(|(settings, version)| {
        let mut settings: Vec<Setting> = settings.into_iter().flatten().collect();
        settings.sort_by(|left, right| left.path.cmp(&right.path));
        Recipe {
            version: version.into(),
            released: None,
            digest: "".into(),
            overlays: Vec::new(),
            matched_rules: Vec::new(),
            request: Vec::new(),
            settings,
            constraints: Vec::new(),
            coverage: Coverage {
                level: CoverageLevel::Base,
                missing: Vec::new(),
            },
            advisories: Vec::new(),
            notes: Vec::new(),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn a_recipe_becomes_the_same_harmless_files_twice_or_an_error(recipe in recipe()) {
        for deployer in Deployer::ALL {
            let choices = Choices { deployer, ..Choices::default() };
            let made = bundle(&recipe, b"---\n", &choices);
            prop_assert_eq!(&made, &bundle(&recipe, b"---\n", &choices));
            made.iter().flatten().for_each(harmless);
        }
        let listed = images(&recipe, None);
        for image in listed.iter().flat_map(|found| &found.images) {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte);
            prop_assert!(image.reference.bytes().all(allowed), "{}", image.reference);
        }
    }
}

#[test]
fn what_the_properties_vary_is_what_bundles_read() {
    for (subtype, key, _) in KNOWN {
        assert!(
            reads(&Path::new(MeasurementType::K8s, *subtype, *key)),
            "{subtype}.{key}"
        );
    }
}
