//! What validation found, as a document.

use std::sync::Arc;

use serde::Serialize;

use super::scalar::ScalarDocument;
#[cfg(feature = "server")]
use super::verdict::AdvisoryDocument;
use super::verdict::{CoverageDocument, Each, Urgency};
use crate::assess::{Finding, Outcome, RangeFinding, Verdict};
use crate::model::{Advisory, Recipe};

/// How far a node is from the recipe for it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = ValidationReport))]
pub struct ValidationDocument<'a> {
    /// Always `ValidationReport`.
    kind: &'static str,
    /// Always `validation.dgxc.io/v1`.
    api_version: &'static str,
    metadata: ValidationMetadata<'a>,
    /// `pass` when no measured value and no range deviates and no known issue is an
    /// error, else `fail`.
    #[cfg_attr(feature = "server", schema(value_type = VerdictWord))]
    result: &'static str,
    summary: Summary,
    coverage: CoverageDocument,
    /// One element a recommended value, in the order of recipes.
    findings: Vec<FindingDocument<'a>>,
    /// One element a constraint.
    constraints: Vec<RangeDocument<'a>>,
    /// Known issues that touch this node.
    #[cfg_attr(feature = "server", schema(value_type = Vec<AdvisoryDocument<'static>>))]
    advisories: Each<'a, Arc<Advisory>>,
    /// What the snapshot said that could not be understood.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[cfg_attr(feature = "server", schema(required = false))]
    notes: &'a [String],
}

impl<'a> ValidationDocument<'a> {
    /// The document of a verdict about a node and the recipe for it.
    #[must_use]
    pub fn new(verdict: &'a Verdict, recipe: &'a Recipe) -> Self {
        let count = |outcome| u32::try_from(verdict.count(outcome)).unwrap_or(u32::MAX);
        Self {
            kind: "ValidationReport",
            api_version: "validation.dgxc.io/v1",
            metadata: ValidationMetadata {
                version: &recipe.version,
                digest: &recipe.digest,
            },
            result: if verdict.passed() { "pass" } else { "fail" },
            summary: Summary {
                pass: count(Outcome::Pass),
                fail: count(Outcome::Fail),
                missing: count(Outcome::Missing),
            },
            coverage: CoverageDocument::new(&recipe.coverage),
            findings: verdict.findings.iter().map(FindingDocument::from).collect(),
            constraints: verdict.ranges.iter().map(RangeDocument::from).collect(),
            advisories: Each(&verdict.advisories),
            notes: &recipe.notes,
        }
    }
}

/// Which rules the node was held against.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
struct ValidationMetadata<'a> {
    /// Version of the rule base.
    #[serde(rename = "recipe-version")]
    version: &'a str,
    /// `sha256:` digest of the rule base.
    #[serde(rename = "rules-digest")]
    digest: &'a str,
}

/// How many values and ranges ended how.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = ValidationSummary))]
struct Summary {
    pass: u32,
    fail: u32,
    missing: u32,
}

/// How a validation ended.
#[cfg(feature = "server")]
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[allow(dead_code, reason = "only its schema is used")]
enum VerdictWord {
    Pass,
    Fail,
}

/// How one check ended.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Outcome))]
enum OutcomeDocument {
    /// The node has what the recipe says.
    Pass,
    /// It has something else.
    Fail,
    /// It has nothing there.
    Missing,
}

impl From<Outcome> for OutcomeDocument {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Pass => Self::Pass,
            Outcome::Fail => Self::Fail,
            Outcome::Missing => Self::Missing,
        }
    }
}

/// One recommended value and what the node has.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Finding))]
struct FindingDocument<'a> {
    /// Type, subtype and key.
    path: String,
    result: OutcomeDocument,
    /// What the recipe says.
    expected: ScalarDocument<'a>,
    /// What the node has; absent when it has nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(required = false, nullable = false))]
    found: Option<ScalarDocument<'a>>,
    /// How the two were compared: `text`, `version`, `minimum`, `presence`,
    /// `command` or `set`.
    comparison: &'static str,
    severity: Urgency,
    /// Whether the snapshot looked there at all; where it did not, a missing
    /// value says nothing.
    measured: bool,
}

impl<'a> From<&'a Finding> for FindingDocument<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self {
            path: finding.path.to_string(),
            result: finding.outcome.into(),
            expected: ScalarDocument(&finding.expected),
            found: finding.found.as_ref().map(ScalarDocument),
            comparison: finding.comparison.name(),
            severity: finding.severity.into(),
            measured: finding.measured,
        }
    }
}

/// One range and the version that the node has.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = RangeFinding))]
struct RangeDocument<'a> {
    /// What is constrained.
    path: String,
    /// The range, such as `>=1.30 <1.34`.
    value: String,
    result: OutcomeDocument,
    /// The version found; absent when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(required = false, nullable = false))]
    found: Option<ScalarDocument<'a>>,
}

impl<'a> From<&'a RangeFinding> for RangeDocument<'a> {
    fn from(finding: &'a RangeFinding) -> Self {
        Self {
            path: finding.path.to_string(),
            value: finding.range.to_string(),
            result: finding.outcome.into(),
            found: finding.found.as_ref().map(ScalarDocument),
        }
    }
}
