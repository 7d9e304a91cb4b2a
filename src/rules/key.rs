//! The condition of an overlay: which queries it speaks to.

use std::fmt::Write as _;

use crate::model::{
    EnumParameter, Parameter, ParameterKind, Query, ValueId, VersionParameter, VersionPredicate,
    Vocabulary,
};

/// A condition on some of the seven parameters; the others are wildcards.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Key {
    values: [Option<ValueId>; 4],
    versions: [Option<VersionPredicate>; 3],
}

impl Key {
    pub(super) fn value(&self, parameter: EnumParameter) -> Option<ValueId> {
        self.values.get(parameter.index()).copied().flatten()
    }

    pub(super) fn predicate(&self, parameter: VersionParameter) -> Option<&VersionPredicate> {
        self.versions
            .get(parameter.index())
            .and_then(Option::as_ref)
    }

    pub(super) fn set_value(&mut self, parameter: EnumParameter, value: ValueId) {
        if let Some(slot) = self.values.get_mut(parameter.index()) {
            *slot = Some(value);
        }
    }

    pub(super) fn set_predicate(
        &mut self,
        parameter: VersionParameter,
        predicate: VersionPredicate,
    ) {
        if let Some(slot) = self.versions.get_mut(parameter.index()) {
            *slot = Some(predicate);
        }
    }

    /// How many parameters it constrains: the specificity.
    pub(super) fn constrained(&self) -> usize {
        self.values.iter().flatten().count() + self.versions.iter().flatten().count()
    }

    pub(super) fn constrains(&self, parameter: Parameter) -> bool {
        match parameter.kind() {
            ParameterKind::Enum(choice) => self.value(choice).is_some(),
            ParameterKind::Version(choice) => self.predicate(choice).is_some(),
        }
    }

    /// Whether one parameter of a query satisfies it.
    pub(super) fn accepts(&self, query: &Query, parameter: Parameter) -> bool {
        match parameter.kind() {
            ParameterKind::Enum(choice) => self
                .value(choice)
                .is_none_or(|wanted| query.value(choice) == Some(wanted)),
            ParameterKind::Version(choice) => self.predicate(choice).is_none_or(|wanted| {
                query
                    .version(choice)
                    .is_some_and(|version| wanted.accepts(version))
            }),
        }
    }

    /// The naive definition of matching; the index must agree with it.
    pub(super) fn matches(&self, query: &Query) -> bool {
        Parameter::ALL
            .into_iter()
            .all(|parameter| self.accepts(query, parameter))
    }

    /// Whether some query matches both.
    pub(super) fn meets(&self, other: &Self) -> bool {
        let values = self.values.iter().zip(&other.values);
        let versions = self.versions.iter().zip(&other.versions);
        values
            .into_iter()
            .all(|pair| !matches!(pair, (Some(left), Some(right)) if left != right))
            && versions.into_iter().all(|pair| match pair {
                (Some(left), Some(right)) => left.interval().overlaps(right.interval()),
                (Some(only), None) | (None, Some(only)) => !only.interval().is_empty(),
                (None, None) => true,
            })
    }

    /// What it asks of one parameter, as text.
    pub(super) fn text(&self, vocabulary: &Vocabulary, parameter: Parameter) -> Option<String> {
        match parameter.kind() {
            ParameterKind::Enum(choice) => self
                .value(choice)
                .map(|value| vocabulary.name(choice, value).to_owned()),
            ParameterKind::Version(choice) => self.predicate(choice).map(ToString::to_string),
        }
    }

    /// `Service: eks, GPU: h100`.
    pub(super) fn sentence(&self, vocabulary: &Vocabulary) -> String {
        let mut sentence = String::new();
        for parameter in Parameter::ALL {
            if let Some(text) = self.text(vocabulary, parameter) {
                let separator = if sentence.is_empty() { "" } else { ", " };
                // Writing to a string cannot fail.
                let _ = write!(sentence, "{separator}{}: {text}", parameter.label());
            }
        }
        sentence
    }

    /// A name for overlays of the older layout, which have none: `eks-h100`.
    pub(super) fn name(&self, vocabulary: &Vocabulary) -> String {
        let order = [
            Parameter::Service,
            Parameter::Gpu,
            Parameter::Os,
            Parameter::Osv,
            Parameter::Kernel,
            Parameter::K8s,
            Parameter::Intent,
        ];
        let parts: Vec<String> = order
            .into_iter()
            .filter_map(|parameter| self.text(vocabulary, parameter))
            .map(|text| text.replace(' ', "").replace(['<', '>', '='], "_"))
            .collect();
        parts.join("-")
    }
}
