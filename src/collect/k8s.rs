//! The cluster as one of its pods sees it: API server, node, images, GPU policy.
//!
//! This file asks; the files below it understand one answer each. What a pod may
//! not read is noted, and hides nothing else.

mod image;
mod node;
mod policy;

use serde::Deserialize;

use super::{CollectError, Collected, LONGEST_VALUE};
use crate::client::kubernetes::{Kubernetes, KubernetesError, Resource};
use crate::model::{MeasurementType, Path};

fn path(subtype: &str, key: &str) -> Path {
    Path::new(MeasurementType::K8s, subtype, key)
}

/// Measures the cluster; `node` is the name of the node this runs on.
///
/// # Errors
/// `Failed` when nothing at all could be read.
pub fn collect(cluster: &Kubernetes, node: Option<&str>) -> Result<Collected, CollectError> {
    let mut collected = Collected::default();
    let mut failed = Vec::new();
    let mut keep = |what: &str, outcome: Result<Collected, KubernetesError>| match outcome {
        Ok(part) => {
            collected.readings.extend(part.readings);
            collected.notes.extend(part.notes);
        }
        Err(error) => failed.push(format!("{what}: {error}")),
    };
    match server(cluster) {
        // The other parts would only wait as long again.
        Err(error @ (KubernetesError::Transport { .. } | KubernetesError::Token { .. })) => {
            return Err(CollectError::Failed(error.to_string()));
        }
        read => keep("server", read),
    }
    match node {
        Some(name) => keep("node", self::node(cluster, name)),
        None => keep("node", Ok(nameless())),
    }
    keep("images", images(cluster));
    keep("policy", policy(cluster));
    if collected.readings.is_empty() && !failed.is_empty() {
        return Err(CollectError::Failed(failed.join("; ")));
    }
    collected.notes.extend(failed);
    Ok(collected)
}

/// Keeps a value that is known to hold no secret, whatever it looks like.
fn add_public(collected: &mut Collected, path: Path, value: String) {
    if value.len() > LONGEST_VALUE {
        collected.note(format!("{path} is left out: it is too long"));
    } else {
        collected.readings.insert(path, value.into());
    }
}

/// The answer to `/version`.
#[derive(Deserialize)]
struct Version {
    #[serde(rename = "gitVersion")]
    kubernetes: String,
    #[serde(rename = "goVersion")]
    go: String,
    platform: String,
}

fn server(cluster: &Kubernetes) -> Result<Collected, KubernetesError> {
    let version: Version = cluster.get(&Resource::VERSION)?;
    let mut collected = Collected::default();
    for (key, value) in [
        ("version", version.kubernetes),
        ("goVersion", version.go),
        ("platform", version.platform),
    ] {
        collected.add(path("server", key), value);
    }
    Ok(collected)
}

fn node(cluster: &Kubernetes, name: &str) -> Result<Collected, KubernetesError> {
    let node: node::Node = cluster.get(&Resource::every("v1", "nodes").named(name))?;
    let mut collected = Collected::default();
    for (key, value) in node.readings() {
        collected.add(path("node", key), value);
    }
    Ok(collected)
}

fn nameless() -> Collected {
    let mut collected = Collected::default();
    collected.note("node: its name is not known (hint: set NODE_NAME from spec.nodeName)");
    collected
}

fn images(cluster: &Kubernetes) -> Result<Collected, KubernetesError> {
    let images: image::Images = cluster.fold(&Resource::every("v1", "pods"), image::Images::add)?;
    let mut collected = Collected::default();
    for name in images.untagged() {
        collected.note(format!("image `{name}` runs by digest, without a tag"));
    }
    for (name, tags) in images.tags() {
        // An image may be called secrets-store-csi-driver.
        add_public(&mut collected, path("image", &name), tags);
    }
    Ok(collected)
}

fn policy(cluster: &Kubernetes) -> Result<Collected, KubernetesError> {
    let resource = Resource::every("nvidia.com/v1", "clusterpolicies");
    let mut collected = Collected::default();
    let policies: policy::Policies = match cluster.fold(&resource, policy::Policies::add) {
        // Without the GPU operator the kind does not exist.
        Err(KubernetesError::Missing { .. }) => return Ok(collected),
        read => read?,
    };
    let Some(policy) = policies.active(&mut collected.notes) else {
        return Ok(collected);
    };
    for (key, value) in policy::flatten(policy, &mut collected.notes) {
        // Looked through for secrets leaf by leaf, as the whole text could not be.
        collected
            .readings
            .insert(path("policy", &key), value.into());
    }
    Ok(collected)
}
