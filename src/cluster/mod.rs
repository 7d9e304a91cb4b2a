//! The cluster that the command line is pointed at: documents in `ConfigMap`s,
//! named `cm://namespace/name`.
//!
//! By the current context of the kubeconfig, exec plugins included, or in a pod by
//! its service account. What the documents mean is left to the caller.

mod error;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::{Api, Patch, PatchParams};
use kube::{Client, Config};
use tokio::runtime::Runtime;

pub use error::ClusterError;

/// The field manager of what is written.
const MANAGER: &str = "eidos";

/// What the API server takes of one object, with room for its metadata:
/// <https://kubernetes.io/docs/concepts/configuration/configmap/#motivation>.
const LARGEST: usize = (1 << 20) - (16 << 10);

/// How long one answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A `ConfigMap` by namespace and name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigMapUri {
    namespace: String,
    name: String,
}

/// Why a text names no `ConfigMap`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no ConfigMap\n  hint: write cm://NAMESPACE/NAME in lower case")]
pub struct ConfigMapUriError(String);

impl ConfigMapUri {
    /// How such names begin.
    pub const SCHEME: &'static str = "cm://";
}

impl FromStr for ConfigMapUri {
    type Err = ConfigMapUriError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || ConfigMapUriError(text.to_owned());
        let rest = text.strip_prefix(Self::SCHEME).ok_or_else(wrong)?;
        let (namespace, name) = rest.split_once('/').ok_or_else(wrong)?;
        let fits = |name: &str| {
            let allowed = |byte: u8| {
                byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte)
            };
            !name.is_empty() && name.len() <= 253 && name.bytes().all(allowed)
        };
        if !fits(namespace) || !fits(name) {
            return Err(wrong());
        }
        Ok(Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        })
    }
}

impl fmt::Display for ConfigMapUri {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{}{}/{}",
            Self::SCHEME,
            self.namespace,
            self.name
        )
    }
}

/// What a document in a `ConfigMap` is: a label, and the beginning of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Component {
    /// A measured node.
    Snapshot,
    /// What an environment should run.
    Recipe,
}

impl Component {
    const ALL: [Self; 2] = [Self::Snapshot, Self::Recipe];

    const fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Recipe => "recipe",
        }
    }
}

/// A document to be kept.
#[derive(Debug, Clone, Copy)]
pub struct Kept<'a> {
    /// What it is.
    pub component: Component,
    /// `yaml` or `json`; the end of its key.
    pub format: &'a str,
    /// When it was made, RFC 3339.
    pub timestamp: &'a str,
    /// The document.
    pub text: &'a str,
}

/// Reads the document of a `ConfigMap`: the snapshot, else the recipe.
///
/// # Errors
/// Says which cluster cannot be reached or what it refused, and what to do.
pub fn read(uri: &ConfigMapUri) -> Result<Vec<u8>, ClusterError> {
    let found = wait(async |client| {
        let maps: Api<ConfigMap> = Api::namespaced(client, &uri.namespace);
        let found = maps.get(&uri.name).await;
        found.map_err(|error| ClusterError::refused(uri, "get", error))
    })?;
    let mut data = found.data.unwrap_or_default();
    let endings = ["yaml", "json"];
    let keys = Component::ALL
        .into_iter()
        .flat_map(|component| endings.map(|ending| format!("{}.{ending}", component.name())));
    let document = keys.into_iter().find_map(|key| data.remove(&key));
    let document = document.ok_or_else(|| ClusterError::NoDocument {
        uri: uri.clone(),
        keys: data.into_keys().collect(),
    })?;
    Ok(document.into_bytes())
}

/// Writes a document by server-side apply; what another manager owns stays, and is
/// a conflict.
///
/// # Errors
/// Says which cluster cannot be reached or what it refused, and what to do.
pub fn write(uri: &ConfigMapUri, kept: &Kept<'_>) -> Result<(), ClusterError> {
    if kept.text.len() > LARGEST {
        return Err(ClusterError::TooLarge {
            uri: uri.clone(),
            bytes: kept.text.len(),
            limit: LARGEST,
        });
    }
    let text = |text: &str| text.to_owned();
    let labels = [
        ("app.kubernetes.io/name", "eidos"),
        ("app.kubernetes.io/component", kept.component.name()),
    ];
    let map = ConfigMap {
        metadata: ObjectMeta {
            name: Some(uri.name.clone()),
            namespace: Some(uri.namespace.clone()),
            labels: Some(labels.map(|(key, value)| (text(key), text(value))).into()),
            ..ObjectMeta::default()
        },
        data: Some(BTreeMap::from([
            (
                format!("{}.{}", kept.component.name(), kept.format),
                text(kept.text),
            ),
            (text("format"), text(kept.format)),
            (text("timestamp"), text(kept.timestamp)),
        ])),
        ..ConfigMap::default()
    };
    wait(async |client| {
        let maps: Api<ConfigMap> = Api::namespaced(client, &uri.namespace);
        let parameters = PatchParams::apply(MANAGER);
        let applied = maps
            .patch(&uri.name, &parameters, &Patch::Apply(&map))
            .await;
        applied.map_err(|error| ClusterError::refused(uri, "patch", error))
    })?;
    Ok(())
}

/// Reaches the cluster. A watch may be silent for minutes, so nothing limits how
/// long an answer takes: that is for whoever asks.
///
/// # Errors
/// Says what is wrong with the configuration.
pub async fn connect() -> Result<Client, ClusterError> {
    client(None).await
}

/// What drives calls to a cluster, on the thread of the command.
///
/// # Errors
/// When the system refuses what every program may do.
pub fn runtime() -> Result<Runtime, ClusterError> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().map_err(ClusterError::Runtime)
}

/// Asks the cluster and waits for the answer; the command line has nothing else to
/// do meanwhile.
fn wait<T>(ask: impl AsyncFnOnce(Client) -> Result<T, ClusterError>) -> Result<T, ClusterError> {
    runtime()?.block_on(async { ask(client(Some(PATIENCE)).await?).await })
}

async fn client(patience: Option<Duration>) -> Result<Client, ClusterError> {
    let mut config = Config::infer()
        .await
        .map_err(|error| ClusterError::configuration(&error))?;
    config.connect_timeout = Some(PATIENCE);
    config.read_timeout = patience;
    Client::try_from(config).map_err(|error| ClusterError::client(&error))
}

#[cfg(test)]
mod tests {
    use super::{ClusterError, Component, ConfigMapUri, Kept, write};

    #[test]
    fn a_name_has_a_namespace_and_a_name() {
        for text in ["cm://gpu-operator/eidos-snapshot", "cm://a/b.c"] {
            let uri: ConfigMapUri = text.parse().unwrap();
            assert_eq!(uri.to_string(), text);
        }
        for text in [
            "cm://a",
            "cm:///a",
            "cm://a/",
            "cm://A/b",
            "cm://a/b/c",
            "a/b",
        ] {
            assert!(text.parse::<ConfigMapUri>().is_err(), "{text}");
        }
    }

    #[test]
    fn what_no_config_map_holds_is_refused_before_a_cluster_is_asked() {
        let uri: ConfigMapUri = "cm://a/b".parse().unwrap();
        let text = "x".repeat(1 << 20);
        let kept = Kept {
            component: Component::Snapshot,
            format: "yaml",
            timestamp: "2026-01-01T00:00:00Z",
            text: &text,
        };
        let refused = write(&uri, &kept).unwrap_err();
        assert!(matches!(refused, ClusterError::TooLarge { bytes, .. } if bytes == 1 << 20));
    }
}
