//! Recipes as documents: names, order, options.

use std::sync::Arc;

use super::{RecipeDocument, RecipeOptions, read_recipe};
use crate::model::{
    Advisory, Constraint, Coverage, CoverageLevel, MeasurementType, NearMiss, Parameter, Path,
    Reading, Recipe, Selector, Setting, Severity, Step, Trace, VersionPredicate,
};
use crate::wire::{Format, QueryDocument, encode};

fn setting(kind: MeasurementType, subtype: &str, key: &str, value: impl Into<Reading>) -> Setting {
    Setting {
        path: Arc::new(Path::new(kind, subtype, key)),
        value: Arc::new(value.into()),
        context: (key != "driver").then(|| "because".into()),
    }
}

fn recipe() -> Recipe {
    use MeasurementType::{K8s, Os};
    Recipe {
        version: "2026.11.0".into(),
        released: Some("2026-11-23T00:00:00Z".into()),
        digest: "sha256:00".into(),
        overlays: vec!["base".into(), "eks".into()],
        matched_rules: vec!["Service: eks".into()],
        request: vec![
            (Parameter::Os, "ubuntu".into()),
            (Parameter::K8s, "1.33".into()),
        ],
        settings: vec![
            setting(Os, "grub", "iommu", "pt"),
            setting(K8s, "image", "driver", "570.133.20"),
            setting(K8s, "image", "gpu-operator", "v25.3.0"),
            setting(K8s, "policy", "cdi.enabled", Reading::Bool(true)),
        ],
        constraints: vec![Constraint {
            path: Selector::parse("K8s.server.version").unwrap(),
            predicate: VersionPredicate::parse(">=1.30 <1.34").unwrap(),
            sources: vec!["G".into()],
        }],
        coverage: Coverage {
            level: CoverageLevel::Composed,
            missing: vec![Parameter::Gpu],
        },
        advisories: vec![Arc::new(Advisory {
            id: "GPUOP-1361".into(),
            severity: Severity::Warning,
            message: "m".into(),
            remedy: "r".into(),
            source: "G".into(),
        })],
        notes: Vec::new(),
    }
}

fn trace() -> Trace {
    let step = |overlay: &str, value: Option<&str>| Step {
        overlay: overlay.into(),
        at: format!("{overlay}.yaml:3"),
        sources: vec!["G".into()],
        value: value.map(|value| Arc::new(value.into())),
    };
    let path = |key: &str| Arc::new(Path::new(MeasurementType::K8s, "image", key));
    Trace {
        paths: vec![
            (
                path("driver"),
                vec![step("base", Some("1")), step("eks", Some("2"))],
            ),
            (
                path("gone"),
                vec![step("base", Some("1")), step("eks", None)],
            ),
        ],
        near_misses: vec![NearMiss {
            overlay: "eks-h100".into(),
            parameter: Parameter::Gpu,
            wants: "h100".into(),
            given: None,
        }],
    }
}

fn check(recipe: &Recipe, options: RecipeOptions<'_>, expected: &str) {
    let bytes = encode(Format::Json, &RecipeDocument::new(recipe, options)).unwrap();
    assert_eq!(
        String::from_utf8(bytes).unwrap(),
        format!("{}\n", expected.replace('\n', ""))
    );
}

const HEAD: &str = r#"{"kind":"Recipe","apiVersion":"recipe.dgxc.io/v1","metadata":{"recipe-version":"2026.11.0","recipe-timestamp":"2026-11-23T00:00:00Z","rules-digest":"sha256:00","appliedOverlays":["base","eks"]},"request":{"os":"ubuntu","k8s":"1.33"},"matchedRules":["Service: eks"],"#;
const TAIL: &str = r#""constraints":[{"path":"K8s.server.version","value":">=1.30 <1.34","source":["G"]}],"coverage":{"level":"composed","missing":["gpu"]},"advisories":[{"id":"GPUOP-1361","severity":"warning","message":"m","remedy":"r","source":"G"}]"#;
const PLAIN: &str = r#""measurements":[{"type":"OS","subtypes":[{"subtype":"grub","data":{"iommu":"pt"}}]},{"type":"K8s","subtypes":[{"subtype":"image","data":{"driver":"570.133.20","gpu-operator":"v25.3.0"}},{"subtype":"policy","data":{"cdi.enabled":true}}]}],"#;

#[test]
fn names_and_order_are_the_contract() {
    check(
        &recipe(),
        RecipeOptions::default(),
        &format!("{HEAD}{PLAIN}{TAIL}}}"),
    );
}

#[test]
fn context_stands_beside_data() {
    let measurements = r#""measurements":[{"type":"OS","subtypes":[{"subtype":"grub","data":{"iommu":"pt"},"context":{"iommu":"because"}}]},{"type":"K8s","subtypes":[{"subtype":"image","data":{"driver":"570.133.20","gpu-operator":"v25.3.0"},"context":{"gpu-operator":"because"}},{"subtype":"policy","data":{"cdi.enabled":true},"context":{"cdi.enabled":"because"}}]}],"#;
    let options = RecipeOptions {
        context: true,
        trace: None,
    };
    check(&recipe(), options, &format!("{HEAD}{measurements}{TAIL}}}"));
}

#[test]
fn notes_and_explanations_come_last_and_only_when_there_are_any() {
    let mut recipe = recipe();
    recipe.notes.push("gpu is left open".into());
    let trace = trace();
    let extra = r#","notes":["gpu is left open"],
"explanation":[{"path":"K8s.image.driver","value":"2","overlay":"eks","at":"eks.yaml:3","source":["G"],"overrode":[{"value":"1","overlay":"base","at":"base.yaml:3","source":["G"]}]},
{"path":"K8s.image.gone","value":null,"overlay":"eks","at":"eks.yaml:3","source":["G"],"overrode":[{"value":"1","overlay":"base","at":"base.yaml:3","source":["G"]}]}],
"nearMisses":[{"overlay":"eks-h100","parameter":"gpu","wants":"h100","given":null}]"#;
    let options = RecipeOptions {
        context: false,
        trace: Some(&trace),
    };
    check(&recipe, options, &format!("{HEAD}{PLAIN}{TAIL}{extra}}}"));
}

#[test]
fn an_empty_recipe_keeps_its_lists() {
    let recipe = Recipe {
        released: None,
        overlays: vec!["base".into()],
        matched_rules: Vec::new(),
        request: Vec::new(),
        settings: Vec::new(),
        constraints: Vec::new(),
        coverage: Coverage {
            level: CoverageLevel::Base,
            missing: Vec::new(),
        },
        advisories: Vec::new(),
        ..recipe()
    };
    let expected = r#"{"kind":"Recipe","apiVersion":"recipe.dgxc.io/v1","metadata":{"recipe-version":"2026.11.0","rules-digest":"sha256:00","appliedOverlays":["base"]},"request":{},"matchedRules":[],"measurements":[],"constraints":[],"coverage":{"level":"base","missing":[]},"advisories":[]}"#;
    check(&recipe, RecipeOptions::default(), expected);
    let document = RecipeDocument::new(&recipe, RecipeOptions::default());
    let yaml = String::from_utf8(encode(Format::Yaml, &document).unwrap()).unwrap();
    assert!(
        yaml.contains("\nrequest: {}\nmatchedRules: []\nmeasurements: []\n"),
        "{yaml}"
    );
}

#[test]
fn yaml_is_indented_as_linters_ask() {
    let recipe = recipe();
    let document = RecipeDocument::new(&recipe, RecipeOptions::default());
    let yaml = String::from_utf8(encode(Format::Yaml, &document).unwrap()).unwrap();
    let expected = "measurements:
  - type: OS
    subtypes:
      - subtype: grub
        data:
          iommu: pt
  - type: K8s
    subtypes:
      - subtype: image
        data:
          driver: \"570.133.20\"
          gpu-operator: v25.3.0
      - subtype: policy
        data:
          cdi.enabled: true
";
    assert!(yaml.contains(expected), "{yaml}");
}

#[test]
fn one_value_stands_alone() {
    let recipe = recipe();
    let [.., operator, policy] = recipe.settings.as_slice() else {
        panic!()
    };
    let written =
        |setting, context| serde_json::to_string(&QueryDocument::new(setting, context)).unwrap();
    assert_eq!(
        written(operator, true),
        r#"{"selector":"K8s.image.gpu-operator","value":"v25.3.0","context":"because"}"#
    );
    assert_eq!(
        written(policy, false),
        r#"{"selector":"K8s.policy.cdi.enabled","value":true}"#
    );
}

#[test]
fn what_is_written_is_read_back_equal() {
    for context in [false, true] {
        let options = RecipeOptions {
            context,
            trace: None,
        };
        for format in [Format::Json, Format::Yaml] {
            let written = encode(format, &RecipeDocument::new(&recipe(), options)).unwrap();
            let read = read_recipe(&written, format).unwrap();
            let again = encode(format, &RecipeDocument::new(&read, options)).unwrap();
            assert_eq!(
                String::from_utf8(again).unwrap(),
                String::from_utf8(written).unwrap()
            );
            let reasons = read.settings.iter().filter(|one| one.context.is_some());
            assert_eq!(reasons.count(), if context { 3 } else { 0 });
        }
    }
}

#[test]
fn a_short_recipe_is_enough_and_strange_names_are_passed_over() {
    let text = "kind: Recipe\napiVersion: recipe.dgxc.io/v1\nrequest: {gpu: h100, osv: any, \
                withContext: true}\nmeasurements:\n- {type: K8s, subtypes: [{subtype: image, \
                data: {gpu-operator: v25.3.0}}]}\n";
    let read = read_recipe(text.as_bytes(), Format::Yaml).unwrap();
    assert_eq!(read.request, [(Parameter::Gpu, "h100".to_owned())]);
    assert_eq!(read.settings.len(), 1);
    assert_eq!(read.coverage.level, CoverageLevel::Base);
    assert_eq!(read.released, None);
}

#[test]
fn what_is_no_recipe_is_refused_with_its_place() {
    for (text, says) in [
        (
            "kind: Snapshot\n",
            "kind `Snapshot` is not read; allowed are `Recipe` (line 1, column 7); hint: `eidos recipe -f FILE` makes a recipe of it",
        ),
        (
            "kind: RecipeResult\n",
            "kind `RecipeResult` is not read; allowed are `Recipe` (line 1, column 7)",
        ),
        ("kind: Recipes\n", "did you mean `Recipe`?"),
        ("a: 1\n", "`kind` is missing"),
        ("kind: Recipe\n", "`apiVersion` is missing"),
        (
            "kind: Recipe\napiVersion: v1\n",
            "apiVersion `v1` is not read; allowed are `recipe.dgxc.io/v1` (line 2, column 13)",
        ),
        (
            "kind: Recipe\napiVersion: recipe.dgxc.io/v1\n",
            "a recipe without readings has `measurements: []`",
        ),
        (
            "kind: Recipe\napiVersion: recipe.dgxc.io/v1\nmeasurements: []\nconstraints: [{path: x, value: '1'}]\n",
            "`x` is no path of a constraint (line 4",
        ),
        (
            "kind: Recipe\napiVersion: recipe.dgxc.io/v1\nmeasurements: []\nadvisories: [{id: a, severity: bad}]\n",
            "severity `bad` is not read",
        ),
        (
            "kind: Recipe\napiVersion: recipe.dgxc.io/v1\nmeasurements:\n- type: K8s\n  subtypes:\n  - subtype: image\n    data: {a: [1]}\n",
            "`K8s.image.a` must be a text, number or boolean, not a list (line 7",
        ),
    ] {
        let error = read_recipe(text.as_bytes(), Format::Yaml)
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{error}\n{says}");
    }
}
