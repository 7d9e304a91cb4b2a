//! The question: an environment, each part of it known or left open.

use std::fmt;

use super::nearest::nearest;
use super::version::{Version, VersionError};
use super::vocabulary::{ValueId, Vocabulary};

/// A parameter with a closed list of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnumParameter {
    /// Node operating system family.
    Os,
    /// Where Kubernetes runs.
    Service,
    /// Accelerator model.
    Gpu,
    /// Workload.
    Intent,
}

impl EnumParameter {
    /// All of them, in index order.
    pub const ALL: [Self; 4] = [Self::Os, Self::Service, Self::Gpu, Self::Intent];

    /// Position in arrays of four.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The same parameter among all seven.
    #[must_use]
    pub const fn parameter(self) -> Parameter {
        match self {
            Self::Os => Parameter::Os,
            Self::Service => Parameter::Service,
            Self::Gpu => Parameter::Gpu,
            Self::Intent => Parameter::Intent,
        }
    }
}

/// A parameter that takes a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionParameter {
    /// Operating system version.
    Osv,
    /// Kernel version.
    Kernel,
    /// Kubernetes version.
    K8s,
}

impl VersionParameter {
    /// All of them, in index order.
    pub const ALL: [Self; 3] = [Self::Osv, Self::Kernel, Self::K8s];

    /// Position in arrays of three.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The same parameter among all seven.
    #[must_use]
    pub const fn parameter(self) -> Parameter {
        match self {
            Self::Osv => Parameter::Osv,
            Self::Kernel => Parameter::Kernel,
            Self::K8s => Parameter::K8s,
        }
    }
}

/// Everything a query can say about an environment, in echo order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameter {
    /// See [`EnumParameter::Os`].
    Os,
    /// See [`VersionParameter::Osv`].
    Osv,
    /// See [`VersionParameter::Kernel`].
    Kernel,
    /// See [`EnumParameter::Service`].
    Service,
    /// See [`VersionParameter::K8s`].
    K8s,
    /// See [`EnumParameter::Gpu`].
    Gpu,
    /// See [`EnumParameter::Intent`].
    Intent,
}

/// Which of the two kinds a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// Closed list.
    Enum(EnumParameter),
    /// Version.
    Version(VersionParameter),
}

impl Parameter {
    /// All of them, in echo order.
    pub const ALL: [Self; 7] =
        [Self::Os, Self::Osv, Self::Kernel, Self::Service, Self::K8s, Self::Gpu, Self::Intent];

    /// Position in arrays of seven.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The canonical name in query strings and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::Osv => "osv",
            Self::Kernel => "kernel",
            Self::Service => "service",
            Self::K8s => "k8s",
            Self::Gpu => "gpu",
            Self::Intent => "intent",
        }
    }

    /// The name in sentences for people, as in `matchedRules`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Os => "OS",
            Self::Osv => "OS version",
            Self::Kernel => "Kernel",
            Self::Service => "Service",
            Self::K8s => "K8s",
            Self::Gpu => "GPU",
            Self::Intent => "Intent",
        }
    }

    /// Which kind of parameter this is.
    #[must_use]
    pub const fn kind(self) -> ParameterKind {
        match self {
            Self::Os => ParameterKind::Enum(EnumParameter::Os),
            Self::Service => ParameterKind::Enum(EnumParameter::Service),
            Self::Gpu => ParameterKind::Enum(EnumParameter::Gpu),
            Self::Intent => ParameterKind::Enum(EnumParameter::Intent),
            Self::Osv => ParameterKind::Version(VersionParameter::Osv),
            Self::Kernel => ParameterKind::Version(VersionParameter::Kernel),
            Self::K8s => ParameterKind::Version(VersionParameter::K8s),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

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
        self.versions.get(parameter.index()).and_then(Option::as_ref)
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
    ) -> Result<(), Box<QueryProblem>> {
        let text = given.trim();
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
                let version =
                    text.parse().map_err(|reason| bad_version(parameter, given, reason))?;
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
            ParameterKind::Enum(choice) => {
                self.value(choice).map(|value| vocabulary.name(choice, value))
            }
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

fn unknown_value(
    vocabulary: &Vocabulary,
    parameter: EnumParameter,
    given: &str,
) -> Box<QueryProblem> {
    let names = || vocabulary.values_of(parameter).iter().map(|value| &*value.name);
    Box::new(QueryProblem {
        parameter: parameter.parameter().name().to_owned(),
        given: Some(given.to_owned()),
        reason: "is not a known value".to_owned(),
        allowed: names().chain(["any"]).map(str::to_owned).collect(),
        nearest: nearest(given.trim(), names().chain(["any"])).map(str::to_owned),
    })
}

fn bad_version(parameter: Parameter, given: &str, reason: VersionError) -> Box<QueryProblem> {
    Box::new(QueryProblem {
        parameter: parameter.name().to_owned(),
        given: Some(given.to_owned()),
        reason: reason.to_string(),
        allowed: vec!["a version such as 1.33, v1.33.5-eks-3025e55 or 24.04".to_owned()],
        nearest: None,
    })
}

#[cfg(test)]
mod tests {
    use super::{EnumParameter, Parameter, Query};
    use crate::model::{EnumValue, Vocabulary};

    fn vocabulary() -> Vocabulary {
        let value = |name: &str| EnumValue { name: name.into(), ..EnumValue::default() };
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
        query.set(&vocabulary, Parameter::K8s, "v1.33.5+k3s1").unwrap();
        assert_eq!(query.canonical(&vocabulary), "osv=24.04&k8s=v1.33.5+k3s1&gpu=h100");
    }

    #[test]
    fn a_wrong_value_names_what_is_allowed_and_nearest() {
        let problem =
            Query::default().set(&vocabulary(), Parameter::Gpu, "h10").unwrap_err();
        assert_eq!(problem.nearest.as_deref(), Some("h100"));
        assert_eq!(problem.allowed, ["h100", "a100", "any"]);
        let problem = Query::default().set(&vocabulary(), Parameter::K8s, "1.x").unwrap_err();
        assert_eq!(problem.given.as_deref(), Some("1.x"));
    }
}
