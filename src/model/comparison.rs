//! How two readings of one path are compared, and which paths only make noise.
//!
//! The lists are data (`recipes/compare.yaml`); applying them to whole documents
//! is left to `diff` and `assess`.

use super::{Path, Severity};

/// How two readings of one path are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Comparison {
    /// By canonical text: `1` equals `"1"`, `true` equals `"true"`.
    #[default]
    Text,
    /// By release: `v1.17.5` equals `v1.17.5-ubuntu20.04`.
    Version,
    /// The expected version or any later one.
    Minimum,
    /// Being there is enough.
    Presence,
    /// By program and arguments, without the times and process ids that systemd
    /// lists behind them.
    Command,
    /// By the words of a list, in any order.
    Set,
}

impl Comparison {
    /// Every way of comparing.
    pub const ALL: [Self; 6] = [
        Self::Text,
        Self::Version,
        Self::Minimum,
        Self::Presence,
        Self::Command,
        Self::Set,
    ];

    /// The name in rule files and documents.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Version => "version",
            Self::Minimum => "minimum",
            Self::Presence => "presence",
            Self::Command => "command",
            Self::Set => "set",
        }
    }

    /// The way of comparing with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|comparison| comparison.name() == name)
    }
}

/// Paths written as people write one, with `*` for any run of characters:
/// `K8s.image.*`, `SystemD.*.Exec*PID`. Letters match in their case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern(Box<str>);

impl PathPattern {
    /// A pattern from its text; every text is one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// Whether a path fits.
    #[must_use]
    pub fn matches(&self, path: &Path) -> bool {
        self.matches_text(&path.to_string())
    }

    fn matches_text(&self, path: &str) -> bool {
        let Some((head, rest)) = self.0.split_once('*') else {
            return *self.0 == *path;
        };
        let (middle, tail) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(mut left) = path
            .strip_prefix(head)
            .and_then(|left| left.strip_suffix(tail))
        else {
            return false;
        };
        // The leftmost place for each part leaves the most for the next.
        for part in middle.split('*') {
            match left.split_once(part) {
                Some((_, after)) => left = after,
                None => return false,
            }
        }
        true
    }
}

/// How snapshots and recipes are compared. In each list the first pattern that
/// fits counts.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// How paths are compared that are not compared by text.
    pub modes: Vec<(PathPattern, Comparison)>,
    /// Readings that change while nothing changes: times, process ids, counters,
    /// and what names a node instead of describing it.
    pub noise: Vec<PathPattern>,
    /// How much a difference matters; a warning where nothing is said.
    pub severities: Vec<(PathPattern, Severity)>,
}

impl Profile {
    /// How readings of this path are compared.
    #[must_use]
    pub fn mode(&self, path: &Path) -> Comparison {
        first(&self.modes, path).unwrap_or_default()
    }

    /// Whether readings of this path say nothing about the configuration.
    #[must_use]
    pub fn is_noise(&self, path: &Path) -> bool {
        let text = path.to_string();
        self.noise.iter().any(|pattern| pattern.matches_text(&text))
    }

    /// How much a difference at this path matters.
    #[must_use]
    pub fn severity(&self, path: &Path) -> Severity {
        first(&self.severities, path).unwrap_or(Severity::Warning)
    }
}

fn first<T: Copy>(list: &[(PathPattern, T)], path: &Path) -> Option<T> {
    let text = path.to_string();
    let found = list.iter().find(|(pattern, _)| pattern.matches_text(&text));
    found.map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::PathPattern;

    #[test]
    fn stars_stand_for_any_run_of_characters() {
        let check = |pattern: &str, path: &str| PathPattern::new(pattern).matches_text(path);
        assert!(check("K8s.image.*", "K8s.image.driver"));
        assert!(check(
            "SystemD.*Timestamp*",
            "SystemD.a.service.StateTimestampMonotonic"
        ));
        assert!(check("SystemD.*.*PID", "SystemD.a.service.MainPID"));
        assert!(check("*a*a*", "aa"));
        assert!(check("K8s.server.version", "K8s.server.version"));
        assert!(!check("K8s.server.version", "K8s.server.version2"));
        assert!(!check("*a*a*", "a"));
        assert!(!check("ab*ba", "aba"));
        assert!(!check("K8s.image.*", "K8s.images.driver"));
    }
}
