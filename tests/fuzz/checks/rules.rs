//! Rule files: what compiles answers every query without a contradiction, and
//! what does not is refused with a place and a reason.

use eidos::model::{Query, Step};
use eidos::rules::{RuleBase, RuleFile, compile, lint};
use eidos::wire::recipe_file;

/// A vocabulary small enough that compiling costs less than reading.
const PARAMETERS: &str = "\
parameters:
  os: {from: [OS.release.ID], values: [{name: ubuntu}, {name: rhel}]}
  osv: {from: [OS.release.VERSION_ID], constrained-by: [OS.release.VERSION_ID]}
  kernel: {from: [K8s.node.kernel-version]}
  service: {aliases: [env], values: [{name: eks}, {name: gke}]}
  k8s: {from: [K8s.server.version], constrained-by: [K8s.server.version]}
  gpu: {aliases: [accelerator], values: [{name: h100, reveal: ['*H100*']}]}
  intent: {values: [{name: training}, {name: inference}]}
sources:
  E: {title: Eidos, location: 'https://example.org'}
";

/// One rule file.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let file = |path: &str, text: &str| RuleFile {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let defaults = [file("parameters.yaml", PARAMETERS)];
    match compile(&[file("rules.yaml", text)], &defaults, "sha256:00") {
        Ok(compiled) => {
            for text in QUERIES {
                answers(&compiled.rules, text);
            }
            let _ = lint(&compiled.rules, |_| true);
        }
        Err(found) => assert!(!found.is_empty(), "refused without a reason"),
    }
}

const QUERIES: [&str; 3] = ["", "os=ubuntu&k8s=1.33", "service=eks&gpu=h100&kernel=6.8"];

fn answers(rules: &RuleBase, text: &str) {
    let mut query = Query::default();
    for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
        let vocabulary = rules.vocabulary();
        if let Some(parameter) = vocabulary.parameter(name) {
            // The file may bring a vocabulary of its own.
            let _ = query.set(vocabulary, parameter, value);
        }
    }
    let recipe = rules.recipe(&query);
    let document = recipe_file(&recipe).unwrap();
    assert_eq!(document, recipe_file(&rules.recipe(&query)).unwrap());
    for constraint in &recipe.constraints {
        let left = constraint.predicate.interval();
        assert!(!left.is_empty(), "an empty range at {}", constraint.path);
    }
    let kept = |steps: &Vec<Step>| steps.last().is_some_and(|step| step.value.is_some());
    let traced = rules.trace(&query).paths;
    let traced = traced.iter().filter(|(_, steps)| kept(steps)).count();
    assert_eq!(traced, recipe.settings.len(), "a value without a trace");
}
