//! The examples of docs/rules.md do what the text around them says.

use std::fs;
use std::path::Path;

use eidos::library;
use eidos::rules::{Compiled, RuleFile, compile, lint};

fn examples() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let text = fs::read_to_string(path).unwrap();
    let blocks = text.split("```yaml\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// The shipped rules with one example beside them, or in place of the file that
/// holds the same key.
fn beside(example: &str) -> Compiled {
    let mut texts = library::embedded();
    if example.starts_with("parameters:") {
        let own = texts
            .files
            .iter_mut()
            .find(|file| file.path == "parameters.yaml")
            .unwrap();
        // The two values stand before the shipped ones.
        let line = example.lines().find(|line| line.contains("gb300")).unwrap();
        let before = "      - {name: gb200,";
        assert!(own.text.contains(before));
        own.text = own.text.replacen(before, &format!("{line}\n{before}"), 1);
    } else {
        texts.files.push(RuleFile {
            path: "zz-example.yaml".to_owned(),
            text: example.to_owned(),
        });
    }
    compile(&texts.files, &texts.defaults, &texts.digest).unwrap_or_else(|found| {
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        panic!("{example}\n{}", shown.join("\n"))
    })
}

#[test]
fn each_example_compiles_without_a_warning_and_is_short() {
    let examples = examples();
    assert_eq!(examples.len(), 5);
    for example in examples {
        assert!(example.lines().count() <= 10, "{example}");
        let compiled = beside(&example);
        assert!(
            compiled.warnings.is_empty(),
            "{example}\n{:?}",
            compiled.warnings
        );
        let serious = lint(&compiled.rules, eidos::bundle::reads)
            .into_iter()
            .filter(|finding| finding.severity.name() != "note")
            .count();
        assert_eq!(serious, 0, "{example}");
        for expectation in compiled.expectations {
            assert_eq!(
                expectation.check(&compiled.rules),
                [],
                "{}",
                expectation.name
            );
        }
    }
}
