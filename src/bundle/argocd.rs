//! What Argo CD syncs: an app of apps, and below it one application an operator
//! and the policies, in the order of their sync waves.

use super::checked::safe;
use super::deployer::{Texts, object};
use super::error::{BundleError, bad_choice};
use super::operator::{CHART_REPOSITORY, Operator};
use super::tree::{Map, Value};
use super::values::Source;
use super::yaml::document;

/// The Git repository that Argo CD reads a bundle from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository(String);

impl Repository {
    /// Reads a URL; anything that holds only characters of one will do.
    ///
    /// # Errors
    /// When it is empty or could be more than a URL.
    pub fn parse(text: &str) -> Result<Self, BundleError> {
        let wrong = |wanted| bad_choice("repo", text, wanted);
        if text.is_empty() {
            return Err(wrong("the URL of a Git repository".to_owned()));
        }
        safe(text).map_err(wrong)?;
        Ok(Self(text.to_owned()))
    }
}

/// What the app of apps syncs for one operator: charts by their order of
/// installation, policies after all of them.
pub(super) fn files(source: &Source<'_>, values: &Map, policy: &Map) -> Texts {
    let operator = source.operator;
    let wave = match operator {
        Operator::Gpu => "0",
        Operator::Network => "1",
    };
    let chart = Map::default()
        .with("chart", operator.name())
        .with("repoURL", CHART_REPOSITORY)
        .with("targetRevision", operator.chart_version(source.pin))
        .with(
            "helm",
            Map::default()
                .with("releaseName", operator.name())
                .with("valuesObject", values.clone()),
        );
    let application = application(operator.name(), operator.namespace(), wave, chart);
    let mut files = vec![("argocd/application.yaml".to_owned(), document(&application))];
    if operator == Operator::Network {
        let mut policy = policy.clone();
        let annotations = Map::default()
            .with("argocd.argoproj.io/sync-wave", "2")
            .with(
                "argocd.argoproj.io/sync-options",
                "SkipDryRunOnMissingResource=true",
            );
        policy.set(&["metadata", "annotations"], annotations.into(), None);
        let name = format!("argocd/{}", operator.policy_file());
        files.push((name, document(&policy)));
    }
    files
}

/// The repository in `app-of-apps.yaml` until its owner writes another one.
const PLACEHOLDER: &str = "https://git.example.com/platform/bundles.git";

/// The one application that a person applies.
pub(super) fn app_of_apps(repository: Option<&Repository>) -> String {
    let repository = repository.map_or(PLACEHOLDER, |Repository(url)| url);
    let source = Map::default()
        .with("repoURL", repository)
        .with("targetRevision", "HEAD")
        .with("path", ".")
        .with(
            "directory",
            Map::default()
                .with("recurse", true)
                .with("include", "*/argocd/*.yaml"),
        );
    document(&application("eidos-bundles", "argocd", "0", source))
}

fn application(name: &str, namespace: &str, wave: &str, source: Map) -> Map {
    let options = ["CreateNamespace=true", "ServerSideApply=true"].map(Value::from);
    // An operator's CRDs appear a while after its chart: what needs them is
    // tried again.
    let retry = Map::default().with("limit", 10).with(
        "backoff",
        Map::default()
            .with("duration", "15s")
            .with("factor", 2)
            .with("maxDuration", "5m"),
    );
    let policy = Map::default()
        .with("automated", Map::default().with("selfHeal", true))
        .with("retry", retry)
        .with("syncOptions", options.to_vec());
    let annotations = Map::default().with("argocd.argoproj.io/sync-wave", wave);
    let metadata = Map::default()
        .with("name", name)
        .with("namespace", "argocd")
        .with("annotations", annotations);
    let destination = Map::default()
        .with("namespace", namespace)
        .with("server", "https://kubernetes.default.svc");
    let spec = Map::default()
        .with("destination", destination)
        .with("project", "default")
        .with("source", source)
        .with("syncPolicy", policy);
    object("argoproj.io/v1alpha1", "Application", metadata, spec)
}
