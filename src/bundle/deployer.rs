//! Who brings a bundle to a cluster, and what Helm needs beside the values.
//!
//! Argo CD and Flux have files of their own.

use super::operator::{CHART_REPOSITORY, Operator};
use super::tree::{Map, Value};
use super::values::Source;
use super::yaml::document;

/// Who brings a bundle to a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Deployer {
    /// `scripts/install.sh`, run by a person or a pipeline.
    #[default]
    Script,
    /// Helm, on a chart that depends on the operator's.
    Helm,
    /// Argo CD, on an app of apps.
    ArgoCd,
    /// Flux.
    Flux,
}

impl Deployer {
    /// All deployers, the default first.
    pub const ALL: [Self; 4] = [Self::Script, Self::Helm, Self::ArgoCd, Self::Flux];

    /// The name on command lines and in queries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Helm => "helm",
            Self::ArgoCd => "argocd",
            Self::Flux => "flux",
        }
    }

    /// The deployer with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|deployer| deployer.name() == name)
    }
}

/// A relative path and a text.
pub(super) type Texts = Vec<(String, String)>;

/// A chart whose one dependency is the operator's: `Chart.yaml` pins it, and
/// what the operator's chart does not make is a template.
pub(super) fn helm(source: &Source<'_>) -> Texts {
    let operator = source.operator;
    let dependency = Map::default()
        .with("name", operator.name())
        .with("repository", CHART_REPOSITORY)
        .with("version", operator.chart_version(source.pin));
    let chart = Map::default()
        .with("apiVersion", "v2")
        .with("appVersion", source.pin)
        .with("dependencies", vec![Value::Map(dependency)])
        .with("description", "The operator as recipe.yaml pins it")
        .with("name", format!("eidos-{operator}"))
        .with("type", "application")
        .with("version", semantic(source));
    let mut files = vec![("Chart.yaml".to_owned(), document(&chart))];
    let notes = format!("{operator} {} as recipe.yaml pins it.\n", source.pin);
    files.push(("templates/NOTES.txt".to_owned(), notes));
    if operator == Operator::Network {
        // Read as a file: nothing in it is taken for a template.
        let file = operator.policy_file();
        let template = format!("{{{{ .Files.Get \"manifests/{file}\" }}}}\n");
        files.push(("templates/policy.tpl".to_owned(), template));
    }
    files
}

/// Three numbers, as charts want them.
fn semantic(source: &Source<'_>) -> String {
    let component = |shift: u32| (source.release.point() >> shift) & u128::from(u32::MAX);
    format!("{}.{}.{}", component(64), component(32), component(0))
}

/// Values below the name of the dependency that takes them.
pub(super) fn nested(operator: Operator, values: Map) -> Map {
    Map::default().with(operator.name(), values)
}

/// A Kubernetes object.
pub(super) fn object(version: &str, kind: &str, metadata: Map, spec: Map) -> Map {
    Map::default()
        .with("apiVersion", version)
        .with("kind", kind)
        .with("metadata", metadata)
        .with("spec", spec)
}
