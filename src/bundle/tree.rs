//! Values and manifests as data: maps whose entries may carry a reason.
//!
//! How they are written is in `yaml.rs`.

use std::collections::BTreeMap;

/// A value of a chart or a field of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Bool(bool),
    Integer(i64),
    Text(String),
    List(Vec<Value>),
    Map(Map),
}

/// Entries by name, always written in the order of their names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Map(pub(super) BTreeMap<String, Entry>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) value: Value,
    /// Written as a comment above the entry.
    pub(super) reason: Option<String>,
}

impl Map {
    /// The map with one more entry.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.set(&[name], value.into(), None);
        self
    }

    /// Sets the value at a path; what was in the way is replaced.
    pub(super) fn set(&mut self, path: &[&str], value: Value, reason: Option<&str>) {
        let Some((name, rest)) = path.split_first() else {
            return;
        };
        if rest.is_empty() {
            let reason = reason.map(str::to_owned);
            self.0.insert((*name).to_owned(), Entry { value, reason });
            return;
        }
        let entry = self.0.entry((*name).to_owned()).or_insert_with(|| Entry {
            value: Value::Map(Self::default()),
            reason: None,
        });
        if !matches!(entry.value, Value::Map(_)) {
            entry.value = Value::Map(Self::default());
        }
        if let Value::Map(inner) = &mut entry.value {
            inner.set(rest, value, reason);
        }
    }

    /// The value at a path.
    pub(super) fn get(&self, path: &[&str]) -> Option<&Value> {
        let (name, rest) = path.split_first()?;
        let value = &self.0.get(*name)?.value;
        match value {
            _ if rest.is_empty() => Some(value),
            Value::Map(inner) => inner.get(rest),
            _ => None,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The names of a dotted path.
pub(super) fn names(path: &str) -> Vec<&str> {
    path.split('.').collect()
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<Vec<Value>> for Value {
    fn from(value: Vec<Value>) -> Self {
        Self::List(value)
    }
}

impl From<Map> for Value {
    fn from(value: Map) -> Self {
        Self::Map(value)
    }
}
