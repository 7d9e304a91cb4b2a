//! The answer: what an environment should run, why, and how far to trust it.

use std::sync::Arc;

use super::{Parameter, Path, Reading, Selector, VersionPredicate};

/// A complete answer. Everything is in output order; shared parts point into
/// the rule base that gave the answer.
#[derive(Debug, Clone)]
pub struct Recipe {
    /// Version of the rule base.
    pub version: Arc<str>,
    /// Release time of the rule base, RFC 3339; absent when it names none.
    pub released: Option<Arc<str>>,
    /// `sha256:` digest of the rule base.
    pub digest: Arc<str>,
    /// Names of the layers, `base` first, in the order in which they applied.
    pub overlays: Vec<Arc<str>>,
    /// One sentence per applied overlay but base.
    pub matched_rules: Vec<Arc<str>>,
    /// The parameters asked, canonical.
    pub request: Vec<(Parameter, String)>,
    /// The recommended values, sorted by path.
    pub settings: Vec<Setting>,
    /// Version ranges the environment must stay inside, sorted by path.
    pub constraints: Vec<Constraint>,
    /// How much the answer is worth.
    pub coverage: Coverage,
    /// Known issues that touch this environment.
    pub advisories: Vec<Arc<Advisory>>,
    /// What a posted snapshot said that could not be understood.
    pub notes: Vec<String>,
}

impl Recipe {
    /// The setting that a selector names.
    #[must_use]
    pub fn get(&self, selector: &Selector) -> Option<&Setting> {
        self.settings
            .iter()
            .find(|setting| selector.matches(&setting.path))
    }
}

/// One recommended value.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Where it belongs.
    pub path: Arc<Path>,
    /// The value itself.
    pub value: Arc<Reading>,
    /// The reason, one sentence.
    pub context: Option<Arc<str>>,
}

/// A version range for one path.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// What it constrains.
    pub path: Selector,
    /// The range.
    pub predicate: VersionPredicate,
    /// Ids of the sources that say so, sorted.
    pub sources: Vec<Arc<str>>,
}

/// How much an answer is worth and what it says nothing about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The level.
    pub level: CoverageLevel,
    /// Parameters asked that no rule covers.
    pub missing: Vec<Parameter>,
}

/// How much is known about a combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CoverageLevel {
    /// A source publishes this very combination.
    Validated,
    /// Every layer has a source, their combination has none.
    Composed,
    /// Nothing specific is known.
    Base,
    /// A source says that this does not work.
    Unsupported,
}

impl CoverageLevel {
    /// All levels, best first.
    pub const ALL: [Self; 4] = [
        Self::Validated,
        Self::Composed,
        Self::Base,
        Self::Unsupported,
    ];

    /// The name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Validated => "validated",
            Self::Composed => "composed",
            Self::Base => "base",
            Self::Unsupported => "unsupported",
        }
    }
}

/// How urgent an advisory is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Likely to hurt.
    Warning,
    /// Known not to work.
    Error,
}

impl Severity {
    /// All severities, mildest first.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Error];

    /// The name in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// The severity with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name() == name)
    }
}

/// A known issue and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advisory {
    /// Stable id, such as `GPUOP-1361`.
    pub id: String,
    /// How urgent it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
    /// Ids of the sources, joined by `, `.
    pub source: String,
}

/// Where every value of one recipe came from.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// One list of steps a path, the last step being the one that counts.
    pub paths: Vec<(Arc<Path>, Vec<Step>)>,
    /// Overlays that one more met condition would have applied.
    pub near_misses: Vec<NearMiss>,
}

/// One layer setting or removing one value.
#[derive(Debug, Clone)]
pub struct Step {
    /// The overlay, or `base`.
    pub overlay: Arc<str>,
    /// `file:line`.
    pub at: String,
    /// Ids of the sources.
    pub sources: Vec<Arc<str>>,
    /// The value; `None` removes the key.
    pub value: Option<Arc<Reading>>,
}

/// An overlay that would have applied but for one condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NearMiss {
    /// The overlay.
    pub overlay: Arc<str>,
    /// The parameter that failed.
    pub parameter: Parameter,
    /// What the overlay asks of it.
    pub wants: String,
    /// What the query said; `None` when it was left open.
    pub given: Option<String>,
}
