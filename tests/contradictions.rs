//! Where the sources of the rules contradict each other, written down as rules:
//! lint finds each that is a mistake in rules. The eighth of the list, a release
//! file read from the wrong root, is no rule; the agent's tests have it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use eidos::library;
use eidos::rules::{DiagnosticSeverity, RuleFile, compile, lint};

/// What says something about a contradiction; what a rule base this small lacks
/// does not.
fn findings(path: &Path) -> BTreeSet<&'static str> {
    let file = RuleFile {
        path: "rules.yaml".to_owned(),
        text: fs::read_to_string(path).unwrap(),
    };
    let texts = library::given(vec![file]);
    let found = match compile(&texts.files, &texts.defaults, &texts.digest) {
        Ok(compiled) => {
            let mut found = compiled.warnings;
            found.extend(lint(&compiled.rules, eidos::bundle::reads));
            found
        }
        Err(found) => found,
    };
    found
        .iter()
        .filter(|finding| {
            finding.severity != DiagnosticSeverity::Note || finding.code == "violated-range"
        })
        .map(|finding| finding.code)
        .collect()
}

#[test]
fn lint_finds_each_contradiction_that_is_a_mistake() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/contradictions");
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let expected = text
            .lines()
            .next()
            .unwrap()
            .strip_prefix("# finds: ")
            .unwrap();
        let found = findings(&path);
        if expected == "nothing" {
            assert!(found.is_empty(), "{}: {found:?}", path.display());
        } else {
            let missed = expected.split(' ').find(|code| !found.contains(code));
            assert_eq!(missed, None, "{}: {found:?}", path.display());
        }
        seen += 1;
    }
    assert_eq!(seen, 13);
}
