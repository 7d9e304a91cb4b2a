//! The question: an environment, each part of it known or left open.

use super::nearest::nearest;
use super::parameter::{EnumParameter, Parameter, ParameterKind, VersionParameter};
use super::version::{Version, VersionError};
use super::vocabulary::{ValueId, Vocabulary};

/// A question. Two queries that differ only in spelling (case, aliases, order,
/// an explicit `any`) are equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    values: [Option<ValueId>; 4],
    versions: [Option<Version>; 3],
}

/// One thing wrong with what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryProblem {
    /// The parameter as given.
    pub parameter: String,
    /// The value as given; `None` when the parameter itself is the problem.
    pub given: Option<String>,
    /// What is wrong, without repeating what was given.
    pub reason: String,
    /// What would have been accepted; empty where no list can be given.
    pub allowed: Vec<String>,
    /// The nearest match.
    pub nearest: Option<String>,
}

impl Query {
    /// The value of an enumerated parameter, `None` for any.
    #[must_use]
    pub fn value(&self, parameter: EnumParameter) -> Option<ValueId> {
        self.values.get(parameter.index()).copied().flatten()
    }

    /// The value of a version parameter, `None` for any.
    #[must_use]
    pub fn version(&self, parameter: VersionParameter) -> Option<&Version> {
        self.versions
            .get(parameter.index())
            .and_then(Option::as_ref)
    }

    /// Sets an enumerated parameter.
    pub fn set_value(&mut self, parameter: EnumParameter, value: Option<ValueId>) {
        if let Some(slot) = self.values.get_mut(parameter.index()) {
            *slot = value;
        }
    }

    /// Sets a version parameter.
    pub fn set_version(&mut self, parameter: VersionParameter, version: Option<Version>) {
        if let Some(slot) = self.versions.get_mut(parameter.index()) {
            *slot = version;
        }
    }

    /// Reads one parameter. `any`, in any case, or nothing clears it.
    ///
    /// # Errors
    /// Names what was given, what is allowed and the nearest match.
    pub fn set(
        &mut self,
        vocabulary: &Vocabulary,
        parameter: Parameter,
        given: &str,
    ) -> Result<(), QueryProblem> {
        // Blanks only: a tab or a line end in a query is no slip of a finger.
        let text = given.trim_matches(' ');
        let open = text.is_empty() || text.eq_ignore_ascii_case("any");
        match parameter.kind() {
            ParameterKind::Enum(_) | ParameterKind::Version(_) if open => self.clear(parameter),
            ParameterKind::Enum(choice) => {
                let value = vocabulary
                    .value(choice, text)
                    .ok_or_else(|| unknown_value(vocabulary, choice, given))?;
                self.set_value(choice, Some(value));
            }
            ParameterKind::Version(choice) => {
                let version = text
                    .parse()
                    .map_err(|reason| bad_version(parameter, given, reason))?;
                self.set_version(choice, Some(version));
            }
        }
        Ok(())
    }

    /// Whether a parameter is known.
    #[must_use]
    pub fn has(&self, parameter: Parameter) -> bool {
        match parameter.kind() {
            ParameterKind::Enum(choice) => self.value(choice).is_some(),
            ParameterKind::Version(choice) => self.version(choice).is_some(),
        }
    }

    /// Leaves a parameter open.
    pub fn clear(&mut self, parameter: Parameter) {
        match parameter.kind() {
            ParameterKind::Enum(choice) => self.set_value(choice, None),
            ParameterKind::Version(choice) => self.set_version(choice, None),
        }
    }

    /// The known parameters with their canonical texts, in echo order.
    pub fn known<'a>(
        &'a self,
        vocabulary: &'a Vocabulary,
    ) -> impl Iterator<Item = (Parameter, &'a str)> {
        Parameter::ALL
            .into_iter()
            .filter_map(|parameter| Some((parameter, self.text(vocabulary, parameter)?)))
    }

    /// The canonical text of one parameter, `None` when it is open.
    #[must_use]
    pub fn text<'a>(&'a self, vocabulary: &'a Vocabulary, parameter: Parameter) -> Option<&'a str> {
        match parameter.kind() {
            ParameterKind::Enum(choice) => self
                .value(choice)
                .map(|value| vocabulary.name(choice, value)),
            ParameterKind::Version(choice) => self.version(choice).map(Version::as_str),
        }
    }

    /// `os=ubuntu&gpu=h100`, in echo order: the same for every spelling of one
    /// question. All characters that values can hold stand for themselves in a
    /// query string of this service.
    #[must_use]
    pub fn canonical(&self, vocabulary: &Vocabulary) -> String {
        let mut text = String::with_capacity(64);
        for (parameter, value) in self.known(vocabulary) {
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(parameter.name());
            text.push('=');
            text.push_str(value);
        }
        text
    }
}

fn unknown_value(vocabulary: &Vocabulary, parameter: EnumParameter, given: &str) -> QueryProblem {
    let names = || {
        vocabulary
            .values_of(parameter)
            .iter()
            .map(|value| &*value.name)
    };
    QueryProblem {
        parameter: parameter.parameter().name().to_owned(),
        given: Some(given.to_owned()),
        reason: "is not a known value".to_owned(),
        allowed: names().chain(["any"]).map(str::to_owned).collect(),
        nearest: nearest(given.trim(), names().chain(["any"])).map(str::to_owned),
    }
}

fn bad_version(parameter: Parameter, given: &str, reason: VersionError) -> QueryProblem {
    QueryProblem {
        parameter: parameter.name().to_owned(),
        given: Some(given.to_owned()),
        reason: reason.to_string(),
        allowed: vec!["a version such as 1.33, v1.33.5-eks-3025e55 or 24.04".to_owned()],
        nearest: None,
    }
}

#[cfg(test)]
mod tests {
    use super::{EnumParameter, Parameter, Query};
    use crate::model::{EnumValue, Vocabulary};

    fn vocabulary() -> Vocabulary {
        let value = |name: &str| EnumValue {
            name: name.into(),
            ..EnumValue::default()
        };
        let mut vocabulary = Vocabulary::default();
        vocabulary.values[EnumParameter::Gpu.index()] = vec![value("h100"), value("a100")];
        vocabulary.values[EnumParameter::Os.index()] = vec![value("ubuntu")];
        vocabulary
    }

    #[test]
    fn spelling_does_not_matter_and_versions_keep_theirs() {
        let vocabulary = vocabulary();
        let mut query = Query::default();
        query.set(&vocabulary, Parameter::Gpu, " H100 ").unwrap();
        query.set(&vocabulary, Parameter::Os, "ANY").unwrap();
        query.set(&vocabulary, Parameter::Osv, "24.04").unwrap();
        query
            .set(&vocabulary, Parameter::K8s, "v1.33.5+k3s1")
            .unwrap();
        assert_eq!(
            query.canonical(&vocabulary),
            "osv=24.04&k8s=v1.33.5+k3s1&gpu=h100"
        );
    }

    #[test]
    fn a_wrong_value_names_what_is_allowed_and_nearest() {
        let problem = Query::default()
            .set(&vocabulary(), Parameter::Gpu, "h10")
            .unwrap_err();
        assert_eq!(problem.nearest.as_deref(), Some("h100"));
        assert_eq!(problem.allowed, ["h100", "a100", "any"]);
        let problem = Query::default()
            .set(&vocabulary(), Parameter::K8s, "1.x")
            .unwrap_err();
        assert_eq!(problem.given.as_deref(), Some("1.x"));
    }
}
