//! D-Bus values as readings, written as the real snapshots write them: scalars
//! keep their type, lists and structures are text such as `[a b]`.
//!
//! Two things are not written as systemd sends them, because they would differ
//! on a node that did not change: the last run of a command, and the order of
//! lists of units, which systemd keeps in hash tables.

use zbus::{Array, Structure, Variant};

use crate::model::Reading;

/// How a command is sent: program, arguments, flags; then when it last started
/// and stopped, its process id and how it ended. The second form is that of
/// `ExecStartEx`.
const COMMANDS: &[&str] = &["(sasbttttuii)", "(sasasttttuii)"];
/// How many fields of a command are configuration.
const CONFIGURED: usize = 3;

/// What unit names end with, systemd.unit(5).
const UNIT_KINDS: &[&str] = &[
    ".automount",
    ".device",
    ".mount",
    ".path",
    ".scope",
    ".service",
    ".slice",
    ".socket",
    ".swap",
    ".target",
    ".timer",
];

/// The reading of a property; `None` for a value that has no text, such as a
/// file descriptor.
pub(super) fn reading(value: &Variant<'_>) -> Option<Reading> {
    Some(match value {
        Variant::Bool(value) => Reading::Bool(*value),
        Variant::U8(value) => Reading::Integer((*value).into()),
        Variant::U16(value) => Reading::Integer((*value).into()),
        Variant::U32(value) => Reading::Integer((*value).into()),
        Variant::U64(value) => Reading::Integer((*value).into()),
        Variant::I16(value) => Reading::Integer((*value).into()),
        Variant::I32(value) => Reading::Integer((*value).into()),
        Variant::I64(value) => Reading::Integer((*value).into()),
        Variant::F64(value) if value.is_finite() => Reading::Float(*value),
        Variant::F64(value) => Reading::from(value.to_string()),
        Variant::Str(text) => Reading::from(text.as_str()),
        Variant::Signature(signature) => Reading::from(signature.to_string()),
        Variant::ObjectPath(path) => Reading::from(path.as_str()),
        Variant::Variant(inner) => return reading(inner),
        Variant::Array(list) => Reading::from(in_brackets(&texts(list))),
        Variant::Structure(fields) => Reading::from(structure(fields)),
        Variant::Dict(entries) => {
            let mut entries: Vec<String> = entries
                .iter()
                .map(|(key, value)| format!("{}:{}", text(key), text(value)))
                .collect();
            entries.sort();
            Reading::from(in_brackets(&entries))
        }
        Variant::Fd(_) => return None,
    })
}

fn text(value: &Variant<'_>) -> String {
    reading(value)
        .map(|reading| reading.text().into_owned())
        .unwrap_or_default()
}

fn texts(list: &Array<'_>) -> Vec<String> {
    let mut texts: Vec<String> = list.iter().map(text).collect();
    let is_unit = |text: &String| UNIT_KINDS.iter().any(|kind| text.ends_with(kind));
    if texts.iter().all(is_unit) {
        texts.sort();
    }
    texts
}

fn structure(structure: &Structure<'_>) -> String {
    let signature = structure.signature().to_string();
    let fields = if COMMANDS.contains(&signature.as_str()) {
        CONFIGURED
    } else {
        usize::MAX
    };
    let fields: Vec<String> = structure.fields().iter().take(fields).map(text).collect();
    in_brackets(&fields)
}

fn in_brackets(parts: &[String]) -> String {
    format!("[{}]", parts.join(" "))
}
