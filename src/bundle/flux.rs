//! What Flux reconciles: a chart with its source, the policy after it, and the two
//! objects that tell Flux to.

use super::deployer::{Texts, object};
use super::operator::{CHART_REPOSITORY, Operator};
use super::tree::{Map, Value};
use super::values::Source;
use super::yaml::{document, documents};

/// The objects that Flux reconciles, and the two that tell it to.
pub(super) fn files(source: &Source<'_>, values: &Map, policy: &Map) -> Texts {
    let operator = source.operator;
    let namespace = operator.namespace();
    let named = |name: &str| {
        Map::default()
            .with("name", name)
            .with("namespace", namespace)
    };
    let labels = Map::default().with("pod-security.kubernetes.io/enforce", "privileged");
    let space = Map::default()
        .with("apiVersion", "v1")
        .with("kind", "Namespace")
        .with(
            "metadata",
            Map::default()
                .with("name", namespace)
                .with("labels", labels),
        );
    let repository = object(
        "source.toolkit.fluxcd.io/v1",
        "HelmRepository",
        named("nvidia"),
        Map::default()
            .with("interval", "12h")
            .with("url", CHART_REPOSITORY),
    );
    let origin = Map::default()
        .with("kind", "HelmRepository")
        .with("name", "nvidia");
    let chart = Map::default()
        .with("chart", operator.name())
        .with("sourceRef", origin)
        .with("version", operator.chart_version(source.pin));
    let crds = || Map::default().with("crds", "CreateReplace");
    let release = object(
        "helm.toolkit.fluxcd.io/v2",
        "HelmRelease",
        named(operator.name()),
        Map::default()
            .with("chart", Map::default().with("spec", chart))
            .with("install", crds())
            .with("interval", "1h")
            .with("releaseName", operator.name())
            .with("timeout", "15m")
            .with("upgrade", crds())
            .with("values", values.clone()),
    );
    let mut files = vec![
        ("flux/release/namespace.yaml".to_owned(), document(&space)),
        (
            "flux/release/helmrepository.yaml".to_owned(),
            document(&repository),
        ),
        (
            "flux/release/helmrelease.yaml".to_owned(),
            document(&release),
        ),
        (
            "flux/release/kustomization.yaml".to_owned(),
            resources(&["namespace.yaml", "helmrepository.yaml", "helmrelease.yaml"]),
        ),
    ];
    let mut sync = vec![reconciled(operator, "release", &[])];
    if operator == Operator::Network {
        let file = operator.policy_file();
        files.push((format!("flux/policy/{file}"), document(policy)));
        files.push((
            "flux/policy/kustomization.yaml".to_owned(),
            resources(&[file]),
        ));
        sync.push(reconciled(operator, "policy", &["release"]));
    }
    files.push(("flux/sync.yaml".to_owned(), documents(&sync)));
    files
}

fn resources(names: &[&str]) -> String {
    let names: Vec<Value> = names.iter().map(|name| (*name).into()).collect();
    document(
        &Map::default()
            .with("apiVersion", "kustomize.config.k8s.io/v1beta1")
            .with("kind", "Kustomization")
            .with("resources", names),
    )
}

/// A folder of the bundle as Flux applies it, after others of the same bundle.
fn reconciled(operator: Operator, part: &str, after: &[&str]) -> Map {
    let name = |part: &str| format!("{operator}-{part}");
    let metadata = Map::default()
        .with("name", name(part))
        .with("namespace", "flux-system");
    let source = Map::default()
        .with("kind", "GitRepository")
        .with("name", "flux-system");
    let mut spec = Map::default()
        .with("interval", "10m")
        .with("path", format!("./{operator}/flux/{part}"))
        .with("prune", true)
        .with("sourceRef", source)
        .with("wait", true);
    if !after.is_empty() {
        let after: Vec<Value> = after
            .iter()
            .map(|part| Map::default().with("name", name(part)).into())
            .collect();
        spec = spec.with("dependsOn", after);
    }
    object(
        "kustomize.toolkit.fluxcd.io/v1",
        "Kustomization",
        metadata,
        spec,
    )
}
