//! Recipes as documents.
//!
//! Everything is borrowed from the recipe and written in one pass: this is
//! what a server does for every query it has not seen.

mod read;

use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::encode::{EncodeError, Format, encode};
#[cfg(feature = "server")]
use super::measurement::MeasurementDocument;
use super::measurement::{Line, Measurements};
use super::texts::Texts;
#[cfg(feature = "server")]
use super::trace::{ExplanationDocument, NearMissDocument};
use super::trace::{Explanations, NearMisses};
#[cfg(feature = "server")]
use super::verdict::{AdvisoryDocument, ConstraintDocument};
use super::verdict::{CoverageDocument, Each};
use crate::model::{Advisory, Constraint, Parameter, Recipe, Setting, Trace};

pub(super) use read::advisory;
pub use read::read_recipe;

/// What a reader wants beside the values.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecipeOptions<'a> {
    /// The reason beside every value.
    pub context: bool,
    /// Where every value came from.
    pub trace: Option<&'a Trace>,
}

/// What an environment should run, why, and how far to trust it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Recipe))]
pub struct RecipeDocument<'a> {
    /// Always `Recipe`.
    kind: &'static str,
    /// Always `recipe.dgxc.io/v1`.
    api_version: &'static str,
    metadata: RecipeMetadata<'a>,
    /// The parameters asked, with canonical names and values; `any` is left out.
    #[cfg_attr(
        feature = "server",
        schema(value_type = std::collections::BTreeMap<String, String>)
    )]
    request: Request<'a>,
    /// One text per applied overlay but the base.
    #[cfg_attr(feature = "server", schema(value_type = Vec<String>))]
    matched_rules: Texts<'a>,
    /// The recommended values, one element a type.
    #[cfg_attr(feature = "server", schema(value_type = Vec<MeasurementDocument<'static>>))]
    measurements: Measurements<'a>,
    /// Version ranges the environment must stay inside.
    #[cfg_attr(feature = "server", schema(value_type = Vec<ConstraintDocument<'static>>))]
    constraints: Each<'a, Constraint>,
    coverage: CoverageDocument,
    /// Known issues that touch this environment.
    #[cfg_attr(feature = "server", schema(value_type = Vec<AdvisoryDocument<'static>>))]
    advisories: Each<'a, Arc<Advisory>>,
    /// What a posted snapshot said that could not be understood.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    #[cfg_attr(feature = "server", schema(required = false))]
    notes: &'a [String],
    /// Which overlay set each value; only with `explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "server",
        schema(required = false, value_type = Vec<ExplanationDocument<'static>>)
    )]
    explanation: Option<Explanations<'a>>,
    /// Overlays that one more met condition would have applied; only with
    /// `explain=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(
        feature = "server",
        schema(required = false, value_type = Vec<NearMissDocument<'static>>)
    )]
    near_misses: Option<NearMisses<'a>>,
}

impl<'a> RecipeDocument<'a> {
    /// The document of a recipe.
    #[must_use]
    pub fn new(recipe: &'a Recipe, options: RecipeOptions<'a>) -> Self {
        let Recipe {
            version,
            released,
            digest,
            overlays,
            matched_rules,
            request,
            settings,
            constraints,
            coverage,
            advisories,
            notes,
        } = recipe;
        Self {
            kind: read::KIND,
            api_version: read::API_VERSION,
            metadata: RecipeMetadata {
                version,
                timestamp: released.as_deref(),
                digest,
                overlays: Texts(overlays),
            },
            request: Request(request),
            matched_rules: Texts(matched_rules),
            measurements: Measurements::of_a_recipe(
                settings.iter().map(line).collect(),
                options.context,
            ),
            constraints: Each(constraints),
            coverage: CoverageDocument::new(coverage),
            advisories: Each(advisories),
            notes,
            explanation: options.trace.map(|trace| Explanations(&trace.paths)),
            near_misses: options.trace.map(|trace| NearMisses(&trace.near_misses)),
        }
    }
}

/// A recipe as bundles carry it: YAML, with the reasons that it has.
///
/// # Errors
/// Only for a value that YAML has no form for.
pub fn recipe_file(recipe: &Recipe) -> Result<Vec<u8>, EncodeError> {
    let options = RecipeOptions {
        context: recipe.settings.iter().any(|one| one.context.is_some()),
        trace: None,
    };
    encode(Format::Yaml, &RecipeDocument::new(recipe, options))
}

fn line(setting: &Setting) -> Line<'_> {
    Line {
        path: &setting.path,
        value: &setting.value,
        context: setting.context.as_deref(),
    }
}

/// Which rules gave the answer.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
struct RecipeMetadata<'a> {
    /// Version of the rule base.
    #[serde(rename = "recipe-version")]
    version: &'a str,
    /// Release time of the rule base.
    #[serde(rename = "recipe-timestamp", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(format = DateTime, nullable = false))]
    timestamp: Option<&'a str>,
    /// `sha256:` digest of the rule base. Left out where it is not known, which
    /// can only be in a recipe that another program wrote.
    #[serde(rename = "rules-digest", skip_serializing_if = "str::is_empty")]
    #[cfg_attr(feature = "server", schema(required = true))]
    digest: &'a str,
    /// The layers in the order in which they applied, `base` first.
    #[serde(rename = "appliedOverlays")]
    #[cfg_attr(feature = "server", schema(value_type = Vec<String>))]
    overlays: Texts<'a>,
}

#[derive(Debug)]
struct Request<'a>(&'a [(Parameter, String)]);

impl Serialize for Request<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (parameter, value) in self.0 {
            map.serialize_entry(parameter.name(), value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests;
