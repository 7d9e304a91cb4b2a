//! The agent's Job of one watch: `k8s/eidos-agent/2-job.yaml`, the one that people
//! apply, with the watch's own names and places.
//!
//! When it is made and removed is decided in `plan`.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{ConfigMap, Container, PodSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ObjectMeta, OwnerReference};
use kube::{Resource, ResourceExt};
use sha2::{Digest, Sha256};

use super::error::OperatorError;
use super::resource::{DriftWatch, run_name};

/// The Job that people apply, as text.
const TEXT: &str = include_str!("../../k8s/eidos-agent/2-job.yaml");
const CONTAINER: &str = "eidos-agent";
const NODE_NAME: &str = "NODE_NAME";
/// How its output begins.
const OUTPUT: &str = "cm://";

/// Says what the Job was made from, so that a change of the watch is seen.
const DIGEST: &str = "drift.dgxc.io/agent-digest";
const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const INSTANCE: &str = "app.kubernetes.io/instance";
const MANAGER: &str = "eidos-watch";

/// Selects the Jobs of all watches.
pub(super) fn selector() -> String {
    format!("{MANAGED_BY}={MANAGER}")
}

/// What the Jobs of all watches have in common.
#[derive(Debug, Clone)]
pub(super) struct Template(Job);

impl Template {
    /// Reads the Job inside the program.
    pub(super) fn read(image: Option<&str>) -> Result<Self, OperatorError> {
        let defect = |what: &str| OperatorError::Template(what.to_owned());
        let mut job: Job = serde_saphyr::from_str(TEXT)
            .map_err(|error| OperatorError::Template(error.to_string()))?;
        let container = container(&mut job).ok_or_else(|| defect("it has no agent"))?;
        output(container).ok_or_else(|| defect("it writes no ConfigMap"))?;
        if let Some(image) = image {
            container.image = Some(image.to_owned());
        }
        // A run measures and writes: whether a server takes snapshots too is no
        // reason to fail, and no reason to hand out its key.
        if let Some(variables) = &mut container.env {
            variables.retain(|variable| variable.name == NODE_NAME);
        }
        if let Some(pod) = job.spec.as_mut().map(|spec| &mut spec.template) {
            let labels = pod.metadata.get_or_insert_default();
            let labels = labels.labels.get_or_insert_default();
            labels.insert(MANAGED_BY.to_owned(), MANAGER.to_owned());
        }
        Ok(Self(job))
    }

    /// The Job of a watch.
    pub(super) fn job(&self, watch: &DriftWatch) -> Job {
        let mut job = self.0.clone();
        let labels = job.metadata.labels.take().unwrap_or_default();
        job.metadata = metadata(watch);
        job.metadata.labels.get_or_insert_default().extend(labels);
        if let Some(container) = container(&mut job) {
            if let Some(place) = output(container) {
                let namespace = watch.namespace().unwrap_or_default();
                *place = format!("{OUTPUT}{namespace}/{}", run_name(&watch.name_any()));
            }
            if let Some(image) = &watch.spec.agent.image {
                container.image = Some(image.clone());
            }
        }
        if let Some(pod) = pod(&mut job) {
            let wanted = watch.spec.node_selector.clone();
            if !wanted.is_empty() {
                pod.node_selector.get_or_insert_default().extend(wanted);
            }
            if let Some(tolerations) = &watch.spec.tolerations {
                pod.tolerations = Some(tolerations.clone());
            }
        }
        let digest = (DIGEST.to_owned(), digest(&job));
        job.metadata.annotations = Some([digest].into());
        job
    }
}

/// The place for a watch's snapshot. It is made before the agent writes, so that
/// it goes when the watch goes, and the agent has to create nothing.
pub(super) fn shelf(watch: &DriftWatch) -> ConfigMap {
    let mut map = ConfigMap {
        metadata: metadata(watch),
        ..ConfigMap::default()
    };
    let labels = map.metadata.labels.get_or_insert_default();
    labels.insert("app.kubernetes.io/name".into(), "eidos".into());
    labels.insert("app.kubernetes.io/component".into(), "snapshot".into());
    map
}

/// Whether a Job is the one that the watch wants now.
pub(super) fn is_current(found: &Job, wanted: &Job) -> bool {
    let digest = |job: &Job| job.annotations().get(DIGEST).cloned();
    digest(found) == digest(wanted)
}

/// Whether an object is the watch's own, and not one of the same name.
pub(super) fn belongs(job: &Job, watch: &DriftWatch) -> bool {
    let owner = |owner: &OwnerReference| Some(&owner.uid) == watch.meta().uid.as_ref();
    job.owner_references().iter().any(owner)
}

fn metadata(watch: &DriftWatch) -> ObjectMeta {
    let name = watch.name_any();
    let labels = [(MANAGED_BY, MANAGER.to_owned()), (INSTANCE, name.clone())];
    ObjectMeta {
        name: Some(run_name(&name)),
        namespace: watch.namespace(),
        labels: Some(labels.map(|(key, value)| (key.to_owned(), value)).into()),
        // The garbage collector takes both away with the watch.
        owner_references: watch.controller_owner_ref(&()).map(|owner| vec![owner]),
        ..ObjectMeta::default()
    }
}

fn pod(job: &mut Job) -> Option<&mut PodSpec> {
    job.spec.as_mut()?.template.spec.as_mut()
}

fn container(job: &mut Job) -> Option<&mut Container> {
    let mut containers = pod(job)?.containers.iter_mut();
    containers.find(|container| container.name == CONTAINER)
}

fn output(container: &mut Container) -> Option<&mut String> {
    let mut arguments = container.args.as_mut()?.iter_mut();
    arguments.find(|argument| argument.starts_with(OUTPUT))
}

/// Of all that decides what is measured where.
fn digest(job: &Job) -> String {
    // An object of the API can be written as JSON.
    let text = serde_json::to_vec(&job.spec).unwrap_or_default();
    let mut digest = hex::encode(Sha256::digest(text));
    digest.truncate(16);
    digest
}
