//! Which keys the chart of each operator release takes, and of what type.
//!
//! The tables are data in `charts/`, made from the charts themselves. Which of
//! these keys a recipe fills is in `mapping.rs`.

use std::sync::LazyLock;

use super::error::BundleError;
use super::operator::Operator;
use crate::model::Version;

/// The keys of one chart release.
#[derive(Debug)]
pub(super) struct Chart {
    /// The release that the table was made from.
    pub(super) release: &'static str,
    since: u128,
    /// Sorted by path.
    keys: Vec<Key>,
}

/// One key of a chart.
#[derive(Debug, Clone)]
pub(super) struct Key {
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// Whether the operator's policy has the same field.
    pub(super) policy: bool,
    /// The texts that the policy's CRD allows; empty where it allows any.
    pub(super) allowed: Vec<&'static str>,
    /// The default, for the parts of an image.
    pub(super) default: Option<&'static str>,
}

/// What a key takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Integer,
    Text,
    List,
    /// A map whose names are the user's, such as a node selector.
    Map,
}

impl Kind {
    pub(super) const fn noun(self) -> &'static str {
        match self {
            Self::Bool => "true or false",
            Self::Integer => "a whole number",
            Self::Text => "a text",
            Self::List => "a list in JSON",
            Self::Map => "a map in JSON",
        }
    }
}

static GPU: LazyLock<Vec<Chart>> = LazyLock::new(|| {
    let templates = include_str!("charts/gpu-operator-templates.txt");
    vec![
        Chart::new(
            "v25.3.0",
            include_str!("charts/gpu-operator-v25.3.0.txt"),
            templates,
        ),
        Chart::new(
            "v25.3.3",
            include_str!("charts/gpu-operator-v25.3.3.txt"),
            templates,
        ),
        Chart::new(
            "v25.10.1",
            include_str!("charts/gpu-operator-v25.10.1.txt"),
            templates,
        ),
    ]
});

static NETWORK: LazyLock<Vec<Chart>> = LazyLock::new(|| {
    let templates = include_str!("charts/network-operator-templates.txt");
    vec![
        Chart::new(
            "v25.4.0",
            include_str!("charts/network-operator-v25.4.0.txt"),
            templates,
        ),
        Chart::new(
            "v25.10.0",
            include_str!("charts/network-operator-v25.10.0.txt"),
            templates,
        ),
    ]
});

/// The oldest release of each operator that bundles are made for. Older than
/// the oldest table, but nothing that a recipe fills was renamed since, except
/// for what `mapping.rs` names with a release.
const fn oldest(operator: Operator) -> &'static str {
    match operator {
        Operator::Gpu => "v24.6.0",
        Operator::Network => "v24.7.0",
    }
}

/// All known charts of an operator, the oldest first.
pub(super) fn charts(operator: Operator) -> &'static [Chart] {
    match operator {
        Operator::Gpu => &GPU,
        Operator::Network => &NETWORK,
    }
}

/// The chart of a release: its own, else the newest older one.
pub(super) fn chart_of(
    operator: Operator,
    release: &Version,
) -> Result<&'static Chart, BundleError> {
    if release.point() < point(oldest(operator)) {
        return Err(BundleError::TooOld {
            path: operator.pin().to_string(),
            given: release.to_string(),
            oldest: oldest(operator),
        });
    }
    let charts = charts(operator);
    let older = charts
        .iter()
        .rev()
        .find(|chart| chart.since <= release.point());
    older.or(charts.first()).ok_or(BundleError::Defect)
}

/// The place of a release on the number line; zero for what is no version.
pub(super) fn point(release: &str) -> u128 {
    let version = release.parse::<Version>();
    version.map_or(0, |version| version.point())
}

impl Chart {
    fn new(release: &'static str, values: &'static str, templates: &'static str) -> Self {
        let lines = values.lines().chain(templates.lines());
        let mut keys: Vec<Key> = lines.filter_map(key).collect();
        keys.sort_by_key(|key| key.path);
        Self {
            release,
            since: point(release),
            keys,
        }
    }

    /// Every key, sorted by path.
    pub(super) fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// The key with this path.
    pub(super) fn key(&self, path: &str) -> Option<&Key> {
        let at = self.keys.binary_search_by_key(&path, |key| key.path).ok()?;
        self.keys.get(at)
    }

    /// The map key that `path` leads into, and the rest of the path.
    pub(super) fn map_around<'p>(&self, path: &'p str) -> Option<(&Key, &'p str)> {
        let inside = |key: &Key| key.kind == Kind::Map;
        path.match_indices('.').find_map(|(at, _)| {
            let (outer, rest) = path.split_at_checked(at)?;
            let key = self.key(outer).filter(|key| inside(key))?;
            Some((key, rest.strip_prefix('.')?))
        })
    }
}

fn key(line: &'static str) -> Option<Key> {
    let mut words = line.split(' ');
    let path = words.next().filter(|path| !path.is_empty())?;
    let kind = match words.next()? {
        "bool" => Kind::Bool,
        "int" => Kind::Integer,
        "list" => Kind::List,
        "map" => Kind::Map,
        _ => Kind::Text,
    };
    let mut key = Key {
        path,
        kind,
        policy: false,
        allowed: Vec::new(),
        default: None,
    };
    for word in words {
        match word.strip_prefix('=') {
            Some(default) => key.default = Some(default),
            None if word == "policy" => key.policy = true,
            None => key.allowed = word.split('|').collect(),
        }
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    use super::{Kind, chart_of, charts};
    use crate::bundle::Operator;

    fn release(operator: Operator, version: &str) -> Option<&'static str> {
        chart_of(operator, &version.parse().unwrap())
            .ok()
            .map(|chart| chart.release)
    }

    #[test]
    fn a_release_takes_its_own_table_or_the_newest_older_one() {
        for (version, expected) in [
            ("v24.5.9", None),
            ("v24.9.2", Some("v25.3.0")),
            ("v25.3.0", Some("v25.3.0")),
            ("v25.3.2", Some("v25.3.0")),
            ("25.3.4", Some("v25.3.3")),
            ("v25.10.0", Some("v25.3.3")),
            ("v26.7.0", Some("v25.10.1")),
        ] {
            assert_eq!(release(Operator::Gpu, version), expected, "{version}");
        }
        assert_eq!(release(Operator::Network, "v25.7.0"), Some("v25.4.0"));
        assert_eq!(release(Operator::Network, "v26.1.1"), Some("v25.10.0"));
    }

    #[test]
    fn a_key_has_a_type_and_what_the_policy_allows() {
        let chart = charts(Operator::Gpu).last().unwrap();
        let key = chart.key("driver.kernelModuleType").unwrap();
        assert_eq!(
            (key.kind, &*key.allowed),
            (Kind::Text, &["auto", "open", "proprietary"][..])
        );
        assert!(key.policy);
        assert_eq!(chart.key("driver.useOpenKernelModules").map(|_| ()), None);
        let (map, rest) = chart.map_around("operator.nodeSelector.a.b/c").unwrap();
        assert_eq!((map.path, rest), ("operator.nodeSelector", "a.b/c"));
        let default = chart.key("toolkit.repository").unwrap().default;
        assert_eq!(default, Some("nvcr.io/nvidia/k8s"));
    }
}
