//! The parts of a recipe that judge it: constraints, coverage, advisories.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::texts::Texts;
use crate::model::{Advisory, Constraint, Coverage, CoverageLevel, Severity};

/// Each item turned into its document while it is written.
#[derive(Debug)]
pub(super) struct Each<'a, T>(pub(super) &'a [T]);

impl Serialize for Each<'_, Constraint> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(ConstraintDocument::from))
    }
}

impl Serialize for Each<'_, Arc<Advisory>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(AdvisoryDocument::from))
    }
}

/// A version range for one path.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Constraint))]
pub(super) struct ConstraintDocument<'a> {
    /// What it constrains.
    path: String,
    /// The range, such as `>=1.30 <1.34`.
    value: String,
    /// Ids of the sources.
    #[cfg_attr(feature = "server", schema(value_type = Vec<String>))]
    source: Texts<'a>,
}

impl<'a> From<&'a Constraint> for ConstraintDocument<'a> {
    fn from(
        Constraint {
            path,
            predicate,
            sources,
        }: &'a Constraint,
    ) -> Self {
        Self {
            path: path.to_string(),
            value: predicate.to_string(),
            source: Texts(sources),
        }
    }
}

/// How much the answer is worth.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Coverage))]
pub(super) struct CoverageDocument {
    level: Level,
    /// Parameters asked that no rule covers.
    missing: Vec<&'static str>,
}

impl CoverageDocument {
    pub(super) fn new(Coverage { level, missing }: &Coverage) -> Self {
        Self {
            level: match level {
                CoverageLevel::Validated => Level::Validated,
                CoverageLevel::Composed => Level::Composed,
                CoverageLevel::Base => Level::Base,
                CoverageLevel::Unsupported => Level::Unsupported,
            },
            missing: missing.iter().map(|parameter| parameter.name()).collect(),
        }
    }
}

/// `validated`: a source publishes this very combination. `composed`: every
/// layer has a source, their combination has none. `base`: nothing specific
/// is known. `unsupported`: a source says that this does not work.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = CoverageLevel))]
enum Level {
    Validated,
    Composed,
    Base,
    Unsupported,
}

/// A known issue and what to do about it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Advisory))]
pub(super) struct AdvisoryDocument<'a> {
    /// Stable id, such as `GPUOP-1361`.
    id: &'a str,
    severity: Urgency,
    /// What is wrong.
    message: &'a str,
    /// What to do.
    remedy: &'a str,
    /// Ids of the sources.
    source: &'a str,
}

impl<'a> From<&'a Arc<Advisory>> for AdvisoryDocument<'a> {
    fn from(advisory: &'a Arc<Advisory>) -> Self {
        let Advisory {
            id,
            severity,
            message,
            remedy,
            source,
        } = &**advisory;
        Self {
            id,
            severity: (*severity).into(),
            message,
            remedy,
            source,
        }
    }
}

/// How urgent an advisory is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Severity))]
pub(super) enum Urgency {
    Info,
    Warning,
    Error,
}

impl From<Severity> for Urgency {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}
