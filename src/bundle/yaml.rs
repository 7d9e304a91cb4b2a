//! Values and manifests as YAML that passes `yamllint --strict`: 80 columns,
//! indented lists, reasons as comments.
//!
//! Own code because a comment has to stand above a map as well as a scalar and
//! to be broken into lines; how a scalar is quoted, serde-saphyr decides.

use std::fmt::Write;

use super::tree::{Map, Value};

/// What `yamllint` allows.
const WIDTH: usize = 80;

/// One document.
pub(super) fn document(map: &Map) -> String {
    let mut out = String::from("---\n");
    if map.is_empty() {
        out.push_str("{}\n");
    }
    write_map(&mut out, map, 0);
    out
}

/// Several documents in one file.
pub(super) fn documents(maps: &[Map]) -> String {
    maps.iter().map(document).collect()
}

/// A text as comment lines.
pub(super) fn comment(out: &mut String, text: &str, indent: usize) {
    let mut column = 0;
    // Control characters could end the comment, so that they count as blanks.
    let blank = |character: char| character.is_whitespace() || !printable(character);
    for word in text.split(blank).filter(|word| !word.is_empty()) {
        let length = word.chars().count();
        if column > 0 && column + 1 + length <= WIDTH {
            out.push(' ');
            column += 1 + length;
        } else {
            if column > 0 {
                out.push('\n');
            }
            let _ = write!(out, "{:indent$}# ", "");
            column = indent + 2 + length;
        }
        out.push_str(word);
    }
    if column > 0 {
        out.push('\n');
    }
}

fn write_map(out: &mut String, map: &Map, indent: usize) {
    for (name, entry) in &map.0 {
        if let Some(reason) = &entry.reason {
            comment(out, reason, indent);
        }
        let _ = write!(out, "{:indent$}{}:", "", scalar(name));
        write_value(out, &entry.value, indent, indent);
    }
}

/// What follows a name or a dash: on its line, or below it. A list's map starts
/// on the dash's line, so that `own` is the indentation of what it holds.
fn write_value(out: &mut String, value: &Value, indent: usize, own: usize) {
    match value {
        Value::Bool(value) => {
            let _ = writeln!(out, " {value}");
        }
        Value::Integer(value) => {
            let _ = writeln!(out, " {value}");
        }
        Value::Text(text) => write_text(out, text, own),
        Value::List(items) if items.is_empty() => out.push_str(" []\n"),
        Value::Map(map) if map.is_empty() => out.push_str(" {}\n"),
        Value::List(items) => {
            out.push('\n');
            write_list(out, items, indent + 2);
        }
        Value::Map(map) => {
            out.push('\n');
            write_map(out, map, indent + 2);
        }
    }
}

fn write_list(out: &mut String, items: &[Value], indent: usize) {
    for item in items {
        let _ = write!(out, "{:indent$}-", "");
        match item {
            Value::Map(map) if !map.is_empty() => {
                let mut inner = String::new();
                write_map(&mut inner, map, indent + 2);
                // The first entry stands beside the dash.
                out.push(' ');
                out.push_str(inner.trim_start_matches(' '));
            }
            // A list in a list starts on a line of its own.
            other => write_value(out, other, indent, indent),
        }
    }
}

fn write_text(out: &mut String, text: &str, indent: usize) {
    if is_block(text) {
        out.push_str(" |\n");
        for line in text.lines() {
            let _ = writeln!(out, "{:1$}{line}", "", indent + 2);
        }
        return;
    }
    let written = scalar(text);
    let line = out.rsplit('\n').next().unwrap_or_default().chars().count();
    if line + 1 + written.chars().count() <= WIDTH || !folds(text) {
        let _ = writeln!(out, " {written}");
        return;
    }
    out.push_str(" >-");
    let mut column = WIDTH;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column + 1 + length <= WIDTH {
            out.push(' ');
            column += 1 + length;
        } else {
            let _ = write!(out, "\n{:1$}", "", indent + 2);
            column = indent + 2 + length;
        }
        out.push_str(word);
    }
    out.push('\n');
}

/// Whether a text can stand as lines of its own: short, printable, ending in a
/// line end, the first one not indented and none ending in a blank.
fn is_block(text: &str) -> bool {
    text.len() > 1
        && text.ends_with('\n')
        && !text.ends_with("\n\n")
        && !text.starts_with([' ', '\n', '#'])
        && text.lines().all(|line| {
            !line.ends_with(' ') && line.chars().all(printable) && line.chars().count() < WIDTH - 20
        })
}

/// Whether a text keeps its meaning when each line break stands for one blank.
fn folds(text: &str) -> bool {
    text.chars().all(printable) && text.split(' ').all(|word| !word.is_empty())
}

fn printable(character: char) -> bool {
    // U+2028 and U+2029 are line breaks to a reader of YAML 1.1.
    !character.is_control() && !matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A text on one line, quoted where a reader would not take it for one.
fn scalar(text: &str) -> String {
    let options = serde_saphyr::ser_options! {
        prefer_block_scalars: false,
    };
    match serde_saphyr::to_string_with_options(&text, options) {
        Ok(written) => written.trim_end_matches('\n').to_owned(),
        // Never for a text; JSON's form is YAML's, too.
        Err(_) => serde_json::Value::from(text).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::tree::{Map, Value};
    use super::{WIDTH, comment, document};

    #[test]
    fn maps_lists_and_reasons_are_written_as_linters_ask() {
        let long = "a reason that is so long that it cannot stand on one line of eighty columns";
        let toleration = Map::default()
            .with("key", "nvidia.com/gpu")
            .with("operator", "Exists");
        let mut map = Map::default()
            .with("empty", Map::default())
            .with("none", Vec::<Value>::new())
            .with("tolerations", vec![Value::Map(toleration), "x".into()])
            .with("config", "{\n  \"a\": 1\n}\n");
        map.set(
            &["driver", "version"],
            "580.82.07".into(),
            Some("the newest\none"),
        );
        map.set(&["driver", "enabled"], true.into(), Some(long));
        assert_eq!(
            document(&map),
            "---
config: |
  {
    \"a\": 1
  }
driver:
  # a reason that is so long that it cannot stand on one line of eighty columns
  enabled: true
  # the newest one
  version: \"580.82.07\"
empty: {}
none: []
tolerations:
  - key: nvidia.com/gpu
    operator: Exists
  - x
"
        );
    }

    #[test]
    fn a_comment_cannot_be_left() {
        let mut out = String::new();
        comment(&mut out, "x\r\ny: z\u{2028}a: b\u{85}c: d", 2);
        assert_eq!(out, "  # x y: z a: b c: d\n");
    }

    fn as_json(value: &Value) -> serde_json::Value {
        match value {
            Value::Bool(value) => (*value).into(),
            Value::Integer(value) => (*value).into(),
            Value::Text(text) => text.clone().into(),
            Value::List(items) => items.iter().map(as_json).collect(),
            Value::Map(map) => map
                .0
                .iter()
                .map(|(name, entry)| (name.clone(), as_json(&entry.value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        }
    }

    fn value() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            any::<String>(),
            "[ -~]{0,120}",
            "([a-z:#'\"-]{1,9} ){1,30}[a-z]",
            "([a-z \"{}]{0,9}\n){1,4}",
        ];
        let leaf = prop_oneof![
            any::<bool>().prop_map(Value::Bool),
            any::<i64>().prop_map(Value::Integer),
            text.prop_map(Value::Text),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::List),
                prop::collection::vec((any::<String>(), inner, any::<Option<String>>()), 0..4)
                    .prop_map(|entries| {
                        let mut map = Map::default();
                        for (name, value, reason) in entries {
                            map.set(&[&name], value, reason.as_deref());
                        }
                        Value::Map(map)
                    }),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_equal(value in value()) {
            let map = Map::default().with("value", value);
            let written = document(&map);
            let read: serde_json::Value = serde_saphyr::from_str(&written).unwrap();
            prop_assert_eq!(read, as_json(&Value::Map(map)), "{}", written);
        }

        #[test]
        fn words_stay_within_the_width(words in prop::collection::vec("[a-z]{1,30}", 1..40)) {
            let map = Map::default().with("value", words.join(" "));
            for line in document(&map).lines() {
                prop_assert!(line.chars().count() <= WIDTH, "{}", line);
            }
        }
    }
}
