//! The objects of one namespace that a look reads and changes.
//!
//! What is done with them, and in which order, is decided in `reconcile`.

use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::events::v1::Event;
use kube::api::{Api, DeleteParams, Preconditions};
use kube::{Client, ResourceExt};

use super::error::LookError;
use super::judge::Found;
use super::resource::{Baseline, DriftWatch};

/// The objects of one namespace.
pub(super) struct Place {
    pub(super) watches: Api<DriftWatch>,
    pub(super) jobs: Api<Job>,
    pub(super) maps: Api<ConfigMap>,
    pub(super) events: Api<Event>,
}

impl Place {
    pub(super) fn new(client: &Client, namespace: &str) -> Self {
        Self {
            watches: Api::namespaced(client.clone(), namespace),
            jobs: Api::namespaced(client.clone(), namespace),
            maps: Api::namespaced(client.clone(), namespace),
            events: Api::namespaced(client.clone(), namespace),
        }
    }

    pub(super) async fn document(&self, at: &Baseline) -> Result<Found, LookError> {
        let map = self.maps.get_opt(&at.name).await;
        let Some(map) = map.map_err(api("get a ConfigMap"))? else {
            return Ok(Found::Missing(format!(
                "ConfigMap {} is not there",
                at.name
            )));
        };
        Ok(match map.data.unwrap_or_default().remove(&at.key) {
            Some(text) => Found::Text(at.key.clone(), text),
            None => Found::Missing(format!("ConfigMap {} has no key {}", at.name, at.key)),
        })
    }

    /// Removes exactly this Job, pods included, and no later one of its name.
    pub(super) async fn discard(&self, job: Option<&Job>) -> Result<(), LookError> {
        let Some(job) = job else {
            return Ok(());
        };
        let this = Preconditions {
            uid: job.metadata.uid.clone(),
            resource_version: None,
        };
        let parameters = DeleteParams::background().preconditions(this);
        match self.jobs.delete(&job.name_any(), &parameters).await {
            Ok(_) => Ok(()),
            Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
            Err(error) => Err(api("delete the job")(error)),
        }
    }
}

/// Says what was asked when something else came back.
pub(super) fn api(what: &'static str) -> impl Fn(kube::Error) -> LookError {
    move |error| LookError::Api { what, error }
}

/// Somebody made it before, perhaps this operator in an earlier life.
pub(super) fn unless_there<T>(made: Result<T, kube::Error>) -> Result<(), kube::Error> {
    match made {
        Ok(_) => Ok(()),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(()),
        Err(error) => Err(error),
    }
}
