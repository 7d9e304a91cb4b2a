//! From a tree to drafts: the shape of rule files, key by key.
//!
//! What names refer to (parameters, values, sources) is left to `compile`,
//! because they may stand in a file that is read later.

use std::sync::Arc;

use crate::model::{CoverageLevel, MeasurementType, Path, Severity, nearest};

use super::SourceInfo;
use super::diagnostic::{Location, Position, Report};
use super::draft::{
    AdvisoryDraft, ConstraintDraft, CoverageDraft, Drafts, LayerDraft, OverlayDraft,
    ParameterDraft, ParametersDraft, ReleaseDraft, SettingDraft, ValueDraft,
};
use super::fields::{Context, Spanned};
use super::source::{Body, Node, RuleFile, parse};

/// The keys that may stand at the top of a rule file.
const TOP_LEVEL: [&str; 7] =
    ["rules", "parameters", "sources", "base", "overlays", "advisories", "coverage"];

/// Reads one file into the drafts.
pub(super) fn read(file: &RuleFile, drafts: &mut Drafts, report: &mut Report) {
    let name: Arc<str> = file.path.as_str().into();
    let Some(root) = parse(&name, &file.text, report) else { return };
    let mut context = Context { file: name, report };
    for (key, at, node) in context.known_entries(&root, "a rule file", &TOP_LEVEL) {
        match key {
            "rules" => context.release(node, at, drafts),
            "parameters" => context.parameters(node, at, drafts),
            "sources" => context.sources(node, drafts),
            "base" => context.base(node, at, drafts),
            "overlays" => {
                for item in context.items(node, "`overlays`") {
                    let overlay = context.overlay(item);
                    drafts.overlays.push(overlay);
                }
            }
            "advisories" => {
                for item in context.items(node, "`advisories`") {
                    drafts.advisories.extend(context.advisory(item));
                }
            }
            _ => {
                for item in context.items(node, "`coverage`") {
                    drafts.coverage.extend(context.coverage(item));
                }
            }
        }
    }
}

impl Context<'_> {
    fn once(&mut self, at: Position, key: &str, taken: bool) {
        if taken {
            let message = format!("`{key}` stands in a second file; a rule base has one");
            self.report.error(self.at(at), "duplicate-key", message);
        }
    }

    fn release(&mut self, node: &Node<'_>, at: Position, drafts: &mut Drafts) {
        self.once(at, "rules", drafts.release.is_some());
        let mut release = ReleaseDraft { version: None, released: None };
        for (key, at, value) in self.known_entries(node, "`rules`", &["version", "released"]) {
            let Some(text) = self.filled_text(value, key) else { continue };
            if key == "version" {
                release.version = Some(text.text);
            } else if is_utc_time(&text.text) {
                release.released = Some(text.text);
            } else {
                let message = format!("`{}` is no UTC time", text.text);
                let hint = "write it as 2026-11-23T00:00:00Z";
                self.report.error_with_hint(self.at(at), "shape", message, hint);
            }
        }
        drafts.release = Some(release);
    }

    fn parameters(&mut self, node: &Node<'_>, at: Position, drafts: &mut Drafts) {
        self.once(at, "parameters", drafts.parameters.is_some());
        let mut parameters = Vec::new();
        for (name, at, node) in self.entries(node, "`parameters`") {
            let mut draft = ParameterDraft {
                name: Spanned { text: name.to_owned(), at },
                aliases: Vec::new(),
                from: Vec::new(),
                constrained_by: Vec::new(),
                values: Vec::new(),
            };
            let allowed = ["aliases", "from", "constrained-by", "values"];
            for (key, _, value) in self.known_entries(node, "a parameter", &allowed) {
                match key {
                    "aliases" => draft.aliases = self.texts(value, "an alias"),
                    "from" => draft.from = self.texts(value, "a snapshot path"),
                    "constrained-by" => draft.constrained_by = self.texts(value, "a path"),
                    _ => {
                        for item in self.items(value, "`values`") {
                            draft.values.extend(self.value(item));
                        }
                    }
                }
            }
            parameters.push(draft);
        }
        drafts.parameters = Some(ParametersDraft { file: Arc::clone(&self.file), parameters });
    }

    fn value(&mut self, node: &Node<'_>) -> Option<ValueDraft> {
        let mut name = None;
        let (mut aliases, mut reveal) = (Vec::new(), Vec::new());
        for (key, _, value) in self.known_entries(node, "a value", &["name", "aliases", "reveal"]) {
            match key {
                "name" => name = self.filled_text(value, "a name"),
                "aliases" => aliases = self.texts(value, "an alias"),
                _ => reveal = self.texts(value, "a pattern"),
            }
        }
        let name = self.required(name, node, "a value", "name")?;
        Some(ValueDraft { name, aliases, reveal })
    }

    fn required<T>(&mut self, found: Option<T>, node: &Node<'_>, of: &str, key: &str) -> Option<T> {
        if found.is_none() {
            self.report.error(self.at(node.at), "missing-key", format!("{of} needs `{key}`"));
        }
        found
    }

    fn sources(&mut self, node: &Node<'_>, drafts: &mut Drafts) {
        for (id, at, node) in self.entries(node, "`sources`") {
            let mut info = SourceInfo::default();
            for (key, _, value) in self.known_entries(node, "a source", &["title", "where", "date"]) {
                let text = self.text(value, key).map(|text| text.text);
                match key {
                    "title" => info.title = text.unwrap_or_default(),
                    "where" => info.location = text.unwrap_or_default(),
                    _ => info.date = text,
                }
            }
            if drafts.sources.insert(id.to_owned(), info).is_some() {
                let message = format!("source `{id}` is defined twice");
                self.report.error(self.at(at), "duplicate-key", message);
            }
        }
    }

    fn base(&mut self, node: &Node<'_>, at: Position, drafts: &mut Drafts) {
        self.once(at, "base", drafts.base.is_some());
        let mut layer = self.layer_at(node.at);
        if matches!(node.body, Body::Sequence(_)) {
            // The older layout: the list of types stands directly below `base`.
            layer.settings = self.types(node);
        } else {
            for (key, _, value) in self.known_entries(node, "`base`", &["source", "constraints", "types"]) {
                self.layer_key(&mut layer, key, value);
            }
        }
        if layer.settings.is_empty() {
            let hint = "give it at least one value; every recipe starts from it";
            self.report.error_with_hint(self.at(at), "empty-base", "the base is empty", hint);
        }
        drafts.base = Some(layer);
    }

    fn layer_at(&self, at: Position) -> LayerDraft {
        let (sources, constraints, settings) = (Vec::new(), Vec::new(), Vec::new());
        LayerDraft { location: self.at(at), sources, constraints, settings }
    }

    fn layer_key(&mut self, layer: &mut LayerDraft, key: &str, node: &Node<'_>) {
        match key {
            "source" => layer.sources = self.texts(node, "a source id"),
            "constraints" => layer.constraints = self.constraints(node),
            _ => layer.settings = self.types(node),
        }
    }

    fn overlay(&mut self, node: &Node<'_>) -> OverlayDraft {
        let layer = self.layer_at(node.at);
        let mut overlay = OverlayDraft { name: None, key: Vec::new(), priority: 0, layer };
        let allowed = ["name", "key", "priority", "source", "constraints", "types"];
        for (key, at, value) in self.known_entries(node, "an overlay", &allowed) {
            match key {
                "name" => overlay.name = self.filled_text(value, "a name"),
                "key" => overlay.key = self.pairs(value, "a key"),
                "priority" => overlay.priority = self.priority(value, at),
                _ => self.layer_key(&mut overlay.layer, key, value),
            }
        }
        overlay
    }

    fn priority(&mut self, node: &Node<'_>, at: Position) -> i64 {
        let Some(text) = self.text(node, "a priority") else { return 0 };
        text.text.parse().unwrap_or_else(|_| {
            let message = format!("priority `{}` is no whole number", text.text);
            self.report.error(self.at(at), "shape", message);
            0
        })
    }

    /// A mapping of texts to texts.
    fn pairs(&mut self, node: &Node<'_>, what: &str) -> Vec<(Spanned, Spanned)> {
        let mut pairs = Vec::new();
        for (key, at, value) in self.entries(node, what) {
            if let Some(value) = self.filled_text(value, &format!("`{key}`")) {
                pairs.push((Spanned { text: key.to_owned(), at }, value));
            }
        }
        pairs
    }

    fn constraints(&mut self, node: &Node<'_>) -> Vec<ConstraintDraft> {
        let mut constraints = Vec::new();
        for (path, at, value) in self.entries(node, "`constraints`") {
            let (mut predicate, mut sources) = (None, Vec::new());
            if matches!(value.body, Body::Mapping(_)) {
                for (key, _, node) in self.known_entries(value, "a constraint", &["value", "source"]) {
                    match key {
                        "value" => predicate = self.filled_text(node, "a constraint"),
                        _ => sources = self.texts(node, "a source id"),
                    }
                }
                predicate = self.required(predicate, value, "a constraint", "value");
            } else {
                predicate = self.filled_text(value, "a constraint");
            }
            let path = Spanned { text: path.to_owned(), at };
            constraints
                .extend(predicate.map(|predicate| ConstraintDraft { path, predicate, sources }));
        }
        constraints
    }

    fn types(&mut self, node: &Node<'_>) -> Vec<SettingDraft> {
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

    fn unknown(&mut self, given: &Spanned, what: &str, allowed: &[&str]) {
        let hint = match nearest(&given.text, allowed.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("allowed are {}", allowed.join(", ")),
        };
        let message = format!("`{}` is no {what}", given.text);
        self.report.error_with_hint(self.at(given.at), "unknown-value", message, hint);
    }

    fn subtype(&mut self, kind: MeasurementType, node: &Node<'_>, settings: &mut Vec<SettingDraft>) {
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
        let (Some(name), Some(data)) = (name, data) else { return };
        let first = settings.len();
        for (key, at, value) in self.entries(data, "`data`") {
            if let Some(value) = self.reading(value, &format!("the value of `{key}`")) {
                let path = Path::new(kind, name.text.as_str(), key);
                settings.push(SettingDraft { path, at, value, context: None, sources: Vec::new() });
            }
        }
        let added = settings.get_mut(first..).unwrap_or_default();
        if let Some(reasons) = reasons {
            for (key, at, value) in self.entries(reasons, "`context`") {
                let reason = self.filled_text(value, "a reason").map(|reason| reason.text);
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
                added.iter_mut().for_each(|setting| setting.sources.clone_from(&ids));
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
            self.report.error_with_hint(self.at(at), "unknown-key", message, hint);
        }
        settings.iter_mut().find(|setting| *setting.path.key == *key)
    }

    /// One layer sets each path once, even over repeated types and subtypes.
    fn report_repeats(&mut self, settings: &[SettingDraft]) {
        let mut seen = std::collections::HashSet::new();
        for setting in settings {
            if !seen.insert(&setting.path) {
                let message = format!("`{}` is set twice in one layer", setting.path);
                self.report.error(self.at(setting.at), "duplicate-key", message);
            }
        }
    }

    fn advisory(&mut self, node: &Node<'_>) -> Option<AdvisoryDraft> {
        let allowed = ["id", "severity", "when", "requires", "message", "remedy", "source"];
        let (mut id, mut severity, mut message, mut remedy) = (None, None, None, None);
        let (mut when, mut requires, mut sources) = (Vec::new(), Vec::new(), Vec::new());
        for (key, _, value) in self.known_entries(node, "an advisory", &allowed) {
            match key {
                "id" => id = self.filled_text(value, "an id"),
                "severity" => severity = self.severity(value),
                "when" => when = self.pairs(value, "`when`"),
                "requires" => requires = self.pairs(value, "`requires`"),
                "message" => message = self.filled_text(value, "a message"),
                "remedy" => remedy = self.filled_text(value, "a remedy"),
                _ => sources = self.texts(value, "a source id"),
            }
        }
        let id = self.required(id, node, "an advisory", "id");
        let severity = self.required(severity, node, "an advisory", "severity");
        let message = self.required(message, node, "an advisory", "message");
        let remedy = self.required(remedy, node, "an advisory", "remedy");
        if when.is_empty() && requires.is_empty() {
            self.required::<()>(None, node, "an advisory", "when");
        }
        Some(AdvisoryDraft {
            location: self.at(node.at),
            id: id?.text,
            severity: severity?,
            when,
            requires,
            message: message?.text.trim().to_owned(),
            remedy: remedy?.text.trim().to_owned(),
            sources,
        })
    }

    fn severity(&mut self, node: &Node<'_>) -> Option<Severity> {
        let text = self.filled_text(node, "a severity")?;
        let found = Severity::ALL.into_iter().find(|severity| severity.name() == text.text);
        if found.is_none() {
            self.unknown(&text, "severity", &Severity::ALL.map(Severity::name));
        }
        found
    }

    fn coverage(&mut self, node: &Node<'_>) -> Option<CoverageDraft> {
        let (mut cell, mut level, mut sources) = (Vec::new(), None, Vec::new());
        for (key, at, value) in self.entries(node, "a coverage row") {
            match key {
                "level" => level = self.level(value),
                "source" => sources = self.texts(value, "a source id"),
                _ => {
                    let name = Spanned { text: key.to_owned(), at };
                    cell.push((name, self.texts(value, "a value")));
                }
            }
        }
        let level = self.required(level, node, "a coverage row", "level")?;
        Some(CoverageDraft { location: self.at(node.at), cell, level, sources })
    }

    fn level(&mut self, node: &Node<'_>) -> Option<CoverageLevel> {
        let text = self.filled_text(node, "a level")?;
        let found = CoverageLevel::ALL.into_iter().find(|level| level.name() == text.text);
        if found.is_none() {
            self.unknown(&text, "coverage level", &CoverageLevel::ALL.map(CoverageLevel::name));
        }
        found
    }
}

/// `2026-11-23T00:00:00Z`, the only spelling, so that output is stable.
fn is_utc_time(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:ddZ";
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            _ => byte == wanted,
        })
}

/// Where the whole file is meant, not a place in it.
pub(super) fn file_start(file: &str) -> Location {
    Location { file: file.into(), at: Position { line: 1, column: 1 } }
}
