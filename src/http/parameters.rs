//! Query strings to queries: names, values and switches, all problems at once, if
//! they are not too many.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::error::{ApiError, MOST_PROBLEMS};
use crate::bundle::{BundleError, Choices, Label, Override, Repository, Toleration};
use crate::model::{
    MeasurementType, Parameter, Query, QueryProblem, Selector, Vocabulary, nearest,
};
use crate::wire::Format;

/// What a route takes beside the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    Context,
    Explain,
    Strict,
    Format,
    Selector,
    Bundlers,
    Deployer,
    Set,
    Repo,
    SystemSelector,
    SystemToleration,
    GpuSelector,
    GpuToleration,
}

/// What a bundle takes beside its recipe.
pub(super) const BUNDLE_SWITCHES: [Switch; 8] = [
    Switch::Bundlers,
    Switch::Deployer,
    Switch::Set,
    Switch::SystemSelector,
    Switch::SystemToleration,
    Switch::GpuSelector,
    Switch::GpuToleration,
    Switch::Repo,
];

impl Switch {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Context => "context",
            Self::Explain => "explain",
            Self::Strict => "strict",
            Self::Format => "format",
            Self::Selector => "selector",
            Self::Bundlers => "bundlers",
            Self::Deployer => "deployer",
            Self::Set => "set",
            Self::Repo => "repo",
            Self::SystemSelector => "system-node-selector",
            Self::SystemToleration => "system-node-toleration",
            Self::GpuSelector => "accelerated-node-selector",
            Self::GpuToleration => "accelerated-node-toleration",
        }
    }

    /// Whether it may be given more than once.
    pub(super) const fn repeats(self) -> bool {
        matches!(
            self,
            Self::Set
                | Self::SystemSelector
                | Self::SystemToleration
                | Self::GpuSelector
                | Self::GpuToleration
        )
    }
}

/// A request's parameters, understood.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    pub(super) query: Query,
    pub(super) context: bool,
    pub(super) explain: bool,
    pub(super) strict: bool,
    pub(super) format: Option<Format>,
    pub(super) selector: Option<(String, Selector)>,
    pub(super) bundle: Choices,
}

/// A name and its value.
type Pair<'q> = (Cow<'q, str>, Cow<'q, str>);

/// Splits a query string. Not form data: `+` stands for itself, as in
/// `k8s=v1.33.5+k3s1`.
pub(super) fn pairs(raw: &str) -> Result<Vec<Pair<'_>>, ApiError> {
    let decode = |text| {
        percent_decode_str(text).decode_utf8().map_err(|_| {
            let text = super::error::shown(text);
            ApiError::Malformed(format!("`{text}` in the query string is not UTF-8"))
        })
    };
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(name)?, decode(value)?))
        })
        .collect()
}

impl Ask {
    /// Adds parameters to what is known so far and wins over it. A route that
    /// knows no environment gives no vocabulary.
    pub(super) fn read<N: AsRef<str>, V: AsRef<str>>(
        &mut self,
        pairs: &[(N, V)],
        vocabulary: Option<&Vocabulary>,
        switches: &[Switch],
    ) -> Result<(), ApiError> {
        // By its first name, and as it was given.
        let mut seen: Vec<(&'static str, &str)> = Vec::with_capacity(8);
        let mut problems = Vec::new();
        for (name, value) in pairs {
            if problems.len() == MOST_PROBLEMS {
                break;
            }
            let (name, value) = (name.as_ref(), value.as_ref());
            let parameter = vocabulary.and_then(|words| Some((words, words.parameter(name)?)));
            let switch = switches.iter().find(|switch| switch.name() == name);
            let canonical = match (parameter, switch) {
                (Some((_, parameter)), _) => parameter.name(),
                (None, Some(switch)) => switch.name(),
                (None, None) => {
                    problems.push(unknown(name, vocabulary, switches));
                    continue;
                }
            };
            let repeats = switch.is_some_and(|switch| switch.repeats());
            let before = seen.iter().find(|(known, _)| *known == canonical);
            if let Some((_, before)) = before.filter(|_| !repeats) {
                let reason = if *before == name {
                    "is given more than once".to_owned()
                } else {
                    format!("is another name of `{before}`, which is given already")
                };
                problems.push(problem(name, Some(value), &reason, Vec::new()));
                continue;
            }
            seen.push((canonical, name));
            let read = match (parameter, switch) {
                (Some((words, parameter)), _) => self.query.set(words, parameter, value),
                (None, Some(switch)) => self.set(*switch, value),
                (None, None) => Ok(()),
            };
            problems.extend(read.err());
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(ApiError::Parameters(problems))
        }
    }

    fn set(&mut self, switch: Switch, given: &str) -> Result<(), QueryProblem> {
        let name = switch.name();
        match switch {
            Switch::Context => self.context = boolean(name, given)?,
            Switch::Explain => self.explain = boolean(name, given)?,
            Switch::Strict => self.strict = boolean(name, given)?,
            Switch::Format => self.format = Some(format(name, given)?),
            Switch::Selector => self.selector = Some((given.to_owned(), selector(name, given)?)),
            _ => self
                .choose(switch, given)
                .map_err(|error| problem(name, None, &error.to_string(), Vec::new()))?,
        }
        Ok(())
    }

    /// A choice about a bundle.
    fn choose(&mut self, switch: Switch, given: &str) -> Result<(), BundleError> {
        let bundle = &mut self.bundle;
        let placement = &mut bundle.placement;
        match switch {
            Switch::Bundlers => bundle.operators = Choices::parse_operators(given)?,
            Switch::Deployer => bundle.deployer = Choices::parse_deployer(given.trim_matches(' '))?,
            Switch::Set => bundle.overrides.push(Override::parse(given)?),
            Switch::Repo => bundle.repository = Some(Repository::parse(given)?),
            Switch::SystemSelector => placement.system_selector.push(Label::parse(given)?),
            Switch::GpuSelector => placement.gpu_selector.push(Label::parse(given)?),
            Switch::SystemToleration => {
                placement.system_tolerations.push(Toleration::parse(given)?);
            }
            Switch::GpuToleration => placement.gpu_tolerations.push(Toleration::parse(given)?),
            Switch::Context
            | Switch::Explain
            | Switch::Strict
            | Switch::Format
            | Switch::Selector => {}
        }
        Ok(())
    }

    /// The switches that change what is answered, as query parameters.
    pub(super) fn options(&self) -> String {
        let mut text = String::new();
        for (on, pair) in [
            (self.context, "&context=true"),
            (self.explain, "&explain=true"),
            (self.strict, "&strict=true"),
        ] {
            if on {
                text.push_str(pair);
            }
        }
        text
    }
}

fn boolean(name: &str, given: &str) -> Result<bool, QueryProblem> {
    match given.trim_matches(' ').to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => {
            let allowed = ["true", "false", "1", "0"].map(str::to_owned).to_vec();
            Err(problem(
                name,
                Some(given),
                "is neither true nor false",
                allowed,
            ))
        }
    }
}

fn format(name: &str, given: &str) -> Result<Format, QueryProblem> {
    match given.trim_matches(' ').to_ascii_lowercase().as_str() {
        "json" => Ok(Format::Json),
        "yaml" => Ok(Format::Yaml),
        other => {
            let allowed = ["json", "yaml"].map(str::to_owned).to_vec();
            let near = nearest(other, ["json", "yaml"]).map(str::to_owned);
            let problem = problem(name, Some(given), "is not a format", allowed);
            Err(QueryProblem {
                nearest: near,
                ..problem
            })
        }
    }
}

fn selector(name: &str, given: &str) -> Result<Selector, QueryProblem> {
    Selector::parse(given.trim_matches(' ')).ok_or_else(|| {
        let kinds = MeasurementType::ALL.map(MeasurementType::name).join("|");
        let allowed = vec![format!(
            "({kinds}).subtype.key, such as K8s.image.gpu-operator"
        )];
        QueryProblem {
            nearest: in_our_case(given),
            ..problem(name, Some(given), "names no type, subtype and key", allowed)
        }
    })
}

/// A selector that is one but for the case of its type.
fn in_our_case(given: &str) -> Option<String> {
    let (kind, rest) = given.split_once('.')?;
    let mut kinds = MeasurementType::ALL.map(MeasurementType::name).into_iter();
    let same = kinds.find(|name| name.eq_ignore_ascii_case(kind))?;
    let meant = format!("{same}.{rest}");
    Selector::parse(&meant).map(|_| meant)
}

fn unknown(name: &str, vocabulary: Option<&Vocabulary>, switches: &[Switch]) -> QueryProblem {
    let environment = vocabulary.map_or(&[][..], |_| &Parameter::ALL[..]);
    let environment = environment.iter().map(|parameter| parameter.name());
    let allowed: Vec<&str> = environment
        .chain(switches.iter().map(|switch| switch.name()))
        .collect();
    let near = nearest(name, allowed.iter().copied()).map(str::to_owned);
    let allowed = allowed.into_iter().map(str::to_owned).collect();
    QueryProblem {
        nearest: near,
        ..problem(name, None, "is not known here", allowed)
    }
}

fn problem(name: &str, given: Option<&str>, reason: &str, allowed: Vec<String>) -> QueryProblem {
    QueryProblem {
        parameter: name.to_owned(),
        given: given.map(str::to_owned),
        reason: reason.to_owned(),
        allowed,
        nearest: None,
    }
}
