//! Where the values of a recipe came from, as documents.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::scalar::ScalarDocument;
use super::texts::Texts;
use crate::model::{NearMiss, Path, Step};

/// One entry a path: the step that counts and those before it.
#[derive(Debug)]
pub(super) struct Explanations<'a>(pub(super) &'a [(Arc<Path>, Vec<Step>)]);

impl Serialize for Explanations<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().filter_map(|(path, steps)| {
            let (last, before) = steps.split_last()?;
            let overrode = before.iter().map(StepDocument::from).collect();
            Some(ExplanationDocument {
                path: path.to_string(),
                set: last.into(),
                overrode,
            })
        }))
    }
}

/// What set one value, and what it overrode.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Explanation))]
pub(super) struct ExplanationDocument<'a> {
    /// The value's address, such as `K8s.image.gpu-operator`.
    path: String,
    #[serde(flatten)]
    set: StepDocument<'a>,
    /// Earlier layers that set the same path, in the order in which they applied.
    overrode: Vec<StepDocument<'a>>,
}

/// One layer setting or removing one value.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Step))]
struct StepDocument<'a> {
    /// The value; null where the layer removes it.
    #[cfg_attr(feature = "server", schema(required = true))]
    value: Option<ScalarDocument<'a>>,
    /// The overlay, or `base`.
    overlay: &'a str,
    /// File and line.
    #[cfg_attr(feature = "server", schema(example = "overlays/eks-h100.yaml:11"))]
    at: &'a str,
    /// Ids of the sources.
    #[cfg_attr(feature = "server", schema(value_type = Vec<String>))]
    source: Texts<'a>,
}

impl<'a> From<&'a Step> for StepDocument<'a> {
    fn from(
        Step {
            overlay,
            at,
            sources,
            value,
        }: &'a Step,
    ) -> Self {
        Self {
            value: value.as_deref().map(ScalarDocument),
            overlay,
            at,
            source: Texts(sources),
        }
    }
}

/// Overlays that almost applied.
#[derive(Debug)]
pub(super) struct NearMisses<'a>(pub(super) &'a [NearMiss]);

impl Serialize for NearMisses<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(NearMissDocument::from))
    }
}

/// An overlay that would have applied but for one condition.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = NearMiss))]
pub(super) struct NearMissDocument<'a> {
    /// The overlay.
    overlay: &'a str,
    /// The parameter that failed.
    parameter: &'static str,
    /// What the overlay asks of it.
    wants: &'a str,
    /// What the query said; null when it was left open.
    #[cfg_attr(feature = "server", schema(required = true))]
    given: Option<&'a str>,
}

impl<'a> From<&'a NearMiss> for NearMissDocument<'a> {
    fn from(
        NearMiss {
            overlay,
            parameter,
            wants,
            given,
        }: &'a NearMiss,
    ) -> Self {
        Self {
            overlay,
            parameter: parameter.name(),
            wants,
            given: given.as_deref(),
        }
    }
}
