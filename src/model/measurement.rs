//! Where a reading lives: measurement type, subtype and key.

use std::fmt;

/// The groups that snapshots and recipes are divided into, in the order in
/// which documents list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MeasurementType {
    /// Service units: one subtype per unit.
    SystemD,
    /// Kernel arguments, sysctls, modules and the release file.
    Os,
    /// API server, node, images and policies.
    K8s,
    /// What the GPU driver reports.
    Gpu,
    /// Taints and labels; only read from snapshots of the successor project.
    NodeTopology,
}

impl MeasurementType {
    /// Every type, in document order.
    pub const ALL: [Self; 5] = [
        Self::SystemD,
        Self::Os,
        Self::K8s,
        Self::Gpu,
        Self::NodeTopology,
    ];

    /// The name used in documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SystemD => "SystemD",
            Self::Os => "OS",
            Self::K8s => "K8s",
            Self::Gpu => "GPU",
            Self::NodeTopology => "NodeTopology",
        }
    }

    /// The type with this document name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|candidate| candidate.name() == name)
    }
}

impl fmt::Display for MeasurementType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The full address of one reading. Ordered as documents list readings.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Path {
    /// The measurement type.
    pub kind: MeasurementType,
    /// The subtype, such as `image` or `containerd.service`; may hold dots.
    pub subtype: Box<str>,
    /// The key, such as `gpu-operator` or `gpu.model`; may hold dots.
    pub key: Box<str>,
}

impl Path {
    /// An address from its three parts.
    pub fn new(
        kind: MeasurementType,
        subtype: impl Into<Box<str>>,
        key: impl Into<Box<str>>,
    ) -> Self {
        Self {
            kind,
            subtype: subtype.into(),
            key: key.into(),
        }
    }

    /// Reads a path back from its text. Of the subtypes that nodes have, only
    /// names of units hold dots, and those end in the kind of the unit.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let Selector { kind, rest } = Selector::parse(text)?;
        let unit = UNIT_KINDS.iter().find_map(|ending| {
            let (name, key) = rest.split_once(ending)?;
            Some((format!("{name}{}", ending.strip_suffix('.')?), key))
        });
        match unit.filter(|_| kind == MeasurementType::SystemD) {
            Some((subtype, key)) if !key.is_empty() => Some(Self::new(kind, subtype, key)),
            _ => rest
                .split_once('.')
                .map(|(subtype, key)| Self::new(kind, subtype, key)),
        }
    }
}

/// What names of units end in, a key behind it:
/// <https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html>.
const UNIT_KINDS: [&str; 11] = [
    ".service.",
    ".socket.",
    ".device.",
    ".mount.",
    ".automount.",
    ".swap.",
    ".target.",
    ".path.",
    ".timer.",
    ".slice.",
    ".scope.",
];

impl fmt::Display for Path {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}.{}", self.kind, self.subtype, self.key)
    }
}

/// A path as people write it, `K8s.image.gpu-operator`. Subtype and key may
/// both hold dots, so only a document can tell where one ends: a selector
/// matches every path whose text it equals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Selector {
    kind: MeasurementType,
    rest: Box<str>,
}

impl Selector {
    /// Reads `type.subtype.key`; `None` when the type is unknown or one of the
    /// three parts is missing.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = text.split_once('.')?;
        let kind = MeasurementType::from_name(kind)?;
        let (subtype, key) = rest.split_once('.')?;
        (!subtype.is_empty() && !key.is_empty()).then(|| Self {
            kind,
            rest: rest.into(),
        })
    }

    /// Whether this selector names `path`.
    #[must_use]
    pub fn matches(&self, path: &Path) -> bool {
        self.matches_parts(path.kind, &path.subtype, &path.key)
    }

    /// As [`Selector::matches`], for a path that is not assembled.
    #[must_use]
    pub fn matches_parts(&self, kind: MeasurementType, subtype: &str, key: &str) -> bool {
        self.kind == kind && self.key_in(subtype).is_some_and(|rest| rest == key)
    }

    /// Every path that it could name, in the order of paths.
    pub fn paths(&self) -> impl Iterator<Item = Path> {
        self.rest.match_indices('.').filter_map(|(dot, _)| {
            let (subtype, key) = (self.rest.get(..dot)?, self.rest.get(dot + 1..)?);
            Some(Path::new(self.kind, subtype, key))
        })
    }

    /// The measurement type.
    #[must_use]
    pub const fn kind(&self) -> MeasurementType {
        self.kind
    }

    /// The key this selector names if `subtype` is its subtype.
    #[must_use]
    pub fn key_in(&self, subtype: &str) -> Option<&str> {
        self.rest.strip_prefix(subtype)?.strip_prefix('.')
    }
}

impl From<&Path> for Selector {
    fn from(path: &Path) -> Self {
        Self {
            kind: path.kind,
            rest: format!("{}.{}", path.subtype, path.key).into(),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.kind, self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::{MeasurementType, Path, Selector};

    #[test]
    fn a_selector_finds_paths_with_dots_in_either_part() {
        let unit = Path::new(MeasurementType::SystemD, "containerd.service", "CPUWeight");
        let model = Path::new(MeasurementType::Gpu, "smi", "gpu.model");
        for path in [unit, model] {
            let selector = Selector::parse(&path.to_string()).unwrap();
            assert!(selector.matches(&path));
            let named: Vec<Path> = selector.paths().collect();
            assert!(named.is_sorted() && named.iter().all(|path| selector.matches(path)));
            assert!(named.contains(&path));
        }
    }

    #[test]
    fn a_path_is_read_back_from_its_text() {
        for (kind, subtype, key) in [
            (MeasurementType::SystemD, "containerd.service", "CPUWeight"),
            (MeasurementType::SystemD, "user@0.slice", "a.b"),
            (MeasurementType::SystemD, "plain", "key"),
            (MeasurementType::Gpu, "smi", "gpu.model"),
            (MeasurementType::Os, "sysctl", "/proc/a.service.b"),
        ] {
            let path = Path::new(kind, subtype, key);
            assert_eq!(Path::parse(&path.to_string()), Some(path));
        }
        assert_eq!(Path::parse("K8s.image"), None);
    }

    #[test]
    fn a_selector_needs_three_parts_and_a_known_type() {
        for text in [
            "",
            "K8s",
            "K8s.image",
            "K8s.image.",
            "K8s..key",
            "k8s.image.driver",
            "X.y.z",
        ] {
            assert_eq!(Selector::parse(text), None, "{text}");
        }
    }
}
