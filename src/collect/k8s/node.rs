//! A node as its object describes it.

use serde::Deserialize;

/// The fields of a `Node` that are read.
#[derive(Debug, Deserialize)]
pub(super) struct Node {
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
    status: Status,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
struct Spec {
    #[serde(default, rename = "providerID")]
    provider_id: String,
}

#[derive(Debug, Deserialize)]
struct Status {
    #[serde(rename = "nodeInfo")]
    info: Info,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Info {
    kernel_version: String,
    os_image: String,
    operating_system: String,
    container_runtime_version: String,
}

impl Node {
    /// What it says, without what it leaves empty.
    pub(super) fn readings(self) -> Vec<(&'static str, String)> {
        let runtime = self.status.info.container_runtime_version;
        let (name, version) = runtime.split_once("://").unwrap_or_default();
        let readings = [
            ("source-node", self.metadata.name),
            ("provider", provider(&self.spec.provider_id)),
            ("container-runtime-name", name.to_owned()),
            ("container-runtime-version", version.to_owned()),
            ("container-runtime-id", runtime),
            ("provider-id", self.spec.provider_id),
            ("kernel-version", self.status.info.kernel_version),
            ("operating-system", self.status.info.operating_system),
            ("os-image", self.status.info.os_image),
        ];
        let filled = readings.into_iter().filter(|(_, value)| !value.is_empty());
        filled.collect()
    }
}

/// The managed service behind a provider id, else its scheme as it is. Schemes
/// are set by the cloud controllers; OKE writes a bare OCID.
fn provider(id: &str) -> String {
    let scheme = id.split_once("://").map(|(scheme, _)| scheme);
    let service = match scheme {
        Some("aws") => "eks",
        Some("gce") => "gke",
        Some("azure") => "aks",
        Some("oci") => "oke",
        Some(other) => other,
        None if id.starts_with("ocid1.") => "oke",
        None => "",
    };
    service.to_owned()
}

#[cfg(test)]
mod tests {
    use super::{Node, provider};

    #[test]
    fn providers_are_known_by_their_ids() {
        for (id, service) in [
            ("aws:///us-east-1e/i-0861d1808b85e90ca", "eks"),
            ("gce://project/zone/node", "gke"),
            ("azure:///subscriptions/x/vm", "aks"),
            ("oci://ocid1.instance.oc1", "oke"),
            ("ocid1.instance.oc1.phx.abc", "oke"),
            ("kind://docker/kind/kind-control-plane", "kind"),
            ("something", ""),
            ("", ""),
        ] {
            assert_eq!(provider(id), service, "{id}");
        }
    }

    #[test]
    fn what_is_empty_is_left_out() {
        let node = serde_json::json!({
            "metadata": {"name": "n"},
            "status": {"nodeInfo": {"containerRuntimeVersion": "containerd://1.7.24"}},
        });
        let node: Node = serde_json::from_value(node).unwrap();
        let keys: Vec<&str> = node.readings().into_iter().map(|(key, _)| key).collect();
        assert_eq!(
            keys,
            [
                "source-node",
                "container-runtime-name",
                "container-runtime-version",
                "container-runtime-id"
            ]
        );
    }
}
