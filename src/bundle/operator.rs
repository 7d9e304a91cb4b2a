//! The operators that bundles are made for, and where their charts come from.
//!
//! Which values a chart takes is in `chart.rs`.

use std::fmt;

use crate::model::{MeasurementType, Path, Recipe, Setting};

/// An operator that a bundle installs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operator {
    /// NVIDIA GPU Operator.
    Gpu,
    /// NVIDIA Network Operator.
    Network,
}

impl Operator {
    /// All operators, in the order in which they are installed.
    pub const ALL: [Self; 2] = [Self::Gpu, Self::Network];

    /// The name of its bundle, chart, release and pinned image.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gpu => "gpu-operator",
            Self::Network => "network-operator",
        }
    }

    /// The operator with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|operator| operator.name() == name)
    }

    /// The namespace that its documentation installs it in.
    pub(super) const fn namespace(self) -> &'static str {
        match self {
            Self::Gpu => "gpu-operator",
            Self::Network => "nvidia-network-operator",
        }
    }

    /// The file name of its policy, below `manifests/`.
    pub(super) const fn policy_file(self) -> &'static str {
        match self {
            Self::Gpu => "clusterpolicy.yaml",
            Self::Network => "nicclusterpolicy.yaml",
        }
    }

    /// The version of the chart for a version of the operator: the GPU operator
    /// publishes `v25.3.0`, the network operator `25.4.0`.
    pub(super) fn chart_version(self, pin: &str) -> &str {
        match self {
            Self::Gpu => pin,
            Self::Network => pin.strip_prefix('v').unwrap_or(pin),
        }
    }

    /// Where the recipe says which version to install.
    #[must_use]
    pub fn pin(self) -> Path {
        Path::new(MeasurementType::K8s, "image", self.name())
    }

    /// The version to install, if the recipe has one.
    #[must_use]
    pub fn pinned_in(self, recipe: &Recipe) -> Option<&Setting> {
        let pin = self.pin();
        recipe.settings.iter().find(|setting| *setting.path == pin)
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Where the charts of both operators are published.
pub(super) const CHART_REPOSITORY: &str = "https://helm.ngc.nvidia.com/nvidia";

/// Where the images are published unless a recipe's `K8s.registry.uri` says
/// otherwise: the start of every repository that the charts name.
pub(super) const IMAGE_REGISTRY: &str = "nvcr.io/nvidia";
