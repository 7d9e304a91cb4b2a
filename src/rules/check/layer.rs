//! The shape of what base and overlays have in common: sources, constraints and
//! typed values.

use std::collections::HashSet;

use crate::model::{MeasurementType, Path, nearest};
use crate::rules::diagnostic::Position;
use crate::rules::source::{Body, Node};

use super::draft::{ConstraintDraft, LayerDraft, SettingDraft};
use super::fields::{Context, Spanned};

impl Context<'_> {
    pub(super) fn layer_at(&self, at: Position) -> LayerDraft {
        let (sources, constraints, settings) = (Vec::new(), Vec::new(), Vec::new());
        LayerDraft {
            location: self.at(at),
            sources,
            constraints,
            settings,
        }
    }

    pub(super) fn layer_key(&mut self, layer: &mut LayerDraft, key: &str, node: &Node<'_>) {
        match key {
            "source" => layer.sources = self.texts(node, "a source id"),
            "constraints" => layer.constraints = self.constraints(node),
            _ => layer.settings = self.types(node),
        }
    }

    fn constraints(&mut self, node: &Node<'_>) -> Vec<ConstraintDraft> {
        let mut constraints = Vec::new();
        for (path, at, value) in self.entries(node, "`constraints`") {
            let (mut predicate, mut sources) = (None, Vec::new());
            if matches!(value.body, Body::Mapping(_)) {
                for (key, _, node) in
                    self.known_entries(value, "a constraint", &["value", "source"])
                {
                    match key {
                        "value" => predicate = self.filled_text(node, "a constraint"),
                        _ => sources = self.texts(node, "a source id"),
                    }
                }
                predicate = self.required(predicate, value, "a constraint", "value");
            } else {
                predicate = self.filled_text(value, "a constraint");
            }
            let path = Spanned {
                text: path.to_owned(),
                at,
            };
            constraints.extend(predicate.map(|predicate| ConstraintDraft {
                path,
                predicate,
                sources,
            }));
        }
        constraints
    }

    pub(super) fn types(&mut self, node: &Node<'_>) -> Vec<SettingDraft> {
        let mut settings = Vec::new();
        for item in self.items(node, "`types`") {
            let (mut kind, mut subtypes) = (None, None);
            for (key, _, value) in self.known_entries(item, "a type", &["type", "subtypes"]) {
                match key {
                    "type" => kind = self.measurement_type(value),
                    _ => subtypes = Some(value),
                }
            }
            let kind = self.required(kind, item, "an entry of `types`", "type");
            let subtypes = self.required(subtypes, item, "an entry of `types`", "subtypes");
            if let (Some(kind), Some(subtypes)) = (kind, subtypes) {
                for subtype in self.items(subtypes, "`subtypes`") {
                    self.subtype(kind, subtype, &mut settings);
                }
            }
        }
        self.report_repeats(&settings);
        settings
    }

    fn measurement_type(&mut self, node: &Node<'_>) -> Option<MeasurementType> {
        let text = self.filled_text(node, "a type")?;
        let names = MeasurementType::ALL.map(MeasurementType::name);
        let kind = MeasurementType::from_name(&text.text);
        if kind.is_none() {
            self.unknown(&text, "measurement type", &names);
        }
        kind
    }

    pub(super) fn unknown(&mut self, given: &Spanned, what: &str, allowed: &[&str]) {
        let hint = match nearest(&given.text, allowed.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("allowed are {}", allowed.join(", ")),
        };
        let message = format!("`{}` is no {what}", given.text);
        self.report
            .error_with_hint(self.at(given.at), "unknown-value", message, hint);
    }

    fn subtype(
        &mut self,
        kind: MeasurementType,
        node: &Node<'_>,
        settings: &mut Vec<SettingDraft>,
    ) {
        let (mut name, mut data, mut reasons, mut sources) = (None, None, None, None);
        let allowed = ["subtype", "data", "context", "source"];
        for (key, _, value) in self.known_entries(node, "a subtype", &allowed) {
            match key {
                "subtype" => name = self.filled_text(value, "a subtype"),
                "data" => data = Some(value),
                "context" => reasons = Some(value),
                _ => sources = Some(value),
            }
        }
        let name = self.required(name, node, "a subtype", "subtype");
        let data = self.required(data, node, "a subtype", "data");
        let (Some(name), Some(data)) = (name, data) else {
            return;
        };
        let first = settings.len();
        for (key, at, value) in self.entries(data, "`data`") {
            if let Ok(value) = self.reading(value, &format!("the value of `{key}`")) {
                let path = Path::new(kind, name.text.as_str(), key);
                settings.push(SettingDraft {
                    path,
                    at,
                    value,
                    context: None,
                    sources: Vec::new(),
                });
            }
        }
        let added = settings.get_mut(first..).unwrap_or_default();
        if let Some(reasons) = reasons {
            for (key, at, value) in self.entries(reasons, "`context`") {
                let reason = self
                    .filled_text(value, "a reason")
                    .map(|reason| reason.text);
                if let Some(setting) = self.setting_called(added, key, at, "`context`") {
                    setting.context = reason;
                }
            }
        }
        match sources {
            Some(node) if matches!(node.body, Body::Mapping(_)) => {
                for (key, at, value) in self.entries(node, "`source`") {
                    let ids = self.texts(value, "a source id");
                    if let Some(setting) = self.setting_called(added, key, at, "`source`") {
                        setting.sources = ids;
                    }
                }
            }
            Some(node) => {
                let ids = self.texts(node, "a source id");
                for setting in added {
                    setting.sources.clone_from(&ids);
                }
            }
            None => {}
        }
    }

    fn setting_called<'s>(
        &mut self,
        settings: &'s mut [SettingDraft],
        key: &str,
        at: Position,
        what: &str,
    ) -> Option<&'s mut SettingDraft> {
        let names: Vec<&str> = settings.iter().map(|setting| &*setting.path.key).collect();
        if !names.contains(&key) {
            let hint = nearest(key, names).map_or_else(
                || "every key here needs a value in `data`".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!("{what} names `{key}`, which `data` does not set");
            self.report
                .error_with_hint(self.at(at), "unknown-key", message, hint);
        }
        settings
            .iter_mut()
            .find(|setting| *setting.path.key == *key)
    }

    /// One layer sets each path once, even over repeated types and subtypes.
    fn report_repeats(&mut self, settings: &[SettingDraft]) {
        let mut seen = HashSet::new();
        for setting in settings {
            if !seen.insert(&setting.path) {
                let message = format!("`{}` is set twice in one layer", setting.path);
                self.report
                    .error(self.at(setting.at), "duplicate-key", message);
            }
        }
    }
}
