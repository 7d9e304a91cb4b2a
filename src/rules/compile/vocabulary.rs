//! From parameter drafts to the vocabulary.

use std::collections::HashSet;
use std::sync::Arc;

use crate::model::{EnumValue, Parameter, ParameterKind, Pattern, Selector, Vocabulary, nearest};

use crate::rules::check::{ParameterDraft, ParametersDraft, Spanned, ValueDraft};
use crate::rules::diagnostic::{Location, Report};
use crate::rules::space::VALUE_LIMIT;

/// Resolves the `parameters` section.
pub(in crate::rules) fn build(draft: ParametersDraft, report: &mut Report) -> Vocabulary {
    let mut builder = Builder {
        file: draft.file,
        report,
        vocabulary: Vocabulary::default(),
    };
    let mut names: HashSet<String> = Parameter::ALL
        .into_iter()
        .map(|parameter| parameter.name().to_owned())
        .collect();
    for parameter in draft.parameters {
        builder.parameter(parameter, &mut names);
    }
    builder.vocabulary
}

struct Builder<'r> {
    file: Arc<str>,
    report: &'r mut Report,
    vocabulary: Vocabulary,
}

impl Builder<'_> {
    fn location(&self, of: &Spanned) -> Location {
        Location {
            file: Arc::clone(&self.file),
            at: of.at,
        }
    }

    fn parameter(&mut self, draft: ParameterDraft, names: &mut HashSet<String>) {
        let known = Parameter::ALL.map(Parameter::name);
        let found = Parameter::ALL
            .into_iter()
            .find(|known| known.name() == draft.name.text);
        let Some(parameter) = found else {
            let hint = match nearest(&draft.name.text, known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("allowed are {}", known.join(", ")),
            };
            let message = format!("`{}` is no parameter", draft.name.text);
            let location = self.location(&draft.name);
            self.report
                .error_with_hint(location, "unknown-parameter", message, hint);
            return;
        };
        for alias in &draft.aliases {
            if !names.insert(alias.text.clone()) {
                let message = format!("`{}` already names a parameter", alias.text);
                self.report
                    .error(self.location(alias), "duplicate-name", message);
            }
        }
        let aliases = draft
            .aliases
            .into_iter()
            .map(|alias| alias.text.into())
            .collect();
        put(&mut self.vocabulary.aliases, parameter.index(), aliases);
        let from = self.selectors(&draft.from);
        put(&mut self.vocabulary.revealed_by, parameter.index(), from);
        match parameter.kind() {
            ParameterKind::Enum(choice) => {
                self.misplaced(&draft.constrained_by, "`constrained-by` is for versions");
                let values = self.values(draft.values);
                put(&mut self.vocabulary.values, choice.index(), values);
            }
            ParameterKind::Version(choice) => {
                let names: Vec<Spanned> =
                    draft.values.into_iter().map(|value| value.name).collect();
                self.misplaced(&names, "a version parameter has no list of values");
                let judged = self.selectors(&draft.constrained_by);
                put(&mut self.vocabulary.constrained_by, choice.index(), judged);
            }
        }
    }

    fn misplaced(&mut self, found: &[Spanned], message: &str) {
        if let Some(first) = found.first() {
            self.report
                .error(self.location(first), "unknown-key", message);
        }
    }

    fn selectors(&mut self, paths: &[Spanned]) -> Vec<Selector> {
        paths
            .iter()
            .filter_map(|path| {
                let selector = Selector::parse(&path.text);
                if selector.is_none() {
                    let message = format!("`{}` is no path", path.text);
                    let hint = "write type.subtype.key, such as K8s.server.version";
                    let location = self.location(path);
                    self.report
                        .error_with_hint(location, "bad-path", message, hint);
                }
                selector
            })
            .collect()
    }

    fn values(&mut self, drafts: Vec<ValueDraft>) -> Vec<EnumValue> {
        let mut names = HashSet::from(["any".to_owned()]);
        let mut values = Vec::with_capacity(drafts.len());
        for draft in drafts {
            for name in std::iter::once(&draft.name).chain(&draft.aliases) {
                if !is_word(&name.text) {
                    let message = format!("`{}` is no value name", name.text);
                    let hint = "use a-z, 0-9, `.`, `_` and `-`";
                    let location = self.location(name);
                    self.report
                        .error_with_hint(location, "bad-name", message, hint);
                }
                if !names.insert(name.text.clone()) {
                    let message = format!("`{}` already names a value", name.text);
                    self.report
                        .error(self.location(name), "duplicate-name", message);
                }
            }
            if values.len() == VALUE_LIMIT {
                let message = format!("a parameter has at most {VALUE_LIMIT} values");
                self.report
                    .error(self.location(&draft.name), "too-many", message);
                break;
            }
            values.push(EnumValue {
                name: draft.name.text.into(),
                aliases: draft
                    .aliases
                    .into_iter()
                    .map(|alias| alias.text.into())
                    .collect(),
                reveal: draft
                    .reveal
                    .iter()
                    .map(|pattern| Pattern::new(&pattern.text))
                    .collect(),
            });
        }
        values
    }
}

fn put<T>(slots: &mut [T], index: usize, value: T) {
    if let Some(slot) = slots.get_mut(index) {
        *slot = value;
    }
}

/// Safe in a query string as it is, and in lower case.
pub(in crate::rules) fn is_word(text: &str) -> bool {
    let allowed =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    !text.is_empty() && text.len() <= 64 && text.bytes().all(allowed)
}
