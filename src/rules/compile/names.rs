//! What names in rule files refer to: parameters, values, versions, sources.
//! Every name that refers to nothing is reported with the nearest that does.

use std::sync::Arc;

use crate::model::{EnumParameter, Parameter, ValueId, VersionPredicate, Vocabulary, nearest};
use crate::rules::SourceInfo;
use crate::rules::base::Sources;
use crate::rules::check::Spanned;
use crate::rules::diagnostic::{Location, Report};

/// The names in force and what was found wrong so far.
pub(super) struct Compiler {
    pub(super) report: Report,
    pub(super) vocabulary: Vocabulary,
    pub(super) sources: Vec<(Arc<str>, SourceInfo)>,
}

impl Compiler {
    pub(super) fn parameter(&mut self, location: &Location, name: &Spanned) -> Option<Parameter> {
        let parameter = self.vocabulary.parameter(&name.text);
        if parameter.is_none() {
            let known = Parameter::ALL.map(Parameter::name);
            let hint = did_you_mean(&name.text, &known);
            let message = format!("`{}` is no parameter", name.text);
            let location = place(location, name);
            self.report
                .error_with_hint(location, "unknown-parameter", message, hint);
        }
        parameter
    }

    pub(super) fn value(
        &mut self,
        location: &Location,
        parameter: EnumParameter,
        text: &Spanned,
    ) -> Option<ValueId> {
        let value = self.vocabulary.value(parameter, text.text.trim());
        if value.is_none() {
            let names: Vec<&str> = self
                .vocabulary
                .values_of(parameter)
                .iter()
                .map(|value| &*value.name)
                .collect();
            let hint = did_you_mean(&text.text, &names);
            let message = format!("`{}` is no value of {}", text.text, parameter.parameter());
            let location = place(location, text);
            self.report
                .error_with_hint(location, "unknown-value", message, hint);
        }
        value
    }

    pub(super) fn predicate(
        &mut self,
        location: &Location,
        text: &Spanned,
    ) -> Option<VersionPredicate> {
        match VersionPredicate::parse(&text.text) {
            Ok(predicate) => Some(predicate),
            Err(error) => {
                let hint = "write a range such as `>=1.30 <1.34`, `1.33` or `1.33.5`";
                let location = place(location, text);
                self.report
                    .error_with_hint(location, "bad-predicate", error.to_string(), hint);
                None
            }
        }
    }

    /// The ids as shared texts; unknown ones are reported.
    pub(super) fn cited(&mut self, location: &Location, ids: &[Spanned]) -> Sources {
        let mut cited = Vec::with_capacity(ids.len());
        for id in ids {
            match self.sources.iter().find(|(known, _)| **known == *id.text) {
                Some((known, _)) => cited.push(Arc::clone(known)),
                None => {
                    let known: Vec<&str> = self.sources.iter().map(|(id, _)| &**id).collect();
                    let hint = did_you_mean(&id.text, &known);
                    let message = format!("`{}` is no source", id.text);
                    let location = place(location, id);
                    self.report
                        .error_with_hint(location, "unknown-source", message, hint);
                }
            }
        }
        cited.into()
    }
}

/// The place of a text in the file of `location`.
pub(super) fn place(location: &Location, spanned: &Spanned) -> Location {
    Location {
        file: Arc::clone(&location.file),
        at: spanned.at,
    }
}

/// A hint for a name that refers to nothing.
pub(super) fn did_you_mean(given: &str, known: &[&str]) -> String {
    match nearest(given, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("allowed are {}", known.join(", ")),
    }
}
