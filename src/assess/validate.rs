//! A snapshot against a recipe, value by value and range by range.

use std::sync::Arc;

use crate::diff::satisfies;
use crate::model::{
    Advisory, Comparison, Path, Profile, Reading, Recipe, Selector, Severity, Snapshot, Version,
    VersionPredicate,
};

/// How one check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The node has what the recipe says.
    Pass,
    /// It has something else.
    Fail,
    /// It has nothing there.
    Missing,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 3] = [Self::Pass, Self::Fail, Self::Missing];

    /// The name in documents and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Missing => "missing",
        }
    }
}

/// One recommended value and what the node has instead.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Which value.
    pub path: Arc<Path>,
    /// How it ended.
    pub outcome: Outcome,
    /// What the recipe says.
    pub expected: Arc<Reading>,
    /// What the node has.
    pub found: Option<Reading>,
    /// How the two were compared.
    pub comparison: Comparison,
    /// How much a deviation matters.
    pub severity: Severity,
    /// Whether the snapshot has any reading of this subtype. Where it has none,
    /// nobody looked, and a missing value says nothing.
    pub measured: bool,
}

impl Finding {
    /// Whether somebody should act.
    #[must_use]
    pub const fn deviates(&self) -> bool {
        match self.outcome {
            Outcome::Pass => false,
            Outcome::Fail => true,
            Outcome::Missing => self.measured,
        }
    }
}

/// One range and the version that the node has.
#[derive(Debug, Clone, PartialEq)]
pub struct RangeFinding {
    /// What is constrained.
    pub path: Selector,
    /// The range.
    pub range: VersionPredicate,
    /// How it ended.
    pub outcome: Outcome,
    /// The version found.
    pub found: Option<Reading>,
}

/// Everything that a recipe says, held against a node.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Verdict {
    /// One finding a recommended value, in document order.
    pub findings: Vec<Finding>,
    /// One finding a constraint, in document order.
    pub ranges: Vec<RangeFinding>,
    /// Known issues that touch this node.
    pub advisories: Vec<Arc<Advisory>>,
}

impl Verdict {
    /// Whether the node is as it should be: every measured value and every range, and
    /// no known issue that is an error.
    #[must_use]
    pub fn passed(&self) -> bool {
        let failed = |range: &RangeFinding| range.outcome == Outcome::Fail;
        !self.findings.iter().any(Finding::deviates)
            && !self.ranges.iter().any(failed)
            && self.errors().next().is_none()
    }

    /// The known issues that are errors.
    pub fn errors(&self) -> impl Iterator<Item = &Advisory> {
        let issues = self.advisories.iter().map(|issue| &**issue);
        issues.filter(|issue| issue.severity == Severity::Error)
    }

    /// How many values and ranges ended so.
    #[must_use]
    pub fn count(&self, outcome: Outcome) -> usize {
        let values = self.findings.iter().map(|finding| finding.outcome);
        let ranges = self.ranges.iter().map(|range| range.outcome);
        values
            .chain(ranges)
            .filter(|found| *found == outcome)
            .count()
    }
}

/// Holds a snapshot against a recipe. `advisories` are the known issues of the
/// node, which whoever has rules can tell.
#[must_use]
pub fn validate(
    snapshot: &Snapshot,
    recipe: &Recipe,
    advisories: Vec<Arc<Advisory>>,
    profile: &Profile,
) -> Verdict {
    let measured = |path: &Path| {
        let start = Path::new(path.kind, &*path.subtype, "");
        let first = snapshot.readings.range(start..).next();
        first.is_some_and(|(found, _)| found.kind == path.kind && found.subtype == path.subtype)
    };
    let findings = recipe.settings.iter().map(|setting| {
        let found = snapshot.readings.get(&*setting.path);
        let comparison = profile.mode(&setting.path);
        Finding {
            outcome: match found {
                None => Outcome::Missing,
                Some(found) if satisfies(comparison, &setting.value, found) => Outcome::Pass,
                Some(_) => Outcome::Fail,
            },
            path: Arc::clone(&setting.path),
            expected: Arc::clone(&setting.value),
            found: found.cloned(),
            comparison,
            severity: profile.severity(&setting.path),
            measured: found.is_some() || measured(&setting.path),
        }
    });
    let ranges = recipe.constraints.iter().map(|constraint| {
        let found = snapshot.get(&constraint.path);
        RangeFinding {
            path: constraint.path.clone(),
            range: constraint.predicate.clone(),
            outcome: found.map_or(Outcome::Missing, |found| {
                within(&constraint.predicate, found)
            }),
            found: found.cloned(),
        }
    });
    Verdict {
        findings: findings.collect(),
        ranges: ranges.collect(),
        advisories,
    }
}

/// Several tags of one image, joined by `,`, must all be inside.
fn within(range: &VersionPredicate, found: &Reading) -> Outcome {
    let inside = |text: &str| {
        let version = text.trim().parse::<Version>();
        version.is_ok_and(|version| range.accepts(&version))
    };
    if found.text().split(',').all(inside) {
        Outcome::Pass
    } else {
        Outcome::Fail
    }
}
