//! The seven parameters of a query, by name.
//!
//! Fixed, unlike their values: what a parameter means is code, what it may be
//! is data.

use std::fmt;

/// A parameter with a closed list of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EnumParameter {
    /// Node operating system family.
    Os,
    /// Where Kubernetes runs.
    Service,
    /// Accelerator model.
    Gpu,
    /// Workload.
    Intent,
}

impl EnumParameter {
    /// All of them, in index order.
    pub const ALL: [Self; 4] = [Self::Os, Self::Service, Self::Gpu, Self::Intent];

    /// Position in arrays of four.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The same parameter among all seven.
    #[must_use]
    pub const fn parameter(self) -> Parameter {
        match self {
            Self::Os => Parameter::Os,
            Self::Service => Parameter::Service,
            Self::Gpu => Parameter::Gpu,
            Self::Intent => Parameter::Intent,
        }
    }
}

/// A parameter that takes a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VersionParameter {
    /// Operating system version.
    Osv,
    /// Kernel version.
    Kernel,
    /// Kubernetes version.
    K8s,
}

impl VersionParameter {
    /// All of them, in index order.
    pub const ALL: [Self; 3] = [Self::Osv, Self::Kernel, Self::K8s];

    /// Position in arrays of three.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The same parameter among all seven.
    #[must_use]
    pub const fn parameter(self) -> Parameter {
        match self {
            Self::Osv => Parameter::Osv,
            Self::Kernel => Parameter::Kernel,
            Self::K8s => Parameter::K8s,
        }
    }
}

/// Everything a query can say about an environment, in echo order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameter {
    /// See [`EnumParameter::Os`].
    Os,
    /// See [`VersionParameter::Osv`].
    Osv,
    /// See [`VersionParameter::Kernel`].
    Kernel,
    /// See [`EnumParameter::Service`].
    Service,
    /// See [`VersionParameter::K8s`].
    K8s,
    /// See [`EnumParameter::Gpu`].
    Gpu,
    /// See [`EnumParameter::Intent`].
    Intent,
}

/// Which of the two kinds a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterKind {
    /// Closed list.
    Enum(EnumParameter),
    /// Version.
    Version(VersionParameter),
}

impl Parameter {
    /// All of them, in echo order.
    pub const ALL: [Self; 7] = [
        Self::Os,
        Self::Osv,
        Self::Kernel,
        Self::Service,
        Self::K8s,
        Self::Gpu,
        Self::Intent,
    ];

    /// Position in arrays of seven.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The canonical name in query strings and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Os => "os",
            Self::Osv => "osv",
            Self::Kernel => "kernel",
            Self::Service => "service",
            Self::K8s => "k8s",
            Self::Gpu => "gpu",
            Self::Intent => "intent",
        }
    }

    /// The name in sentences for people, as in `matchedRules`.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Os => "OS",
            Self::Osv => "OS version",
            Self::Kernel => "Kernel",
            Self::Service => "Service",
            Self::K8s => "K8s",
            Self::Gpu => "GPU",
            Self::Intent => "Intent",
        }
    }

    /// Which kind of parameter this is.
    #[must_use]
    pub const fn kind(self) -> ParameterKind {
        match self {
            Self::Os => ParameterKind::Enum(EnumParameter::Os),
            Self::Service => ParameterKind::Enum(EnumParameter::Service),
            Self::Gpu => ParameterKind::Enum(EnumParameter::Gpu),
            Self::Intent => ParameterKind::Enum(EnumParameter::Intent),
            Self::Osv => ParameterKind::Version(VersionParameter::Osv),
            Self::Kernel => ParameterKind::Version(VersionParameter::Kernel),
            Self::K8s => ParameterKind::Version(VersionParameter::K8s),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}
