//! The values of a chart for a recipe: what the table fills, what the policy
//! says, where images come from, which nodes are meant, what was set by hand.

use super::chart::Chart;
use super::checked::{registry, safe, tag, typed};
use super::error::{BundleError, bad_value, shown};
use super::mapping::{Form, Row, rows};
use super::operator::{IMAGE_REGISTRY, Operator};
use super::overrides::Override;
use super::placement::{Placement, gpu_tolerations, selector, system_tolerations};
use super::tree::{Map, Value, names};
use crate::model::{MeasurementType, Recipe, Setting, Version};

/// What one operator's bundle is made from.
pub(super) struct Source<'a> {
    pub(super) operator: Operator,
    pub(super) recipe: &'a Recipe,
    /// The release as the recipe pins it.
    pub(super) pin: &'a str,
    pub(super) release: Version,
    pub(super) chart: &'static Chart,
    /// Where images are pulled from.
    pub(super) registry: &'a str,
    pub(super) placement: &'a Placement,
}

/// Values, and what the recipe says that they cannot.
pub(super) struct Filled {
    pub(super) values: Map,
    pub(super) unsaid: Vec<String>,
}

/// A setting of the recipe below `K8s`.
pub(super) fn setting<'r>(recipe: &'r Recipe, subtype: &str, key: &str) -> Option<&'r Setting> {
    recipe.settings.iter().find(|setting| {
        let path = &setting.path;
        path.kind == MeasurementType::K8s && &*path.subtype == subtype && &*path.key == key
    })
}

/// Whether the recipe turns something on.
pub(super) fn is_on(recipe: &Recipe, subtype: &str, key: &str) -> bool {
    setting(recipe, subtype, key).is_some_and(|setting| setting.value.text() == "true")
}

impl<'a> Source<'a> {
    /// # Errors
    /// When the recipe has no usable version of the operator, or no usable
    /// registry.
    pub(super) fn new(
        operator: Operator,
        recipe: &'a Recipe,
        placement: &'a Placement,
    ) -> Result<Self, BundleError> {
        let pinned = operator
            .pinned_in(recipe)
            .ok_or(BundleError::Unpinned { operator })?;
        let path = &*pinned.path;
        let crate::model::Reading::Text(pin) = &*pinned.value else {
            let wanted = "a version such as v25.3.0".to_owned();
            return Err(bad_value(path, &pinned.value.text(), wanted));
        };
        let pin = tag(pin).map_err(|wanted| bad_value(path, pin, wanted))?;
        let release: Version = pin
            .parse()
            .map_err(|error| bad_value(path, pin, format!("a version: it {error}")))?;
        Ok(Self {
            operator,
            recipe,
            pin,
            chart: super::chart::chart_of(operator, &release)?,
            release,
            registry: registry_of(recipe)?,
            placement,
        })
    }

    pub(super) fn fill(&self, overrides: &[&Override]) -> Result<Filled, BundleError> {
        let mut filled = Filled {
            values: Map::default(),
            unsaid: Vec::new(),
        };
        for row in rows(self.operator, &self.release) {
            let (subtype, key) = row.recipe;
            if let Some(setting) = setting(self.recipe, subtype, key) {
                self.fill_row(row, setting, &mut filled)?;
            }
        }
        match self.operator {
            Operator::Gpu => self.fill_policy(&mut filled)?,
            Operator::Network => self.share_discovery(&mut filled.values),
        }
        self.fill_repositories(&mut filled.values);
        self.place(&mut filled.values);
        for given in overrides {
            given.apply(self.operator, self.chart, &mut filled.values)?;
        }
        Ok(filled)
    }

    fn fill_row(
        &self,
        row: &Row,
        setting: &Setting,
        filled: &mut Filled,
    ) -> Result<(), BundleError> {
        let path = &*setting.path;
        let text = setting.value.text();
        let wrong = |wanted| bad_value(path, &text, wanted);
        let key = self.chart.key(row.value);
        let mut reason = setting.context.as_deref();
        let value: Value = match row.form {
            Form::Tag => tag(&text).map_err(wrong)?.into(),
            Form::Reference(folder) => {
                let tag = tag(&text).map_err(wrong)?;
                let (_, name) = row.recipe;
                format!("{}/{folder}/{name}:{tag}", self.registry).into()
            }
            Form::Deployed => {
                reason = Some("The recipe pins its image.");
                true.into()
            }
            Form::OpenModules => (text == "open").into(),
            Form::Variable(name) => {
                let value = safe(&text).map_err(wrong)?;
                let variable = Map::default().with("name", name).with("value", value);
                vec![Value::Map(variable)].into()
            }
            Form::Profile => {
                let profile = safe(&text).map_err(wrong)?;
                if key.is_some_and(|key| !key.allowed.contains(&profile)) {
                    filled.unsaid.push(format!(
                        "{path} is {profile}: label the nodes nvidia.com/mig.config={profile}"
                    ));
                    return Ok(());
                }
                profile.into()
            }
            Form::Same => match key {
                Some(key) => typed(key, &text, false).map_err(wrong)?,
                None => return Ok(()),
            },
        };
        filled.values.set(&names(row.value), value, reason);
        Ok(())
    }

    /// `K8s.policy.*`, wherever the chart has the same key.
    fn fill_policy(&self, filled: &mut Filled) -> Result<(), BundleError> {
        for setting in &self.recipe.settings {
            let path = &setting.path;
            let is_policy = path.kind == MeasurementType::K8s && &*path.subtype == "policy";
            let has_row = || rows(self.operator, &self.release).any(|row| row.reads(path));
            if !is_policy || has_row() {
                continue;
            }
            match self.chart.key(&path.key) {
                Some(key) => {
                    let text = setting.value.text();
                    let value = typed(key, &text, false)
                        .map_err(|wanted| bad_value(path, &text, wanted))?;
                    let reason = setting.context.as_deref();
                    filled.values.set(&names(&path.key), value, reason);
                }
                None => filled.unsaid.push(format!(
                    "{} is not passed on: the chart of {} {} has no such value",
                    shown(&path.to_string()),
                    self.operator,
                    self.chart.release
                )),
            }
        }
        Ok(())
    }

    /// Two instances of Node Feature Discovery would fight over labels.
    fn share_discovery(&self, values: &mut Map) {
        if self.shares_discovery() {
            let reason = "One instance of Node Feature Discovery serves both operators; the GPU \
                          operator's chart brings it.";
            values.set(&["nfd", "enabled"], false.into(), Some(reason));
        }
    }

    fn shares_discovery(&self) -> bool {
        self.operator == Operator::Network && Operator::Gpu.pinned_in(self.recipe).is_some()
    }

    /// Repositories in another registry; the charts' own need no mention.
    fn fill_repositories(&self, values: &mut Map) {
        if self.registry == IMAGE_REGISTRY {
            return;
        }
        let reason = setting(self.recipe, "registry", "uri").and_then(|one| one.context.as_deref());
        for key in self.chart.keys() {
            if let Some(folder) = folder_of(key.default.filter(|_| is_repository(key.path))) {
                let repository = format!("{}{folder}", self.registry);
                values.set(&names(key.path), repository.into(), reason);
            }
        }
    }

    fn place(&self, values: &mut Map) {
        let Placement {
            system_selector,
            system_tolerations: system,
            gpu_selector,
            gpu_tolerations: gpu,
        } = self.placement;
        let mut set = |path: &str, value: Value| {
            if self.chart.key(path).is_some() {
                values.set(&names(path), value, None);
            }
        };
        if !system_selector.is_empty() {
            set("operator.nodeSelector", selector(system_selector).into());
        }
        if !system.is_empty() {
            set("operator.tolerations", system_tolerations(system).into());
        }
        if !gpu.is_empty() {
            set("daemonsets.tolerations", gpu_tolerations(gpu).into());
        }
        // Its labels decide which nodes all the others run on.
        if self.shares_discovery() {
            return;
        }
        if !gpu_selector.is_empty() {
            let path = "node-feature-discovery.worker.nodeSelector";
            set(path, selector(gpu_selector).into());
        }
        if !gpu.is_empty() {
            let mut all = system_tolerations(system);
            all.extend(gpu_tolerations(gpu));
            set("node-feature-discovery.worker.tolerations", all.into());
        }
    }
}

/// The registry of a recipe.
pub(super) fn registry_of(recipe: &Recipe) -> Result<&str, BundleError> {
    let Some(setting) = setting(recipe, "registry", "uri") else {
        return Ok(IMAGE_REGISTRY);
    };
    let text = match &*setting.value {
        crate::model::Reading::Text(text) => text,
        // Never a registry.
        _ => "",
    };
    registry(text).map_err(|wanted| bad_value(&setting.path, &setting.value.text(), wanted))
}

fn is_repository(path: &str) -> bool {
    path.ends_with(".repository")
}

/// The part of a repository below NVIDIA's registry, with its slash. Charts read
/// from a source tree may name the staging registry instead.
pub(super) fn folder_of(repository: Option<&'static str>) -> Option<&'static str> {
    let repository = repository?;
    if repository == "nvcr.io/nvstaging/mellanox" {
        return Some("/cloud-native");
    }
    let folder = repository.strip_prefix(IMAGE_REGISTRY)?;
    (folder.is_empty() || folder.starts_with('/')).then_some(folder)
}
