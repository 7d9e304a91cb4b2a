//! The words a query may use: which values each parameter has, what else they
//! are called, and how a snapshot reveals them.

use super::Selector;
use super::parameter::{EnumParameter, Parameter, VersionParameter};

/// The position of a value in its parameter's list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValueId(pub u8);

/// One allowed value of an enumerated parameter.
#[derive(Debug, Clone, Default)]
pub struct EnumValue {
    /// The canonical name, lower case.
    pub name: Box<str>,
    /// Other names that mean the same, lower case.
    pub aliases: Vec<Box<str>>,
    /// Texts in a snapshot that reveal this value.
    pub reveal: Vec<Pattern>,
}

/// A text with an optional `*` at either end; letters match in any case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    core: Box<str>,
    open_start: bool,
    open_end: bool,
}

impl Pattern {
    /// Reads `text`, `text*`, `*text` or `*text*`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = text.to_lowercase();
        let core = text.strip_prefix('*').unwrap_or(&text);
        let open_start = core.len() < text.len();
        let trimmed = core.strip_suffix('*').unwrap_or(core);
        Self {
            core: trimmed.into(),
            open_start,
            open_end: trimmed.len() < core.len(),
        }
    }

    /// Whether `text` fits.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text = text.trim().to_lowercase();
        match (self.open_start, self.open_end) {
            (true, true) => text.contains(&*self.core),
            (true, false) => text.ends_with(&*self.core),
            (false, true) => text.starts_with(&*self.core),
            (false, false) => *text == *self.core,
        }
    }
}

/// Everything known about the parameters, in the order of
/// [`EnumParameter::ALL`] and [`VersionParameter::ALL`].
#[derive(Debug, Clone, Default)]
pub struct Vocabulary {
    /// Allowed values, in revealing order.
    pub values: [Vec<EnumValue>; 4],
    /// Other names of each parameter, by [`Parameter`] position.
    pub aliases: [Vec<Box<str>>; 7],
    /// Snapshot paths that reveal each parameter, by [`Parameter`] position.
    pub revealed_by: [Vec<Selector>; 7],
    /// Constraint paths that also judge the query's own version.
    pub constrained_by: [Vec<Selector>; 3],
}

impl Vocabulary {
    /// The parameter called `name`, by canonical name or alias.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Parameter> {
        Parameter::ALL.into_iter().find(|parameter| {
            parameter.name() == name
                || self
                    .aliases_of(*parameter)
                    .iter()
                    .any(|alias| **alias == *name)
        })
    }

    /// The other names of a parameter.
    #[must_use]
    pub fn aliases_of(&self, parameter: Parameter) -> &[Box<str>] {
        self.aliases
            .get(parameter.index())
            .map_or(&[], Vec::as_slice)
    }

    /// The allowed values of a parameter, `any` not among them.
    #[must_use]
    pub fn values_of(&self, parameter: EnumParameter) -> &[EnumValue] {
        self.values
            .get(parameter.index())
            .map_or(&[], Vec::as_slice)
    }

    /// The value called `text`, by name or alias, in any case.
    #[must_use]
    pub fn value(&self, parameter: EnumParameter, text: &str) -> Option<ValueId> {
        let called = |name: &str| name.eq_ignore_ascii_case(text);
        let position = self.values_of(parameter).iter().position(|value| {
            called(&value.name) || value.aliases.iter().any(|alias| called(alias))
        })?;
        u8::try_from(position).ok().map(ValueId)
    }

    /// The canonical name of a value.
    #[must_use]
    pub fn name(&self, parameter: EnumParameter, value: ValueId) -> &str {
        self.values_of(parameter)
            .get(usize::from(value.0))
            .map_or("", |value| &value.name)
    }

    /// The first value that a snapshot text reveals.
    #[must_use]
    pub fn revealed(&self, parameter: EnumParameter, text: &str) -> Option<ValueId> {
        let position = self
            .values_of(parameter)
            .iter()
            .position(|value| value.reveal.iter().any(|pattern| pattern.matches(text)))?;
        u8::try_from(position).ok().map(ValueId)
    }

    /// The snapshot paths that reveal a parameter, in the order to try them.
    #[must_use]
    pub fn revealing_paths(&self, parameter: Parameter) -> &[Selector] {
        self.revealed_by
            .get(parameter.index())
            .map_or(&[], Vec::as_slice)
    }

    /// The constraint paths that judge a version parameter.
    #[must_use]
    pub fn judging_paths(&self, parameter: VersionParameter) -> &[Selector] {
        self.constrained_by
            .get(parameter.index())
            .map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn patterns_are_open_where_starred() {
        assert!(Pattern::new("*GB200*").matches("NVIDIA GB200"));
        assert!(Pattern::new("*b200").matches("NVIDIA GB200"));
        assert!(!Pattern::new("b200*").matches("NVIDIA GB200"));
        assert!(Pattern::new("ubuntu").matches(" Ubuntu "));
        assert!(!Pattern::new("ubuntu").matches("ubuntu-core"));
    }
}
