//! From texts to typed values, one function a kind; an error says what would be
//! right.

use std::path::Path;
use std::time::Duration;

use super::Place;
use crate::client::kubernetes::is_name;
use crate::collect::Source;
use crate::model::nearest;

pub(super) fn place(text: &str) -> Result<Place, String> {
    if text == "-" {
        return Ok(Place::Standard);
    }
    let Some(rest) = text.strip_prefix("cm://") else {
        return match text {
            "" => Err("the path is empty".to_owned()),
            _ => Ok(Place::File(Path::new(text).to_owned())),
        };
    };
    match rest.split_once('/') {
        Some((namespace, name)) if is_name(namespace) && is_name(name) => Ok(Place::ConfigMap {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }),
        _ => Err(format!(
            "`{text}` names no ConfigMap; write cm://NAMESPACE/NAME in lower case"
        )),
    }
}

pub(super) fn sources(text: &str) -> Result<Vec<Source>, String> {
    let names = Source::ALL.map(Source::name);
    let mut chosen = Vec::new();
    for name in text.split(',').map(str::trim) {
        let source = Source::from_name(name).ok_or_else(|| {
            let near = nearest(name, names).map(|near| format!("; did you mean `{near}`?"));
            format!(
                "`{name}` is no collector; allowed: {}{}",
                names.join(", "),
                near.unwrap_or_default()
            )
        })?;
        if !chosen.contains(&source) {
            chosen.push(source);
        }
    }
    Ok(chosen)
}

/// Which intents there are, the server knows; what goes into its address has to
/// be a word.
pub(super) fn intent(text: &str) -> Result<String, String> {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !text.is_empty() && text.bytes().all(word) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is no intent, such as training"))
    }
}

pub(super) fn duration_or_none(text: &str) -> Result<Duration, String> {
    const YEAR: Duration = Duration::from_secs(366 * 24 * 3600);
    let wrong = || format!("`{text}` is no time, such as 500ms, 30s or 6h");
    let parsed = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let parsed: jiff::SignedDuration = text.parse().map_err(|_| wrong())?;
            Duration::try_from(parsed).map_err(|_| wrong())?
        }
    };
    if parsed > YEAR {
        return Err(format!("`{text}` is longer than a year"));
    }
    Ok(parsed)
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    match duration_or_none(text)? {
        Duration::ZERO => Err(format!("`{text}` has to be longer than nothing")),
        time => Ok(time),
    }
}
