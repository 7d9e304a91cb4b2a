//! Why a recipe cannot be made a bundle.

use super::operator::Operator;
use crate::model::Path;

/// What stands in the way of a bundle, with what was given and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// The operator was asked for, but the recipe has no version of it.
    #[error(
        "the recipe has no `{}`, which a bundle of {operator} installs; hint: leave {operator} \
         out of the bundlers, or make the recipe again",
        .operator.pin()
    )]
    Unpinned {
        /// The operator.
        operator: Operator,
    },
    /// No operator is pinned at all.
    #[error(
        "the recipe has neither `K8s.image.gpu-operator` nor `K8s.image.network-operator`: there \
         is nothing to bundle"
    )]
    NothingPinned,
    /// An operator that bundles are not made for.
    #[error("`{given}` is no bundler; allowed: gpu-operator, network-operator{}", suggestion(.nearest.as_deref()))]
    UnknownBundler {
        /// As given.
        given: String,
        /// The nearest match.
        nearest: Option<String>,
    },
    /// An unknown deployer.
    #[error("`{given}` is no deployer; allowed: script, helm, argocd, flux{}", suggestion(.nearest.as_deref()))]
    UnknownDeployer {
        /// As given.
        given: String,
        /// The nearest match.
        nearest: Option<String>,
    },
    /// A release whose chart is not known.
    #[error("`{path}`: bundles are made for releases from {oldest} on, not for `{given}`")]
    TooOld {
        /// The pin.
        path: String,
        /// Its value.
        given: String,
        /// The oldest release that is known.
        oldest: &'static str,
    },
    /// A value that another one calls for is missing.
    #[error("the recipe has no `{path}`, which its `{wanted_by}` calls for")]
    Incomplete {
        /// What is missing.
        path: String,
        /// What calls for it.
        wanted_by: String,
    },
    /// A value of the wrong type.
    #[error("`{path}`: `{given}` is not {wanted}")]
    BadValue {
        /// Where it stands in the recipe.
        path: String,
        /// The value, shortened.
        given: String,
        /// What it has to be.
        wanted: String,
    },
    /// A value set by hand, or another choice, of the wrong type.
    #[error("`{what}`: `{given}` is not {wanted}")]
    BadChoice {
        /// What was set.
        what: String,
        /// The value, shortened.
        given: String,
        /// What it has to be.
        wanted: String,
    },
    /// `--set` without its three parts.
    #[error("`{0}` is not COMPONENT:PATH=VALUE, such as gpu-operator:driver.version=580.82.07")]
    BadOverride(String),
    /// `--set` for a component that is not in the bundle.
    #[error("`{given}` is no component of this bundle; its components: {allowed}{}", suggestion(.nearest.as_deref()))]
    UnknownComponent {
        /// As given.
        given: String,
        /// What there is.
        allowed: String,
        /// The nearest match.
        nearest: Option<String>,
    },
    /// `--set` for a key that the chart does not have.
    #[error("the chart of {operator} {release} has no value `{path}`{}", suggestion(.nearest.as_deref()))]
    UnknownKey {
        /// Whose chart.
        operator: Operator,
        /// Its release.
        release: String,
        /// As given.
        path: String,
        /// The nearest match.
        nearest: Option<String>,
    },
    /// A node selector or toleration that cannot be read.
    #[error("`{given}` is no {what}")]
    BadPlacement {
        /// As given.
        given: String,
        /// What it should be, with an example.
        what: &'static str,
    },
    /// A defect of the program.
    #[error("the tables of charts are empty: this is a defect")]
    Defect,
}

impl BundleError {
    /// Whether it is about what the user chose and not about the recipe.
    #[must_use]
    pub const fn is_about_choices(&self) -> bool {
        matches!(
            self,
            Self::Unpinned { .. }
                | Self::UnknownBundler { .. }
                | Self::UnknownDeployer { .. }
                | Self::BadOverride(_)
                | Self::BadChoice { .. }
                | Self::UnknownComponent { .. }
                | Self::UnknownKey { .. }
                | Self::BadPlacement { .. }
        )
    }
}

/// The error for a value of the recipe.
pub(super) fn bad_value(path: &Path, given: &str, wanted: String) -> BundleError {
    BundleError::BadValue {
        path: shown(&path.to_string()),
        given: shown(given),
        wanted,
    }
}

/// The error for something that a user chose.
pub(super) fn bad_choice(what: &str, given: &str, wanted: String) -> BundleError {
    BundleError::BadChoice {
        what: shown(what),
        given: shown(given),
        wanted,
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest
        .map(|nearest| format!("; did you mean `{nearest}`?"))
        .unwrap_or_default()
}

/// The most characters of a given text that an error repeats.
const SHOWN: usize = 64;

/// A given text shortened and printable.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .map(|character| match character {
            character if character.is_control() => '\u{fffd}',
            character => character,
        })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}
