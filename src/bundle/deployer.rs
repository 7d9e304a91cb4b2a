//! Who brings a bundle to a cluster, and the files that each of them needs
//! beside values and manifests.

use super::checked::safe;
use super::error::{BundleError, bad_choice};
use super::operator::{CHART_REPOSITORY, Operator};
use super::tree::{Map, Value};
use super::values::Source;
use super::yaml::{document, documents};

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

/// What the app of apps syncs for one operator: charts by their order of
/// installation, policies after all of them.
pub(super) fn argocd(source: &Source<'_>, values: &Map, policy: &Map) -> Texts {
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

/// The objects that Flux reconciles, and the two that tell it to.
pub(super) fn flux(source: &Source<'_>, values: &Map, policy: &Map) -> Texts {
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

fn object(version: &str, kind: &str, metadata: Map, spec: Map) -> Map {
    Map::default()
        .with("apiVersion", version)
        .with("kind", kind)
        .with("metadata", metadata)
        .with("spec", spec)
}
