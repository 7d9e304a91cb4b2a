//! The policies that the operators act on: `ClusterPolicy` and
//! `NicClusterPolicy`, as their CRDs want them.
//!
//! The GPU operator's chart makes its policy of the values; the one here says
//! the same, for reading and comparing. The network operator's chart makes none.

use super::checked::tag;
use super::error::{BundleError, bad_value};
use super::images;
use super::placement::{affinity, gpu_tolerations};
use super::tree::{Map, Value, names};
use super::values::{Source, folder_of, is_on, setting};

/// The policy that the GPU operator's chart makes of `values`.
pub(super) fn cluster_policy(source: &Source<'_>, values: &Map) -> Map {
    // Required by the CRD, filled or not.
    let mut spec = [
        "daemonsets",
        "dcgm",
        "dcgmExporter",
        "devicePlugin",
        "driver",
        "gfd",
        "nodeStatusExporter",
        "operator",
        "toolkit",
    ]
    .into_iter()
    .fold(Map::default(), |spec, name| spec.with(name, Map::default()));
    spec.set(&["operator", "defaultRuntime"], "containerd".into(), None);
    for key in source.chart.keys().iter().filter(|key| key.policy) {
        let path = names(key.path);
        if let Some(value) = values.get(&path) {
            spec.set(&path, value.clone(), None);
        } else if let Some(text) = image_part(source, values, key.path, key.default) {
            spec.set(&path, text.into(), None);
        }
    }
    let metadata = Map::default().with("name", "cluster-policy");
    Map::default()
        .with("apiVersion", "nvidia.com/v1")
        .with("kind", "ClusterPolicy")
        .with("metadata", metadata)
        .with("spec", spec)
}

/// Repository and name of an image whose tag is set: a policy has no defaults.
fn image_part(
    source: &Source<'_>,
    values: &Map,
    path: &str,
    default: Option<&'static str>,
) -> Option<String> {
    let (outer, part) = path.rsplit_once('.')?;
    let mut version = names(outer);
    version.push("version");
    values.get(&version)?;
    match part {
        "image" => default.map(str::to_owned),
        "repository" => Some(format!("{}{}", source.registry, folder_of(default)?)),
        _ => None,
    }
}

/// What the network operator deploys.
pub(super) fn nic_cluster_policy(source: &Source<'_>) -> Result<Map, BundleError> {
    let recipe = source.recipe;
    let mut spec = Map::default();
    if is_on(recipe, "network-config", "deploy-ofed") {
        let driver = image(source, "doca-driver")?;
        let driver = driver.ok_or_else(|| BundleError::Incomplete {
            path: "K8s.image.doca-driver".to_owned(),
            wanted_by: "K8s.network-config.deploy-ofed".to_owned(),
        })?;
        spec.set(
            &["ofedDriver"],
            driver.into(),
            reason(source, "doca-driver"),
        );
    }
    // With SR-IOV, its own operator deploys the plugin that hands out devices.
    if !is_on(recipe, "network-config", "enable-sriov")
        && let Some(plugin) = image(source, "k8s-rdma-shared-dev-plugin")?
    {
        let plugin = plugin.with("config", SHARED_DEVICES);
        let why = reason(source, "k8s-rdma-shared-dev-plugin");
        spec.set(&["rdmaSharedDevicePlugin"], plugin.into(), why);
    }
    for (name, path) in [
        ("nvidia-k8s-ipam", &["nvIpam"][..]),
        ("multus-cni", &["secondaryNetwork", "multus"]),
        ("plugins", &["secondaryNetwork", "cniPlugins"]),
        ("whereabouts", &["secondaryNetwork", "ipamPlugin"]),
    ] {
        // Whereabouts left the CRD with v25.10.
        if name == "whereabouts" && source.release.point() >= super::chart::point("v25.10.0") {
            continue;
        }
        if let Some(found) = image(source, name)? {
            spec.set(path, found.into(), reason(source, name));
        }
    }
    let placement = source.placement;
    let tolerations = gpu_tolerations(&placement.gpu_tolerations);
    spec.set(&["tolerations"], Value::List(tolerations), None);
    if !placement.gpu_selector.is_empty() {
        spec.set(
            &["nodeAffinity"],
            affinity(&placement.gpu_selector).into(),
            None,
        );
    }
    let metadata = Map::default().with("name", "nic-cluster-policy");
    Ok(Map::default()
        .with("apiVersion", "mellanox.com/v1alpha1")
        .with("kind", "NicClusterPolicy")
        .with("metadata", metadata)
        .with("spec", spec))
}

/// Every RDMA device of NVIDIA's network cards (PCI vendor 15b3), for up to 63
/// pods each: the example of the operator's documentation without the names of
/// one machine's interfaces.
const SHARED_DEVICES: &str = r#"{
  "configList": [
    {
      "resourceName": "rdma_shared_device_a",
      "rdmaHcaMax": 63,
      "selectors": {"vendors": ["15b3"]}
    }
  ]
}
"#;

/// Repository, name and tag of a pinned image.
fn image(source: &Source<'_>, name: &str) -> Result<Option<Map>, BundleError> {
    let Some(pinned) = setting(source.recipe, "image", name) else {
        return Ok(None);
    };
    let version = pinned.value.text();
    let version = tag(&version).map_err(|wanted| bad_value(&pinned.path, &version, wanted))?;
    let repository = images::network_repository(name, &source.release, source.registry);
    Ok(Some(
        Map::default()
            .with("image", name)
            .with("repository", repository)
            .with("version", version),
    ))
}

fn reason<'s>(source: &'s Source<'_>, name: &str) -> Option<&'s str> {
    setting(source.recipe, "image", name)?.context.as_deref()
}
