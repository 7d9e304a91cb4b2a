//! Rule files as read, before names are resolved: texts with their places.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{CoverageLevel, Path, Reading, Severity};

use super::diagnostic::{Location, Position};
use super::fields::Spanned;

/// Everything that the files of a rule base say.
#[derive(Default)]
pub(super) struct Drafts {
    pub(super) release: Option<ReleaseDraft>,
    pub(super) parameters: Option<ParametersDraft>,
    pub(super) sources: BTreeMap<String, super::SourceInfo>,
    pub(super) base: Option<LayerDraft>,
    pub(super) overlays: Vec<OverlayDraft>,
    pub(super) advisories: Vec<AdvisoryDraft>,
    pub(super) coverage: Vec<CoverageDraft>,
}

pub(super) struct ReleaseDraft {
    pub(super) version: Option<String>,
    pub(super) released: Option<String>,
}

pub(super) struct ParametersDraft {
    pub(super) file: Arc<str>,
    pub(super) parameters: Vec<ParameterDraft>,
}

pub(super) struct ParameterDraft {
    pub(super) name: Spanned,
    pub(super) aliases: Vec<Spanned>,
    pub(super) from: Vec<Spanned>,
    pub(super) constrained_by: Vec<Spanned>,
    pub(super) values: Vec<ValueDraft>,
}

pub(super) struct ValueDraft {
    pub(super) name: Spanned,
    pub(super) aliases: Vec<Spanned>,
    pub(super) reveal: Vec<Spanned>,
}

/// What base and overlays have in common.
pub(super) struct LayerDraft {
    pub(super) location: Location,
    pub(super) sources: Vec<Spanned>,
    pub(super) constraints: Vec<ConstraintDraft>,
    pub(super) settings: Vec<SettingDraft>,
}

pub(super) struct ConstraintDraft {
    pub(super) path: Spanned,
    pub(super) predicate: Spanned,
    pub(super) sources: Vec<Spanned>,
}

pub(super) struct SettingDraft {
    pub(super) path: Path,
    pub(super) at: Position,
    pub(super) value: Option<Reading>,
    pub(super) context: Option<String>,
    pub(super) sources: Vec<Spanned>,
}

pub(super) struct OverlayDraft {
    pub(super) name: Option<Spanned>,
    pub(super) key: Vec<(Spanned, Spanned)>,
    pub(super) priority: i64,
    pub(super) layer: LayerDraft,
}

pub(super) struct AdvisoryDraft {
    pub(super) location: Location,
    pub(super) id: String,
    pub(super) severity: Severity,
    pub(super) when: Vec<(Spanned, Spanned)>,
    pub(super) requires: Vec<(Spanned, Spanned)>,
    pub(super) message: String,
    pub(super) remedy: String,
    pub(super) sources: Vec<Spanned>,
}

pub(super) struct CoverageDraft {
    pub(super) location: Location,
    pub(super) cell: Vec<(Spanned, Vec<Spanned>)>,
    pub(super) level: CoverageLevel,
    pub(super) sources: Vec<Spanned>,
}
