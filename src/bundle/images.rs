//! Every image that a recipe pins, as a reference that can be pulled.
//!
//! Repositories and names come from the charts; the few images that no chart
//! here installs have a row of their own. Nothing is guessed: an image whose
//! registry no source names is listed as such.

use super::checked::{registry, tag};
use super::error::{BundleError, bad_choice, bad_value};
use super::mapping::{Form, rows};
use super::operator::{IMAGE_REGISTRY, Operator};
use super::placement::Placement;
use super::values::{Source, folder_of, is_on, registry_of, setting};
use crate::model::{MeasurementType, Parameter, Path, Recipe, Setting, Version};

/// The images of a recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Images {
    /// Sorted by path.
    pub images: Vec<Image>,
    /// Pins that are no reference yet, sorted by path.
    pub unresolved: Vec<Unresolved>,
}

/// One image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Where the recipe pins it.
    pub path: String,
    /// What to pull.
    pub reference: String,
    /// Where it is published: equal to the reference unless that is in a mirror.
    pub origin: String,
}

/// A pin without a registry, or without all of its tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unresolved {
    /// Where the recipe pins it.
    pub path: String,
    /// The tag as pinned.
    pub tag: String,
    /// What is not known, and what to do.
    pub reason: String,
}

/// Images of the network operator's policy and where they were published before
/// v25.7.0, which moved them all into NVIDIA's registry.
const NETWORK: &[(&str, &str)] = &[
    ("doca-driver", "nvcr.io/nvidia/mellanox"),
    ("k8s-rdma-shared-dev-plugin", "ghcr.io/mellanox"),
    ("nvidia-k8s-ipam", "ghcr.io/mellanox"),
    ("multus-cni", "ghcr.io/k8snetworkplumbingwg"),
    ("plugins", "ghcr.io/k8snetworkplumbingwg"),
    (
        "sriov-network-device-plugin",
        "ghcr.io/k8snetworkplumbingwg",
    ),
    ("whereabouts", "ghcr.io/k8snetworkplumbingwg"),
];

/// Images that other charts install.
const OTHERS: &[(&str, &str)] = &[
    (
        "aws-efa-k8s-device-plugin",
        "602401143452.dkr.ecr.us-west-2.amazonaws.com/eks",
    ),
    ("k8s-dra-driver-gpu", "nvcr.io/nvidia"),
    ("kgateway", "cr.kgateway.dev/kgateway-dev"),
    ("node-feature-discovery", "registry.k8s.io/nfd"),
];

/// Whether the registry of an image is known.
pub(super) fn is_known(path: &Path) -> bool {
    let named = |(name, _): &(&str, &str)| **name == *path.key;
    path.kind == MeasurementType::K8s
        && &*path.subtype == "image"
        && (NETWORK.iter().any(named) || OTHERS.iter().any(named))
}

/// Where an image of the network operator's policy is pulled from.
pub(super) fn network_repository(name: &str, release: &Version, registry: &str) -> String {
    let moved = release.point() >= super::chart::point("v25.7.0");
    let before = NETWORK.iter().find(|(known, _)| *known == name);
    match before {
        Some((_, before)) if !moved && registry == IMAGE_REGISTRY => (*before).to_owned(),
        _ => format!("{registry}/mellanox"),
    }
}

/// The images that a recipe needs, in a mirror if one is given: there, each one
/// keeps its path below the registry's name.
///
/// # Errors
/// When the recipe's pins cannot be tags, or the mirror cannot be a registry.
pub fn images(recipe: &Recipe, mirror: Option<&str>) -> Result<Images, BundleError> {
    let mirror = match mirror {
        Some(given) => {
            let checked = registry(given.trim_end_matches('/'));
            Some(checked.map_err(|wanted| bad_choice("registry", given, wanted))?)
        }
        None => None,
    };
    let placement = Placement::default();
    let source = |operator| Source::new(operator, recipe, &placement).ok();
    let lookup = Lookup {
        recipe,
        gpu: source(Operator::Gpu),
        network: source(Operator::Network),
        registry: registry_of(recipe)?,
    };
    let mut found = Images::default();
    for setting in &recipe.settings {
        let path = &setting.path;
        if path.kind != MeasurementType::K8s || &*path.subtype != "image" {
            continue;
        }
        let pinned = setting.value.text();
        let pinned = tag(&pinned).map_err(|wanted| bad_value(path, &pinned, wanted))?;
        let said = path.to_string();
        if lookup.is_off(&path.key) {
            continue;
        }
        match lookup.reference(setting, pinned) {
            Ok(origin) => found.images.push(Image {
                path: said,
                reference: match mirror {
                    Some(mirror) => mirrored(&origin, mirror),
                    None => origin.clone(),
                },
                origin,
            }),
            Err(reason) => found.unresolved.push(Unresolved {
                path: said,
                tag: pinned.to_owned(),
                reason,
            }),
        }
    }
    Ok(found)
}

/// The same image with another registry before its path.
fn mirrored(origin: &str, mirror: &str) -> String {
    match origin.split_once('/') {
        Some((_, path)) => format!("{mirror}/{path}"),
        None => format!("{mirror}/{origin}"),
    }
}

struct Lookup<'r> {
    recipe: &'r Recipe,
    gpu: Option<Source<'r>>,
    network: Option<Source<'r>>,
    registry: &'r str,
}

impl Lookup<'_> {
    /// Whether the recipe turns off what the image is for.
    fn is_off(&self, name: &str) -> bool {
        let off = |key| {
            setting(self.recipe, "policy", key)
                .is_some_and(|setting| setting.value.text() == "false")
        };
        match name {
            "driver" | "k8s-driver-manager" => off("driver.enabled"),
            "gdrdrv" => off("driver.enabled") || off("gdrcopy.enabled"),
            "container-toolkit" => off("toolkit.enabled"),
            "doca-driver" => !is_on(self.recipe, "network-config", "deploy-ofed"),
            "k8s-rdma-shared-dev-plugin" => is_on(self.recipe, "network-config", "enable-sriov"),
            "sriov-network-device-plugin" => !is_on(self.recipe, "network-config", "enable-sriov"),
            _ => false,
        }
    }

    fn reference(&self, setting: &Setting, tag: &str) -> Result<String, String> {
        let name = &*setting.path.key;
        if let Some(source) = &self.gpu
            && let Some((repository, image)) = of_gpu_chart(source, setting)
        {
            let suffix = match name {
                "driver" | "gdrdrv" => self.system_suffix(tag, source)?,
                _ => String::new(),
            };
            return Ok(format!("{repository}/{image}:{tag}{suffix}"));
        }
        if let Some(source) = &self.network {
            if name == Operator::Network.name() {
                return Ok(format!("{}/cloud-native/{name}:{tag}", self.registry));
            }
            if NETWORK.iter().any(|(known, _)| *known == name) {
                let repository = network_repository(name, &source.release, self.registry);
                return Ok(format!("{repository}/{name}:{tag}"));
            }
        }
        match OTHERS.iter().find(|(known, _)| *known == name) {
            Some((_, repository)) => {
                let below = repository.strip_prefix(IMAGE_REGISTRY);
                let repository = match below {
                    Some(folder) => format!("{}{folder}", self.registry),
                    None => (*repository).to_owned(),
                };
                Ok(format!("{repository}/{name}:{tag}"))
            }
            None => Err("no registry is known for this image".to_owned()),
        }
    }

    /// What the operator adds to the tag of an image with kernel modules: the
    /// system of the node. Empty where the pin names it already.
    fn system_suffix(&self, tag: &str, source: &Source<'_>) -> Result<String, String> {
        const SYSTEMS: [&str; 3] = ["-ubuntu", "-rhel", "-rhcos"];
        if SYSTEMS.iter().any(|system| tag.contains(system)) {
            return Ok(String::new());
        }
        let asked = |parameter: Parameter| {
            let found = self
                .recipe
                .request
                .iter()
                .find(|(one, _)| *one == parameter);
            found.map(|(_, value)| value.as_str())
        };
        let missing = || {
            "its tag ends in the node's system, which the recipe leaves open; make it with \
             --os ubuntu or rhel and --osv, such as 24.04"
                .to_owned()
        };
        let system = asked(Parameter::Os).filter(|system| matches!(*system, "ubuntu" | "rhel"));
        let version =
            asked(Parameter::Osv).and_then(|version| version.strip_prefix('v').or(Some(version)));
        let (system, version) = system.zip(version).ok_or_else(missing)?;
        // A posted recipe says what anybody wrote.
        let is_number =
            |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let mut numbers = version.split(['.', '-', '+']).take_while(is_number);
        let major = numbers.next().ok_or_else(missing)?;
        // From v26.7.0 on, images for RHEL are tagged with its major version.
        let whole = system == "rhel" && source.release.point() >= super::chart::point("v26.7.0");
        if whole {
            return Ok(format!("-{system}{major}"));
        }
        let minor = numbers.next().ok_or_else(missing)?;
        Ok(format!("-{system}{major}.{minor}"))
    }
}

/// Repository and name of an image that the GPU operator's chart deploys.
fn of_gpu_chart(source: &Source<'_>, setting: &Setting) -> Option<(String, &'static str)> {
    let version = if &*setting.path.key == Operator::Gpu.name() {
        "operator.version"
    } else {
        let is_tag = |row: &&super::mapping::Row| row.form == Form::Tag && row.reads(&setting.path);
        rows(Operator::Gpu, &source.release).find(is_tag)?.value
    };
    let (outer, _) = version.rsplit_once('.')?;
    let default = |part: &str| source.chart.key(&format!("{outer}.{part}"))?.default;
    let folder = folder_of(default("repository"))?;
    Some((format!("{}{folder}", source.registry), default("image")?))
}
