//! One `ConfigMap`: written by server-side apply, and read.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use ureq::http::Method;

use super::{Kubernetes, KubernetesError, Resource};

/// What a `ConfigMap` may hold, in bytes of its values (`MaxSecretSize` of the API
/// server, which refuses more).
pub const LARGEST_DATA: usize = 1 << 20;

/// Who owns the fields that are written.
const FIELD_MANAGER: &str = "eidos-agent";

const API: &str = "v1";

/// What is written.
#[derive(Debug, Clone)]
pub struct ConfigMap<'a> {
    /// Where it lives.
    pub namespace: &'a str,
    /// What it is called.
    pub name: &'a str,
    /// Labels that are added to those it has.
    pub labels: &'a [(&'static str, &'static str)],
    /// Keys that are added to those it has.
    pub data: BTreeMap<&'a str, &'a str>,
}

/// The body of an apply, and as much of the answer as is looked at.
#[derive(Serialize)]
struct Applied<'a> {
    #[serde(rename = "apiVersion")]
    api_version: &'static str,
    kind: &'static str,
    metadata: Metadata<'a>,
    data: &'a BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    namespace: &'a str,
    name: &'a str,
    labels: BTreeMap<&'static str, &'static str>,
}

#[derive(Deserialize)]
struct Kept {
    #[serde(default)]
    data: BTreeMap<String, String>,
}

impl Kubernetes {
    /// Writes a `ConfigMap`, which is made when it is not there, and compares what
    /// the server kept. Its size is checked before anything is sent.
    ///
    /// Fields that somebody else wrote are taken over: these keys are the agent's,
    /// whoever wrote them last (`eidos snapshot`, or a person who edited them).
    ///
    /// # Errors
    /// Says what was refused and what to do about it.
    pub fn apply(&self, map: &ConfigMap<'_>) -> Result<(), KubernetesError> {
        let full_name = || format!("{}/{}", map.namespace, map.name);
        let size = map.data.values().map(|value| value.len()).sum();
        if size > LARGEST_DATA {
            return Err(KubernetesError::TooLarge {
                name: full_name(),
                size,
                limit: LARGEST_DATA,
            });
        }
        let applied = Applied {
            api_version: API,
            kind: "ConfigMap",
            metadata: Metadata {
                namespace: map.namespace,
                name: map.name,
                labels: map.labels.iter().copied().collect(),
            },
            data: &map.data,
        };
        let resource = resource(map.namespace, map.name);
        let body = serde_json::to_vec(&applied).map_err(|error| KubernetesError::Unreadable {
            what: format!("patch {resource}"),
            reason: error.to_string(),
        })?;
        let query = format!("fieldManager={FIELD_MANAGER}&force=true");
        // JSON is YAML, and the server asks for this media type.
        let body = ("application/apply-patch+yaml", body.as_slice());
        let kept: Kept = self.call(&Method::PATCH, &resource, &query, Some(body))?;
        let differs = |(key, value): &(&&str, &&str)| {
            kept.data.get(**key).map(String::as_str) != Some(**value)
        };
        match map.data.iter().find(differs) {
            None => Ok(()),
            Some((key, _)) => Err(KubernetesError::Changed {
                name: full_name(),
                key: (*key).to_owned(),
            }),
        }
    }

    /// The texts of a `ConfigMap`.
    ///
    /// # Errors
    /// Says what was refused and what to do about it.
    pub fn config_map(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<BTreeMap<String, String>, KubernetesError> {
        let kept: Kept = self.get(&resource(namespace, name))?;
        Ok(kept.data)
    }
}

fn resource<'a>(namespace: &'a str, name: &'a str) -> Resource<'a> {
    Resource::every(API, "configmaps")
        .within(namespace)
        .named(name)
}
