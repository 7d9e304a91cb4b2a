//! Documents as they are written.

use proptest::prelude::*;

use super::{Format, encode};
use crate::model::{MeasurementType, Path, Reading, Snapshot};
use crate::wire::{Document, SnapshotDocument, read_document};

/// A snapshot with one reading a pair.
fn snapshot(readings: impl IntoIterator<Item = (String, Reading)>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    for (key, reading) in readings {
        snapshot
            .readings
            .insert(Path::new(MeasurementType::K8s, "image", key), reading);
    }
    snapshot
}

/// Written and read back, a snapshot is the same in both formats, and its YAML
/// is clean.
fn check(snapshot: &Snapshot) {
    let [json, yaml] = [Format::Json, Format::Yaml].map(|format| {
        let bytes = encode(format, &SnapshotDocument::new(snapshot)).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        if format == Format::Yaml {
            lint(&text);
        }
        match read_document(text.as_bytes(), format) {
            Ok(Document::Snapshot(read)) => read,
            other => panic!("{other:?}\n{text}"),
        }
    });
    assert_eq!(json, yaml);
    assert_eq!(json.metadata, snapshot.metadata);
    assert!(json.readings.keys().eq(snapshot.readings.keys()));
    for (path, reading) in &snapshot.readings {
        assert!(
            json.readings[path].agrees_with(reading),
            "{path} {reading:?}"
        );
    }
}

/// What `yamllint` checks of lines: length, unless nothing can be broken, and
/// blanks at the end.
fn lint(text: &str) {
    assert!(text.starts_with("---\n") && text.ends_with('\n') && !text.ends_with("\n\n"));
    for line in text.lines() {
        let words = line.trim_start_matches(' ');
        let words = words.strip_prefix("- ").unwrap_or(words);
        assert!(
            line.chars().count() <= 80 || !words.contains(' '),
            "too long: {line}"
        );
        assert!(!line.ends_with([' ', '\t']), "trailing blank: {line:?}");
    }
}

/// Texts that YAML readers take for something else, or that break lines.
fn hostile() -> Vec<String> {
    let sentence = "the operator pins this driver because of GPUOP-1361, see the notes; ";
    let mut texts: Vec<String> = [
        "",
        " ",
        "1",
        "yes",
        "no",
        "on",
        "y",
        "0x1F",
        "0o17",
        "0755",
        "1_000",
        "1:20",
        "=",
        "<<",
        "570.133.20",
        "v1.17.8",
        "1.30",
        "1e3",
        ".5",
        ".inf",
        ".nan",
        "~",
        "null",
        "Null",
        "true",
        "True",
        "- a",
        "-",
        "?",
        "? a",
        ": a",
        "a: b",
        "a:",
        "a #b",
        "#a",
        "[a]",
        "{a: b}",
        "a, b",
        "*a",
        "&a",
        "!a",
        "!!str a",
        "|",
        ">",
        "%a",
        "@a",
        "`a`",
        "'",
        "\"",
        "it's",
        "say \"hi\"",
        "a\\b",
        "\\",
        "---",
        "--- a",
        "...",
        " a",
        "a ",
        "  a  b  ",
        "a\nb",
        "a\n",
        "\na",
        "a\n\nb\n",
        "\n",
        "\t",
        "a\tb",
        "a\r\nb",
        "\0",
        "\u{7}",
        "\u{1b}[0m",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{fffe}",
        "Größe",
        "日本語",
        "🚀",
        "2026-11-23",
        "2026-11-23T00:00:00Z",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("x".repeat(200));
    texts.push("ü".repeat(200));
    texts.push(sentence.repeat(5));
    texts.push(format!("{} {}", "x".repeat(90), sentence.repeat(3)));
    texts.push(format!("'{}'  \"{}\"", "\\".repeat(50), sentence.repeat(3)));
    texts.push(format!("{sentence}\n").repeat(4));
    texts.push("\u{1f680}\u{7}\u{2028} ".repeat(60));
    texts.push(
        "{ path=/usr/bin/containerd ; argv[]=/usr/bin/containerd ; ignore_errors=no ; ".repeat(4),
    );
    texts.push("a: b # c ".repeat(20));
    texts.push("日本語 ".repeat(40));
    texts
}

#[test]
fn hostile_texts_survive_as_values_and_as_keys() {
    let texts = hostile();
    for text in &texts {
        check(&snapshot([("key".into(), text.as_str().into())]));
        check(&snapshot([(text.clone(), "value".into())]));
    }
    check(&snapshot(
        texts
            .iter()
            .map(|text| (text.clone(), text.as_str().into())),
    ));
    let long = |length: usize| "k".repeat(length);
    check(&snapshot(
        (55..110).map(|length| (long(length), Reading::Bool(true))),
    ));
    check(&snapshot(
        (55..110).map(|length| (long(length), "two words".into())),
    ));
    check(&snapshot(
        (55..110).map(|length| ("k".into(), long(length).into())),
    ));
    let mut named = Snapshot::default();
    for text in texts {
        named.metadata.insert("m".into(), text.clone());
        named.readings.insert(
            Path::new(MeasurementType::Os, &*text, "key"),
            Reading::Float(1.5),
        );
        check(&named);
    }
}

/// Beyond 1,024 bytes YAML has another form for keys; found by fuzzing.
#[test]
fn the_longest_keys_survive() {
    for unit in ["x", "x ", "\"a\": ", "'", "\\", "ü", "? ", ": "] {
        for value in ["failed: no", "1.30", "", &"long words ".repeat(20)] {
            for length in [1000, 1023, 1024, 1025, 1500] {
                let key: String = unit.chars().cycle().take(length).collect();
                check(&snapshot([(key, value.into())]));
            }
        }
    }
}

#[test]
fn a_long_value_is_folded_where_readers_expect_it() {
    let text =
        "pinned because the 25.10 line of the operator needs a driver that this kernel lacks";
    let yaml = encode(
        Format::Yaml,
        &std::collections::BTreeMap::from([("why", text)]),
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(yaml).unwrap(),
        "---\nwhy: >-\n  pinned because the 25.10 line of the operator needs a driver that this kernel\n  lacks\n"
    );
    let map = std::collections::BTreeMap::from([("k".repeat(100), "x".repeat(100))]);
    let yaml = encode(Format::Yaml, &map).unwrap();
    let expected = format!(
        "---\n? \"{}\\\n  {}\"\n: \"{}\\\n  {}\"\n",
        "k".repeat(76),
        "k".repeat(24),
        "x".repeat(76),
        "x".repeat(24)
    );
    assert_eq!(String::from_utf8(yaml).unwrap(), expected);
}

fn reading() -> impl Strategy<Value = Reading> {
    prop_oneof![
        any::<bool>().prop_map(Reading::Bool),
        any::<i64>().prop_map(|integer| Reading::Integer(integer.into())),
        any::<u64>().prop_map(|integer| Reading::Integer(integer.into())),
        any::<f64>()
            .prop_filter("finite", |float| float.is_finite())
            .prop_map(Reading::Float),
        (-1e6..1e6).prop_map(Reading::Float),
        any::<String>().prop_map(Reading::from),
        "[a-z0-9 :#'\"\\\\.,-]{0,300}".prop_map(Reading::from),
        "[ -~]{60,100}".prop_map(Reading::from),
    ]
}

proptest! {
    #[test]
    fn every_reading_survives_in_both_formats(
        readings in prop::collection::vec(("\\PC{0,120}|[a-z. ]{0,90}", reading()), 0..6),
    ) {
        check(&snapshot(readings));
    }
}
