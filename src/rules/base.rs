//! The compiled rule base: what `compile` makes and everything else reads.

use std::sync::Arc;

use crate::model::{
    Parameter, Path, Profile, Query, Reading, Selector, VersionParameter, VersionPredicate,
    Vocabulary,
};

use super::SourceInfo;
use super::advisory::AdvisoryRule;
use super::coverage::Grid;
use super::diagnostic::Location;
use super::index::{Index, Rank};
use super::key::Key;

/// Ids of sources, shared between the values that cite them.
pub(super) type Sources = Arc<[Arc<str>]>;

/// One layer: the base, or an overlay.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) name: Arc<str>,
    pub(super) key: Key,
    pub(super) priority: i64,
    /// One sentence about the key, as in `matchedRules`.
    pub(super) sentence: Arc<str>,
    pub(super) location: Location,
    pub(super) sources: Sources,
    /// Sorted by slot.
    pub(super) entries: Vec<Entry>,
    pub(super) constraints: Vec<LayerConstraint>,
}

/// One value that a layer sets, or removes.
#[derive(Debug)]
pub(super) struct Entry {
    /// Position of the path in [`RuleBase::paths`].
    pub(super) slot: u32,
    pub(super) line: u32,
    pub(super) value: Option<Arc<Reading>>,
    pub(super) context: Option<Arc<str>>,
    pub(super) sources: Sources,
}

/// A range that a layer demands of one path.
#[derive(Debug)]
pub(super) struct LayerConstraint {
    /// Position of the path in [`RuleBase::constrained`].
    pub(super) path: u32,
    pub(super) predicate: VersionPredicate,
    pub(super) sources: Sources,
}

/// A path that some layer constrains.
#[derive(Debug)]
pub(super) struct ConstrainedPath {
    pub(super) selector: Selector,
    /// The version parameter that says the same about a query.
    pub(super) judges: Option<VersionParameter>,
}

/// All rules, indexed for answering. Immutable; pure; cheap to ask.
#[derive(Debug)]
pub struct RuleBase {
    pub(super) version: Arc<str>,
    pub(super) released: Option<Arc<str>>,
    pub(super) digest: Arc<str>,
    pub(super) vocabulary: Vocabulary,
    pub(super) sources: Vec<(Arc<str>, SourceInfo)>,
    /// Every path that a layer sets, sorted: slots ascend in output order.
    pub(super) paths: Vec<Arc<Path>>,
    /// Sorted by selector.
    pub(super) constrained: Vec<ConstrainedPath>,
    /// By rank, the base first.
    pub(super) layers: Vec<Layer>,
    pub(super) index: Index,
    pub(super) advisories: Vec<AdvisoryRule>,
    pub(super) grid: Grid,
    pub(super) profile: Profile,
}

/// An overlay as listings show it.
#[derive(Debug)]
pub struct OverlaySummary<'r> {
    /// Its name; `base` for the base.
    pub name: &'r Arc<str>,
    /// The parameters it constrains, with what it asks of each.
    pub key: Vec<(Parameter, String)>,
    /// Its priority among overlays that constrain as many parameters.
    pub priority: i64,
    /// Ids of the sources it cites as a whole.
    pub sources: &'r [Arc<str>],
    /// `file:line`.
    pub at: String,
    /// How many values it sets.
    pub values: usize,
}

/// An advisory as listings show it.
#[derive(Debug)]
pub struct AdvisorySummary<'r> {
    /// What it says.
    pub advisory: &'r crate::model::Advisory,
    /// Subjects and conditions that must all hold.
    pub when: Vec<(&'r str, String)>,
    /// Subjects and conditions of which one must be violated.
    pub requires: Vec<(&'r str, String)>,
}

impl RuleBase {
    /// The version its authors gave it, else the short digest.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The release time its authors gave it, RFC 3339.
    #[must_use]
    pub fn released(&self) -> Option<&str> {
        self.released.as_deref()
    }

    /// `sha256:` digest of its sources.
    #[must_use]
    pub const fn digest(&self) -> &Arc<str> {
        &self.digest
    }

    /// The words that queries may use.
    #[must_use]
    pub const fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// How many overlays there are; the base is none.
    #[must_use]
    pub fn overlay_count(&self) -> usize {
        self.layers.len().saturating_sub(1)
    }

    /// The base and all overlays, from least to most specific.
    pub fn overlays(&self) -> impl Iterator<Item = OverlaySummary<'_>> {
        self.layers.iter().map(|layer| OverlaySummary {
            name: &layer.name,
            key: Parameter::ALL
                .into_iter()
                .filter_map(|parameter| {
                    Some((parameter, layer.key.text(&self.vocabulary, parameter)?))
                })
                .collect(),
            priority: layer.priority,
            sources: &layer.sources,
            at: layer.location.to_string(),
            values: layer.entries.len(),
        })
    }

    /// All advisories, in file order.
    pub fn advisories(&self) -> impl Iterator<Item = AdvisorySummary<'_>> {
        fn shown(clauses: &[super::advisory::Clause]) -> Vec<(&str, String)> {
            clauses
                .iter()
                .map(|clause| (&*clause.name, clause.condition.to_string()))
                .collect()
        }
        self.advisories.iter().map(|rule| AdvisorySummary {
            advisory: &rule.advisory,
            when: shown(&rule.when),
            requires: shown(&rule.requires),
        })
    }

    /// How snapshots are compared with recipes and with each other.
    #[must_use]
    pub const fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The sources that values cite, by id.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &SourceInfo)> {
        self.sources.iter().map(|(id, info)| (&**id, info))
    }

    /// What a slot of the layers is about.
    pub(super) fn path(&self, slot: u32) -> Option<&Arc<Path>> {
        self.paths.get(usize::try_from(slot).ok()?)
    }

    pub(super) fn layer(&self, rank: Rank) -> Option<&Layer> {
        self.layers.get(usize::try_from(rank).ok()?)
    }

    /// The layers that a query gets, in the order in which they apply.
    pub(super) fn applied(&self, query: &Query) -> Vec<&Layer> {
        let ranks = self.matching(query).into_iter();
        ranks.filter_map(|rank| self.layer(rank)).collect()
    }

    /// Their positions in [`RuleBase::layers`].
    pub(super) fn applied_ranks(&self, query: &Query) -> Vec<usize> {
        let ranks = self.matching(query).into_iter();
        ranks
            .filter_map(|rank| usize::try_from(rank).ok())
            .collect()
    }

    fn matching(&self, query: &Query) -> Vec<Rank> {
        self.index
            .matching(query, |rank| self.layer(rank).map(|layer| &layer.key))
    }
}
