//! Which images run, and in which versions.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// The fields of a `Pod` that are read.
#[derive(Debug, Deserialize)]
pub(super) struct Pod {
    metadata: Metadata,
    spec: Spec,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    #[serde(default, rename = "ownerReferences")]
    owners: Vec<Owner>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Owner {
    api_version: String,
    kind: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    containers: Vec<Container>,
    init_containers: Vec<Container>,
    ephemeral_containers: Vec<Container>,
}

#[derive(Debug, Deserialize)]
struct Container {
    // A higher level may leave it to a default.
    #[serde(default)]
    image: String,
}

/// Every image by its name, with all its tags.
#[derive(Debug, Default)]
pub(super) struct Images {
    tags: BTreeMap<String, BTreeSet<String>>,
    untagged: BTreeSet<String>,
}

impl Images {
    /// Takes in a pod. What Jobs run comes and goes, and says nothing about how
    /// the cluster is set up.
    pub(super) fn add(&mut self, pod: Pod) {
        let of_job = |owner: &Owner| owner.kind == "Job" && owner.api_version.starts_with("batch/");
        if pod.metadata.owners.iter().any(of_job) {
            return;
        }
        let Spec {
            containers,
            init_containers,
            ephemeral_containers,
        } = pod.spec;
        for container in [containers, init_containers, ephemeral_containers]
            .into_iter()
            .flatten()
        {
            match read(&container.image) {
                Some((name, Some(tag))) => {
                    let tags = self.tags.entry(name.to_owned()).or_default();
                    tags.insert(tag.to_owned());
                }
                Some((name, None)) => {
                    self.untagged.insert(name.to_owned());
                }
                None => {}
            }
        }
    }

    /// Each name with its tags, sorted and joined by `,`.
    pub(super) fn tags(self) -> impl Iterator<Item = (String, String)> {
        let join = |tags: BTreeSet<String>| tags.into_iter().collect::<Vec<_>>().join(",");
        self.tags
            .into_iter()
            .map(move |(name, tags)| (name, join(tags)))
    }

    /// Names that run by digest and by no tag: their version cannot be told.
    pub(super) fn untagged(&self) -> impl Iterator<Item = &str> {
        let without = |name: &&String| !self.tags.contains_key(*name);
        self.untagged.iter().filter(without).map(String::as_str)
    }
}

/// Name and tag of a reference such as `host:5000/team/name:tag@sha256:…`. Where
/// neither tag nor digest is given, runtimes pull `latest`. An address with a
/// password in it is no reference, and nothing of it is kept.
fn read(reference: &str) -> Option<(&str, Option<&str>)> {
    let is_address = reference.contains("://")
        || reference
            .split_once('@')
            .is_some_and(|(_, digest)| digest.contains('/'));
    if is_address {
        return None;
    }
    let (reference, digest) = match reference.split_once('@') {
        Some((reference, digest)) => (reference, Some(digest)),
        None => (reference, None),
    };
    let last = reference.rsplit('/').next()?;
    let (name, tag) = match last.split_once(':') {
        Some((name, tag)) => (name, Some(tag)),
        None => (last, digest.is_none().then_some("latest")),
    };
    (!name.is_empty()).then_some((name, tag))
}

#[cfg(test)]
mod tests {
    use super::{Images, read};
    use serde_json::json;

    #[test]
    fn references_are_read_from_the_right() {
        for (reference, expected) in [
            ("nginx", Some(("nginx", Some("latest")))),
            ("nginx:1.27", Some(("nginx", Some("1.27")))),
            ("host:5000/nginx", Some(("nginx", Some("latest")))),
            ("host:5000/a/b:v1@sha256:00", Some(("b", Some("v1")))),
            ("registry/a@sha256:00", Some(("a", None))),
            ("", None),
            ("https://me:canary@registry/a:1", None),
            ("me:canary@registry/a:1", None),
        ] {
            assert_eq!(read(reference), expected, "{reference}");
        }
    }

    #[test]
    fn all_containers_count_but_those_of_jobs() {
        let mut images = Images::default();
        let owner = |kind: &str| json!([{"apiVersion": "batch/v1", "kind": kind, "name": "x"}]);
        for pod in [
            json!({"metadata": {}, "spec": {
                "containers": [{"image": "r/a:2"}, {"image": "r/d@sha256:1"}],
                "initContainers": [{"image": "a:1"}, {"image": "b:1"}],
                "ephemeralContainers": [{"image": "c"}, {"name": "no image"}],
            }}),
            json!({"metadata": {"ownerReferences": owner("Job")},
                   "spec": {"containers": [{"image": "job:1"}]}}),
            json!({"metadata": {"ownerReferences": owner("JobSet")},
                   "spec": {"containers": [{"image": "a:2"}]}}),
        ] {
            images.add(serde_json::from_value(pod).unwrap());
        }
        assert_eq!(images.untagged().collect::<Vec<_>>(), ["d"]);
        let tags: Vec<String> = images
            .tags()
            .map(|(name, tags)| name + " " + &tags)
            .collect();
        assert_eq!(tags, ["a 1,2", "b 1", "c latest"]);
    }
}
