//! Values of a recipe or of a user, checked before they reach a chart, a
//! manifest or a script.
//!
//! A posted recipe is anybody's text. Charts paste many values into YAML as they
//! are, and scripts name some on command lines, so that only what means itself
//! everywhere is let through.

use super::chart::{Key, Kind};
use super::tree::{Map, Value};

/// The longest value that is passed on, in bytes.
const LONGEST: usize = 200;

/// What a value has to be, for the sentence "`x` is not …".
type Wanted = String;

/// A text that means itself in YAML, in a shell and in a URL.
pub(super) fn safe(text: &str) -> Result<&str, Wanted> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-+/:@~%".contains(&byte);
    if text.len() <= LONGEST && text.bytes().all(allowed) {
        Ok(text)
    } else {
        Err(format!(
            "safe to pass to charts and scripts, which takes at most {LONGEST} of A-Z a-z 0-9 . _ \
             - + / : @ ~ %"
        ))
    }
}

/// The tag of an image, as registries allow it.
pub(super) fn tag(text: &str) -> Result<&str, Wanted> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let starts = text.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '_');
    if starts && text.len() <= 128 && text.bytes().all(allowed) {
        Ok(text)
    } else {
        Err("the tag of an image, which takes at most 128 of A-Z a-z 0-9 . _ -".to_owned())
    }
}

/// A host, perhaps with a port, and folders: where images are pulled from.
pub(super) fn registry(text: &str) -> Result<&str, Wanted> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/:".contains(&byte);
    let ends = |end: char| end.is_ascii_alphanumeric();
    let whole = text.starts_with(ends) && text.ends_with(ends) && !text.contains("//");
    if whole && text.len() <= LONGEST && text.bytes().all(allowed) {
        Ok(text)
    } else {
        Err("a registry such as nvcr.io/nvidia or mirror.example:5000/nvidia".to_owned())
    }
}

/// A text as a chart's key takes it. What a user sets may hold any printable
/// character, because a user can edit the file as well.
pub(super) fn typed(key: &Key, text: &str, trusted: bool) -> Result<Value, Wanted> {
    let wanted = || key.kind.noun().to_owned();
    match key.kind {
        Kind::Bool => text.parse().map(Value::Bool).map_err(|_| wanted()),
        Kind::Integer => text.parse().map(Value::Integer).map_err(|_| wanted()),
        Kind::Text => {
            if !key.allowed.is_empty() && !text.is_empty() && !key.allowed.contains(&text) {
                return Err(format!("one of {}", key.allowed.join(", ")));
            }
            let printable = !text.chars().any(char::is_control);
            if trusted && printable {
                return Ok(text.into());
            }
            safe(text).map(Value::from)
        }
        Kind::List | Kind::Map => {
            let parsed = serde_json::from_str(text).map_err(|_| wanted())?;
            match (key.kind, from_json(parsed)) {
                (Kind::List, Some(list @ Value::List(_))) => Ok(list),
                (Kind::Map, Some(map @ Value::Map(_))) => Ok(map),
                _ => Err(wanted()),
            }
        }
    }
}

/// None for what Kubernetes objects do not hold: null and fractions.
fn from_json(value: serde_json::Value) -> Option<Value> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::Bool(value) => Some(value.into()),
        serde_json::Value::Number(number) => number.as_i64().map(Value::Integer),
        serde_json::Value::String(text) => Some(text.into()),
        serde_json::Value::Array(items) => {
            let items: Option<Vec<Value>> = items.into_iter().map(from_json).collect();
            items.map(Value::List)
        }
        serde_json::Value::Object(entries) => {
            let mut map = Map::default();
            for (name, value) in entries {
                map.set(&[&name], from_json(value)?, None);
            }
            Some(map.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{registry, safe, tag, typed};
    use crate::bundle::chart::{Key, Kind};
    use crate::bundle::tree::{Map, Value};

    #[test]
    fn only_what_means_itself_everywhere_passes() {
        for good in ["", "25%", "v1.17.8-ubuntu20.04", "/run/nvidia/driver"] {
            assert!(safe(good).is_ok(), "{good}");
        }
        for text in [
            "a b", "a\nb", "$(id)", "`id`", "a;b", "'", "\"", "{{ x }}", "é",
        ] {
            assert!(safe(text).is_err(), "{text}");
            assert!(tag(text).is_err(), "{text}");
            assert!(registry(text).is_err(), "{text}");
        }
        assert!(tag("580.82.07").is_ok());
        for text in ["", "-x", "a/b", "a:b", &"a".repeat(129)] {
            assert!(tag(text).is_err(), "{text}");
        }
        assert!(registry("mirror.example:5000/nvidia").is_ok());
        for text in ["", "/nvidia", "a//b", "a/"] {
            assert!(registry(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_text_becomes_the_type_of_its_key() {
        let key = |kind, allowed: &[&'static str]| Key {
            path: "a.b",
            kind,
            policy: false,
            allowed: allowed.to_vec(),
            default: None,
        };
        let check = |kind, text: &str, expected: Option<Value>| {
            assert_eq!(typed(&key(kind, &[]), text, true).ok(), expected, "{text}");
        };
        check(Kind::Bool, "true", Some(true.into()));
        check(Kind::Bool, "yes", None);
        check(Kind::Integer, "-3", Some((-3).into()));
        check(Kind::Integer, "3.5", None);
        check(Kind::Text, "true", Some("true".into()));
        check(Kind::Text, "a b: #c", Some("a b: #c".into()));
        check(Kind::Text, "a\nb", None);
        check(
            Kind::List,
            "[{\"a\":1}]",
            Some(vec![Map::default().with("a", 1).into()].into()),
        );
        check(Kind::List, "{}", None);
        check(Kind::Map, "{}", Some(Map::default().into()));
        check(Kind::Map, "{\"a\":null}", None);
        let strategy = key(Kind::Text, &["single", "mixed"]);
        assert!(typed(&strategy, "mixed", false).is_ok());
        assert_eq!(
            typed(&strategy, "many", true),
            Err("one of single, mixed".to_owned())
        );
    }
}
