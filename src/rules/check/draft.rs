//! Rule files as read, before names are resolved: texts with their places.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{CoverageLevel, Path, Reading, Severity};

use super::fields::Spanned;
use crate::rules::diagnostic::{Location, Position};

/// Everything that the files of a rule base say.
#[derive(Default)]
pub(in crate::rules) struct Drafts {
    pub(in crate::rules) release: Option<ReleaseDraft>,
    pub(in crate::rules) parameters: Option<ParametersDraft>,
    pub(in crate::rules) sources: BTreeMap<String, crate::rules::SourceInfo>,
    pub(in crate::rules) base: Option<LayerDraft>,
    pub(in crate::rules) overlays: Vec<OverlayDraft>,
    pub(in crate::rules) advisories: Vec<AdvisoryDraft>,
    pub(in crate::rules) coverage: Vec<CoverageDraft>,
    pub(in crate::rules) compare: Option<crate::model::Profile>,
    pub(in crate::rules) expectations: Vec<crate::rules::Expectation>,
}

pub(in crate::rules) struct ReleaseDraft {
    pub(in crate::rules) version: Option<String>,
    pub(in crate::rules) released: Option<String>,
}

pub(in crate::rules) struct ParametersDraft {
    pub(in crate::rules) file: Arc<str>,
    pub(in crate::rules) parameters: Vec<ParameterDraft>,
}

pub(in crate::rules) struct ParameterDraft {
    pub(in crate::rules) name: Spanned,
    pub(in crate::rules) aliases: Vec<Spanned>,
    pub(in crate::rules) from: Vec<Spanned>,
    pub(in crate::rules) constrained_by: Vec<Spanned>,
    pub(in crate::rules) values: Vec<ValueDraft>,
}

pub(in crate::rules) struct ValueDraft {
    pub(in crate::rules) name: Spanned,
    pub(in crate::rules) aliases: Vec<Spanned>,
    pub(in crate::rules) reveal: Vec<Spanned>,
}

/// What base and overlays have in common.
pub(in crate::rules) struct LayerDraft {
    pub(in crate::rules) location: Location,
    pub(in crate::rules) sources: Vec<Spanned>,
    pub(in crate::rules) constraints: Vec<ConstraintDraft>,
    pub(in crate::rules) settings: Vec<SettingDraft>,
}

pub(in crate::rules) struct ConstraintDraft {
    pub(in crate::rules) path: Spanned,
    pub(in crate::rules) predicate: Spanned,
    pub(in crate::rules) sources: Vec<Spanned>,
}

pub(in crate::rules) struct SettingDraft {
    pub(in crate::rules) path: Path,
    pub(in crate::rules) at: Position,
    pub(in crate::rules) value: Option<Reading>,
    pub(in crate::rules) context: Option<String>,
    pub(in crate::rules) sources: Vec<Spanned>,
}

pub(in crate::rules) struct OverlayDraft {
    pub(in crate::rules) name: Option<Spanned>,
    pub(in crate::rules) key: Vec<(Spanned, Spanned)>,
    pub(in crate::rules) priority: i64,
    pub(in crate::rules) layer: LayerDraft,
}

pub(in crate::rules) struct AdvisoryDraft {
    pub(in crate::rules) location: Location,
    pub(in crate::rules) id: String,
    pub(in crate::rules) severity: Severity,
    pub(in crate::rules) when: Vec<(Spanned, Spanned)>,
    pub(in crate::rules) requires: Vec<(Spanned, Spanned)>,
    pub(in crate::rules) message: String,
    pub(in crate::rules) remedy: String,
    pub(in crate::rules) sources: Vec<Spanned>,
}

pub(in crate::rules) struct CoverageDraft {
    pub(in crate::rules) location: Location,
    pub(in crate::rules) cell: Vec<(Spanned, Vec<Spanned>)>,
    pub(in crate::rules) level: CoverageLevel,
    pub(in crate::rules) sources: Vec<Spanned>,
}
