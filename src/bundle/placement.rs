//! Which nodes the operators' own pods run on, and which are GPU nodes.

use super::error::{BundleError, shown};
use super::tree::{Map, Value};

/// Node selectors and tolerations. Left empty, the charts' own apply: control
/// planes for the operators, `nvidia.com/gpu` taints for GPU nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placement {
    /// Labels of the nodes that operators run on.
    pub system_selector: Vec<Label>,
    /// Taints of those nodes.
    pub system_tolerations: Vec<Toleration>,
    /// Labels of the nodes that have GPUs.
    pub gpu_selector: Vec<Label>,
    /// Taints of those nodes, beside `nvidia.com/gpu`.
    pub gpu_tolerations: Vec<Toleration>,
}

/// A label that a node has to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    name: String,
    value: String,
}

/// A taint that pods put up with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toleration {
    name: String,
    value: Option<String>,
    effect: Option<&'static str>,
}

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

impl Label {
    /// Reads `name=value`.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        let read = || {
            let (name, value) = text.split_once('=')?;
            (is_name(name) && is_value(value)).then(|| Self {
                name: name.to_owned(),
                value: value.to_owned(),
            })
        };
        read().ok_or_else(|| BundleError::BadPlacement {
            given: shown(text),
            what: "label such as nodeGroup=system",
        })
    }
}

impl Toleration {
    /// Reads `name`, `name=value`, `name:effect` or `name=value:effect`.
    ///
    /// # Errors
    /// When it is none of these, or the effect is not one of Kubernetes.
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        let read = || {
            let (taint, effect) = match text.rsplit_once(':') {
                Some((taint, effect)) => {
                    let known = EFFECTS.into_iter().find(|known| *known == effect)?;
                    (taint, Some(known))
                }
                None => (text, None),
            };
            let (name, value) = match taint.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (taint, None),
            };
            (is_name(name) && value.is_none_or(is_value)).then(|| Self {
                name: name.to_owned(),
                value: value.map(str::to_owned),
                effect,
            })
        };
        read().ok_or_else(|| BundleError::BadPlacement {
            given: shown(text),
            what: "toleration such as nvidia.com/gpu=present:NoSchedule; effects are NoSchedule, \
                   PreferNoSchedule, NoExecute",
        })
    }

    fn value(&self) -> Value {
        let mut map = Map::default().with("key", self.name.as_str());
        map = match &self.value {
            Some(value) => map.with("operator", "Equal").with("value", value.as_str()),
            None => map.with("operator", "Exists"),
        };
        match self.effect {
            Some(effect) => map.with("effect", effect).into(),
            None => map.into(),
        }
    }
}

fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/".contains(&byte);
    (1..=317).contains(&text.len()) && text.bytes().all(allowed)
}

fn is_value(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    text.len() <= 63 && text.bytes().all(allowed)
}

/// Labels as a node selector.
pub(super) fn selector(labels: &[Label]) -> Map {
    labels.iter().fold(Map::default(), |map, label| {
        map.with(&label.name, label.value.as_str())
    })
}

/// Labels as a node affinity, where an object takes no selector.
pub(super) fn affinity(labels: &[Label]) -> Map {
    let expression = |label: &Label| {
        Map::default()
            .with("key", label.name.as_str())
            .with("operator", "In")
            .with("values", vec![Value::from(label.value.as_str())])
            .into()
    };
    let expressions: Vec<Value> = labels.iter().map(expression).collect();
    let term = Map::default().with("matchExpressions", expressions);
    let terms = Map::default().with("nodeSelectorTerms", vec![term.into()]);
    Map::default().with("requiredDuringSchedulingIgnoredDuringExecution", terms)
}

/// Tolerations of control planes, as the charts have them: a list in values
/// replaces the chart's own.
const CONTROL_PLANES: [&str; 2] = [
    "node-role.kubernetes.io/master",
    "node-role.kubernetes.io/control-plane",
];

/// The charts' tolerations for operators, and more.
pub(super) fn system_tolerations(more: &[Toleration]) -> Vec<Value> {
    let usual = CONTROL_PLANES.map(|name| Toleration {
        name: name.to_owned(),
        value: None,
        effect: Some("NoSchedule"),
    });
    usual.iter().chain(more).map(Toleration::value).collect()
}

/// The charts' tolerations for GPU nodes, and more.
pub(super) fn gpu_tolerations(more: &[Toleration]) -> Vec<Value> {
    let usual = Toleration {
        name: "nvidia.com/gpu".to_owned(),
        value: None,
        effect: Some("NoSchedule"),
    };
    let more = more.iter().filter(|one| **one != usual);
    std::iter::once(&usual)
        .chain(more)
        .map(Toleration::value)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Label, Toleration};

    #[test]
    fn labels_and_tolerations_are_read_or_refused() {
        assert!(Label::parse("nodeGroup=gpu-nodes").is_ok());
        assert!(Label::parse("nvidia.com/gpu.present=").is_ok());
        for text in ["", "a", "=b", "a b=c", "a=b c", "a=b\n"] {
            assert!(Label::parse(text).is_err(), "{text}");
        }
        for text in ["nvidia.com/gpu", "a=b", "a:NoSchedule", "a=:NoExecute"] {
            assert!(Toleration::parse(text).is_ok(), "{text}");
        }
        for text in ["", ":NoSchedule", "a:Never", "a=b=c", "a b"] {
            assert!(Toleration::parse(text).is_err(), "{text}");
        }
    }
}
