//! The rule base as a document: what can be asked and what answers from it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::texts::Texts;
use super::verdict::Urgency;
use crate::model::{Advisory, Parameter, ParameterKind, Vocabulary};
use crate::rules::{AdvisorySummary, OverlaySummary, RuleBase, SourceInfo};

/// Parameters with their values, overlays with keys and sources, advisories.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Rules))]
pub struct RulesDocument<'a> {
    /// Version of the rule base.
    version: &'a str,
    /// Its release time.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(format = DateTime, nullable = false))]
    released: Option<&'a str>,
    /// Its `sha256:` digest.
    digest: &'a str,
    /// What a query can say, in echo order.
    parameters: Vec<ParameterDocument<'a>>,
    /// The base and all overlays, from least to most specific.
    overlays: Vec<OverlayDocument<'a>>,
    /// Known issues and compatibility ranges.
    advisories: Vec<AdvisoryRuleDocument<'a>>,
    /// What the values cite.
    sources: Vec<SourceDocument<'a>>,
}

impl<'a> RulesDocument<'a> {
    /// The document of a rule base.
    #[must_use]
    pub fn new(rules: &'a RuleBase) -> Self {
        let parameter = |parameter| ParameterDocument::new(rules.vocabulary(), parameter);
        Self {
            version: rules.version(),
            released: rules.released(),
            digest: rules.digest(),
            parameters: Parameter::ALL.into_iter().map(parameter).collect(),
            overlays: rules.overlays().map(OverlayDocument::from).collect(),
            advisories: rules.advisories().map(AdvisoryRuleDocument::from).collect(),
            sources: rules.sources().map(SourceDocument::from).collect(),
        }
    }
}

/// One thing a query can say.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Parameter))]
struct ParameterDocument<'a> {
    /// Its canonical name.
    name: &'static str,
    /// Its other names.
    aliases: Vec<&'a str>,
    /// The allowed values; absent where any version is allowed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(nullable = false))]
    values: Option<Vec<ValueDocument<'a>>>,
}

impl<'a> ParameterDocument<'a> {
    fn new(vocabulary: &'a Vocabulary, parameter: Parameter) -> Self {
        let names = |boxed: &'a [Box<str>]| boxed.iter().map(|name| &**name).collect();
        Self {
            name: parameter.name(),
            aliases: names(vocabulary.aliases_of(parameter)),
            values: match parameter.kind() {
                ParameterKind::Version(_) => None,
                ParameterKind::Enum(choice) => {
                    let known = vocabulary.values_of(choice).iter();
                    let known = known.map(|value| ValueDocument {
                        name: &value.name,
                        aliases: names(&value.aliases),
                    });
                    let any = ValueDocument {
                        name: "any",
                        aliases: Vec::new(),
                    };
                    Some(known.chain([any]).collect())
                }
            },
        }
    }
}

/// One allowed value.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = ParameterValue))]
struct ValueDocument<'a> {
    /// Its canonical name.
    name: &'a str,
    /// Its other names.
    aliases: Vec<&'a str>,
}

/// One layer of values.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Overlay))]
struct OverlayDocument<'a> {
    /// Its name; `base` for the base.
    name: &'a str,
    /// What it asks of each parameter it constrains.
    key: BTreeMap<&'static str, String>,
    /// Its priority among overlays that constrain as many parameters.
    priority: i64,
    /// Ids of the sources it cites as a whole.
    #[cfg_attr(feature = "server", schema(value_type = Vec<String>))]
    source: Texts<'a>,
    /// File and line.
    #[cfg_attr(feature = "server", schema(example = "overlays/eks-h100.yaml:3"))]
    at: String,
    /// How many values it sets.
    values: usize,
}

impl<'a> From<OverlaySummary<'a>> for OverlayDocument<'a> {
    fn from(summary: OverlaySummary<'a>) -> Self {
        let OverlaySummary {
            name,
            key,
            priority,
            sources,
            at,
            values,
        } = summary;
        let key = key
            .into_iter()
            .map(|(parameter, wants)| (parameter.name(), wants))
            .collect();
        Self {
            name,
            key,
            priority,
            source: Texts(sources),
            at,
            values,
        }
    }
}

/// An advisory with the conditions under which it is given.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = AdvisoryRule))]
struct AdvisoryRuleDocument<'a> {
    /// Stable id, such as `GPUOP-1361`.
    id: &'a str,
    severity: Urgency,
    /// Parameters and paths with the conditions that must all hold.
    when: BTreeMap<&'a str, String>,
    /// Parameters and paths with the conditions of which one must be violated.
    requires: BTreeMap<&'a str, String>,
    /// What is wrong.
    message: &'a str,
    /// What to do.
    remedy: &'a str,
    /// Ids of the sources.
    source: &'a str,
}

impl<'a> From<AdvisorySummary<'a>> for AdvisoryRuleDocument<'a> {
    fn from(
        AdvisorySummary {
            advisory,
            when,
            requires,
        }: AdvisorySummary<'a>,
    ) -> Self {
        let Advisory {
            id,
            severity,
            message,
            remedy,
            source,
        } = advisory;
        Self {
            id,
            severity: (*severity).into(),
            when: when.into_iter().collect(),
            requires: requires.into_iter().collect(),
            message,
            remedy,
            source,
        }
    }
}

/// A publication that values cite.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Source))]
struct SourceDocument<'a> {
    /// The id that values cite.
    id: &'a str,
    /// What it is called.
    title: &'a str,
    /// Where it is to be found.
    location: &'a str,
    /// Its date or revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(nullable = false))]
    date: Option<&'a str>,
}

impl<'a> From<(&'a str, &'a SourceInfo)> for SourceDocument<'a> {
    fn from(
        (
            id,
            SourceInfo {
                title,
                location,
                date,
            },
        ): (&'a str, &'a SourceInfo),
    ) -> Self {
        Self {
            id,
            title,
            location,
            date: date.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::RulesDocument;
    use crate::rules::{RuleFile, compile};

    #[test]
    fn a_rule_base_is_listed_whole() {
        let text = "
rules: {version: '1', released: '2026-11-23T00:00:00Z'}
parameters:
  service: {aliases: [env], values: [{name: eks, aliases: [aws]}]}
  k8s: {from: [K8s.server.version]}
sources: {E: {title: Guide, where: 'https://example.com'}}
base: [{type: K8s, subtypes: [{subtype: image, data: {gpu-operator: v1}}]}]
overlays:
  - name: eks
    key: {service: eks}
    source: [E]
    types: [{type: K8s, subtypes: [{subtype: image, data: {gpu-operator: v2}}]}]
advisories:
  - {id: A-1, severity: info, when: {service: eks}, message: m, remedy: r, source: [E]}
";
        let file = RuleFile {
            path: "rules.yaml".into(),
            text: text.into(),
        };
        let rules = compile(&[file], &[], "sha256:00").unwrap().rules;
        let written = serde_json::to_value(RulesDocument::new(&rules)).unwrap();
        assert_eq!(
            written["parameters"][3]["aliases"],
            serde_json::json!(["env"])
        );
        assert_eq!(
            written["parameters"][3]["values"],
            serde_json::json!([{"name": "eks", "aliases": ["aws"]}, {"name": "any", "aliases": []}])
        );
        assert!(written["parameters"][4].get("values").is_none());
        let overlay = &written["overlays"][1];
        assert_eq!(overlay["key"], serde_json::json!({"service": "eks"}));
        assert_eq!(overlay["source"], serde_json::json!(["E"]));
        assert_eq!(
            written["advisories"][0]["when"],
            serde_json::json!({"service": "eks"})
        );
        assert_eq!(written["sources"][0]["id"], "E");
    }
}
