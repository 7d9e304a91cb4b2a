//! Documents as clients send them, well-meant and hostile.

use std::path::PathBuf;

use proptest::prelude::*;

use super::{Document, read_document};
use crate::model::{Reading, Selector, Snapshot};
use crate::wire::{Format, read_batch};

const FORMATS: [Format; 2] = [Format::Json, Format::Yaml];

/// JSON is YAML: one text, read the same by both readers.
fn check(text: &str, expected: &Document) {
    for format in FORMATS {
        assert_eq!(
            &read_document(text.as_bytes(), format).unwrap(),
            expected,
            "{text}"
        );
    }
}

fn refuse(format: Format, text: &str, message: &str) {
    let error = read_document(text.as_bytes(), format)
        .unwrap_err()
        .to_string();
    assert!(error.contains(message), "{text:.300}: {error}");
    assert!(error.chars().count() < 300, "{error}");
}

fn refuse_both(text: &str, message: &str) {
    for format in FORMATS {
        refuse(format, text, message);
    }
}

fn criteria(pairs: &[(&str, &str)]) -> Document {
    let owned = |(name, text): &(&str, &str)| ((*name).into(), (*text).into());
    Document::Criteria(pairs.iter().map(owned).collect())
}

#[test]
fn criteria_keep_names_and_texts() {
    check(
        r#"{"kind": "RecipeCriteria", "apiVersion": "aicr.nvidia.com/v1alpha1",
            "metadata": {"name": "x"},
            "spec": {"service": "eks", "accelerator": "H100", "k8s": 1.30, "osv": 24.10, "nope": true}}"#,
        &criteria(&[
            ("service", "eks"),
            ("accelerator", "H100"),
            ("k8s", "1.30"),
            ("osv", "24.10"),
            ("nope", "true"),
        ]),
    );
    check(r#"{"kind": "RecipeCriteria", "spec": {}}"#, &criteria(&[]));
    let yaml = "kind: RecipeCriteria\nspec:\n  k8s: 1.30\n  os: ubuntu # any\n";
    let read = read_document(yaml.as_bytes(), Format::Yaml).unwrap();
    assert_eq!(read, criteria(&[("k8s", "1.30"), ("os", "ubuntu")]));
}

#[test]
fn what_is_no_document_is_named() {
    refuse_both(r#"{"service": "eks"}"#, "parameters stand under `spec`");
    refuse_both(
        r#"{"kind": "RecipeCriteria", "service": "eks"}"#,
        "`service` is not part of",
    );
    refuse_both(
        r#"{"kind": "RecipeCriteria", "sepc": {}}"#,
        "did you mean `spec`?",
    );
    refuse_both(r#"{"kind": "RecipeCriteria"}"#, "`spec` is missing");
    refuse_both(
        r#"{"kind": "RecipeCriteria", "spec": {"os": ["a"]}}"#,
        "`os` must be a text",
    );
    refuse_both(
        r#"{"kind": "RecipeCriteria", "spec": {"os": null}}"#,
        "not null",
    );
    refuse_both(
        r#"{"kind": "RecipeCriteria", "spec": [1]}"#,
        "`spec` must be a map, not a list",
    );
    refuse_both(r#"{"kind": "Snapshto"}"#, "did you mean `Snapshot`?");
    refuse_both(
        r#"{"kind": "Deployment"}"#,
        "allowed are `Snapshot`, `RecipeCriteria`",
    );
    refuse_both(r#"{"kind": "Snapshot"}"#, "`apiVersion` is missing");
    refuse_both(
        r#"{"kind": "Snapshot", "apiVersion": "snapshot.dgxc.io/v2"}"#,
        "v1`",
    );
    refuse_both(r#"{"measurements": []}"#, "add `kind: Snapshot`");
    refuse_both(r#"{"spec": {}}"#, "add `kind: RecipeCriteria`");
    refuse_both(r#"{"Kind": "Snapshot"}"#, "case-sensitive");
    refuse_both("[]", "the document must be a map, not a list");
    refuse_both("1", "the document must be a map, not a single value");
    refuse_both("", "the document is empty");
    refuse_both(" \n\n", "the document is empty");
    refuse_both("\u{feff}", "the document is empty");
    refuse(Format::Yaml, "# only a comment\n", "the document is empty");
    refuse(Format::Yaml, "---\n", "not null");
    let long = format!(r#"{{"kind": "{}"}}"#, "x".repeat(100_000));
    refuse_both(&long, "xxx…`");
}

fn snapshot(measurements: &str) -> String {
    format!(
        r#"{{"kind": "Snapshot", "apiVersion": "aicr.nvidia.com/v1alpha1",
             "metadata": {{"timestamp": "2026-01-02T18:01:13Z", "version": 1.30, "x": {{}}}},
             "measurements": {measurements}}}"#
    )
}

fn subtype(data: &str) -> String {
    snapshot(&format!(
        r#"[{{"type": "K8s", "subtypes": [{{"subtype": "image", "data": {data}}}]}}]"#
    ))
}

#[test]
fn readings_keep_type_and_text() {
    let text = subtype(
        r#"{"a": 18446744073709551615, "b": "1", "c": true, "d": 24.04, "e": 1.30, "f": "", "g": -1}"#,
    );
    for format in FORMATS {
        let Ok(Document::Snapshot(read)) = read_document(text.as_bytes(), format) else {
            panic!("{text}")
        };
        assert_eq!(read.metadata["version"], "1.30");
        assert_eq!(read.metadata.len(), 2);
        let values: Vec<&Reading> = read.readings.values().collect();
        let expected: [Reading; 7] = [
            Reading::Integer(u64::MAX.into()),
            "1".into(),
            Reading::Bool(true),
            Reading::Float(24.04),
            "1.30".into(),
            "".into(),
            Reading::Integer(-1),
        ];
        assert_eq!(values, expected.iter().collect::<Vec<_>>());
    }
}

#[test]
fn empty_is_written_in_many_ways() {
    for measurements in [
        "[]",
        r#"[{"type": "GPU"}]"#,
        r#"[{"type": "GPU", "subtypes": null}]"#,
        r#"[{"type": "GPU", "subtypes": [{"subtype": "smi", "data": null}, {"subtype": "x"}]}]"#,
    ] {
        let text = snapshot(measurements);
        for format in FORMATS {
            let read = read_document(text.as_bytes(), format).unwrap();
            assert!(
                matches!(read, Document::Snapshot(Snapshot { readings, .. }) if readings.is_empty())
            );
        }
    }
}

#[test]
fn a_wrong_snapshot_says_where() {
    refuse_both(
        &subtype(r#"{"a": null}"#),
        "`K8s.image.a` must be a text, number or boolean, not null",
    );
    refuse_both(
        &subtype(r#"{"a": [1]}"#),
        "`K8s.image.a` must be a text, number or boolean, not a list",
    );
    refuse_both(
        &subtype(r#"{"a": 1, "b": 2, "a": 3}"#),
        "`a` is given twice (line 3",
    );
    refuse_both(&snapshot(r#"[{"type": "Gpu"}]"#), "did you mean `GPU`?");
    refuse_both(
        &snapshot(r#"[{"type": "Disk"}]"#),
        "allowed are SystemD, OS, K8s, GPU, NodeTopology",
    );
    refuse_both(
        &snapshot(
            r#"[{"type": "GPU", "subtypes": [{"subtype": "a", "data": {"b": 1}}]},
                {"type": "GPU", "subtypes": [{"subtype": "a", "data": {"b": 2}}]}]"#,
        ),
        "`GPU.a.b` has two values",
    );
    refuse_both(&snapshot(r#"[{"subtypes": []}]"#), "no `type`");
    refuse_both(
        &snapshot(r#"[{"type": "GPU", "subtypes": [{"data": {}}]}]"#),
        "no `subtype`",
    );
    refuse_both(
        r#"{"kind": "Snapshot", "apiVersion": "snapshot.dgxc.io/v1", "measurments": []}"#,
        "rename `measurments` to it",
    );
}

#[test]
fn json_is_read_strictly() {
    let refuse = |text: &str, message: &str| refuse(Format::Json, text, message);
    refuse(
        "{\"a\": 1,}",
        "expected a name in double quotes, found `}` (line 1, column 9)",
    );
    refuse("{\"a\": 01}", "`01` is no JSON value");
    refuse("{\"a\": yes}", "`yes` is no JSON value");
    refuse("{\"a\" 1}", "expected `:`, found `1`");
    refuse("{a: 1}", "expected a name in double quotes, found `a`");
    refuse("[1 2]", "expected `,` or `]`, found `2`");
    refuse("[1] 2", "expected the end of the document, found `2`");
    refuse("[1", "found the end of the document");
    refuse("[\"a", "not closed");
    refuse("[\"a\nb\"]", "is no JSON text");
    refuse("[\"\\ud800\"]", "is no JSON text");
    refuse("[\"\\q\"]", "is no JSON text");
    refuse("[\0]", "expected a value, found `\u{fffd}`");
    refuse(
        "{\"a\": {\"b\": 1, \"b\": 2}}",
        "`b` is given twice (line 1, column 16)",
    );
}

#[test]
fn yaml_is_read_without_its_traps() {
    let refuse = |text: &str, message: &str| refuse(Format::Yaml, text, message);
    refuse(
        "a: &x 1\nb: *x\n",
        "anchors and aliases are not read (line 1, column 7)",
    );
    refuse("b: *x\n", "this is no YAML");
    refuse("a: !!str 1\n", "tags such as `!!str` are not read");
    refuse(
        "a:\n  <<: {b: 1}\n",
        "merge keys (`<<`) are not read (line 2, column 3)",
    );
    refuse("? [a]\n: 1\n", "a name must be a single text");
    refuse("--- 1\n--- 2\n", "only one document");
    refuse(
        "a: 1\nb: 2\na: 3\n",
        "`a` is given twice (line 3, column 1)",
    );
    refuse("a: [1\n", "this is no YAML");
    refuse("a: \u{0}\n", "this is no YAML");
}

#[test]
fn hostile_documents_are_refused_soon() {
    for depth in [40, 200_000] {
        refuse_both(&"[".repeat(depth), "deep");
        refuse_both(&"{\"a\":".repeat(depth), "deep");
    }
    refuse(Format::Yaml, &"- ".repeat(200_000), "deep");
    refuse(Format::Yaml, &"{a: ".repeat(200_000), "deep");
    refuse_both(
        &format!("[{}1]", "1,".repeat(300_000)),
        "more than 250000 values",
    );
    let error = read_document(b"kind: \xff", Format::Yaml).unwrap_err();
    assert_eq!(
        error.message,
        "the document is not UTF-8: byte 6 is invalid"
    );
    assert_eq!((error.line, error.column), (Some(1), Some(7)));
}

/// Two real nodes; absent where only the project itself is checked out.
#[test]
fn real_snapshots_read_whole() {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let shared = std::env::var_os("EIDOS_SHARED").map_or(here.join("../shared"), PathBuf::from);
    for (file, readings) in [("h100.yaml", 1847), ("gb200.yaml", 1768)] {
        let path = shared.join("snapshots").join(file);
        let Ok(bytes) = std::fs::read(&path) else {
            eprintln!("skipped: no {}", path.display());
            continue;
        };
        let Ok(Document::Snapshot(snapshot)) = read_document(&bytes, Format::Yaml) else {
            panic!("{file}")
        };
        assert_eq!(snapshot.readings.len(), readings, "{file}");
        let weight = Selector::parse("SystemD.containerd.service.CPUWeight").unwrap();
        assert_eq!(
            snapshot.get(&weight),
            Some(&Reading::Integer(u64::MAX.into()))
        );
        assert!(snapshot.metadata.contains_key("source-node"));
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for format in FORMATS {
            let _ = read_document(&bytes, format);
            let _ = read_batch(&bytes, format);
        }
    }

    #[test]
    fn near_documents_never_panic(text in "([\\[\\]{}:,\"'\\\\\\-?&*!|>%#~ \n\tau0-9.é]|null|kind){0,80}") {
        for format in FORMATS {
            let _ = read_document(text.as_bytes(), format);
        }
    }

    /// The reader of JSON agrees with `serde_json` on what JSON is.
    #[test]
    fn json_is_what_serde_json_says(text in "([\\[\\]{}:,\"\\\\ \n\tnu0-9.eE+é-]|null|true|\"a\":|\\\\u00){0,40}") {
        let ours = super::json::parse(&text);
        let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text);
        if ours.is_ok() {
            prop_assert!(theirs.is_ok(), "{text:?}");
        } else if theirs.is_ok() {
            // Only what we refuse on purpose.
            let why = ours.unwrap_err().locate(&text).message;
            prop_assert!(why.contains("twice") || why.contains("no JSON text"), "{text:?}: {why}");
        }
    }
}
