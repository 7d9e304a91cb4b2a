//! From a tree to drafts: the shape of rule files, key by key.
//!
//! What names refer to (parameters, values, sources) is left to `compile`,
//! because they may stand in a file that is read later.

use std::sync::Arc;

use super::SourceInfo;
use super::diagnostic::{Location, Position, Report};
use super::source::{Body, Node, RuleFile, parse};

mod advice;
mod assertion;
mod compare;
mod draft;
mod fields;
mod layer;

pub(in crate::rules) use draft::{
    AdvisoryDraft, CoverageDraft, Drafts, LayerDraft, OverlayDraft, ParameterDraft,
    ParametersDraft, ValueDraft,
};
pub(in crate::rules) use fields::Spanned;

use draft::ReleaseDraft;
use fields::Context;

/// The keys that may stand at the top of a rule file.
const TOP_LEVEL: [&str; 9] = [
    "rules",
    "parameters",
    "sources",
    "base",
    "overlays",
    "advisories",
    "coverage",
    "compare",
    "tests",
];

/// Reads one file into the drafts.
pub(in crate::rules) fn read(file: &RuleFile, drafts: &mut Drafts, report: &mut Report) {
    let name: Arc<str> = file.path.as_str().into();
    let Some(root) = parse(&name, &file.text, report) else {
        return;
    };
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
            "compare" => {
                context.once(at, "compare", drafts.compare.is_some());
                drafts.compare = Some(context.compare(node));
            }
            "tests" => {
                for item in context.items(node, "`tests`") {
                    let expectation = context.expectation(item);
                    drafts.expectations.push(expectation);
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
        let mut release = ReleaseDraft {
            version: None,
            released: None,
        };
        for (key, at, value) in self.known_entries(node, "`rules`", &["version", "released"]) {
            let Some(text) = self.filled_text(value, key) else {
                continue;
            };
            if key == "version" {
                release.version = Some(text.text);
            } else if is_utc_time(&text.text) {
                release.released = Some(text.text);
            } else {
                let message = format!("`{}` is no UTC time", text.text);
                let hint = "write it as 2026-11-23T00:00:00Z";
                self.report
                    .error_with_hint(self.at(at), "shape", message, hint);
            }
        }
        drafts.release = Some(release);
    }

    fn parameters(&mut self, node: &Node<'_>, at: Position, drafts: &mut Drafts) {
        self.once(at, "parameters", drafts.parameters.is_some());
        let mut parameters = Vec::new();
        for (name, at, node) in self.entries(node, "`parameters`") {
            let mut draft = ParameterDraft {
                name: Spanned {
                    text: name.to_owned(),
                    at,
                },
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
        drafts.parameters = Some(ParametersDraft {
            file: Arc::clone(&self.file),
            parameters,
        });
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
        Some(ValueDraft {
            name,
            aliases,
            reveal,
        })
    }

    pub(super) fn required<T>(
        &mut self,
        found: Option<T>,
        node: &Node<'_>,
        of: &str,
        key: &str,
    ) -> Option<T> {
        if found.is_none() {
            self.report.error(
                self.at(node.at),
                "missing-key",
                format!("{of} needs `{key}`"),
            );
        }
        found
    }

    fn sources(&mut self, node: &Node<'_>, drafts: &mut Drafts) {
        for (id, at, node) in self.entries(node, "`sources`") {
            let mut info = SourceInfo::default();
            for (key, _, value) in self.known_entries(node, "a source", &["title", "where", "date"])
            {
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
            for (key, _, value) in
                self.known_entries(node, "`base`", &["source", "constraints", "types"])
            {
                self.layer_key(&mut layer, key, value);
            }
        }
        if layer.settings.is_empty() {
            let hint = "give it at least one value; every recipe starts from it";
            self.report
                .error_with_hint(self.at(at), "empty-base", "the base is empty", hint);
        }
        drafts.base = Some(layer);
    }

    fn overlay(&mut self, node: &Node<'_>) -> OverlayDraft {
        let layer = self.layer_at(node.at);
        let mut overlay = OverlayDraft {
            name: None,
            key: Vec::new(),
            priority: 0,
            layer,
        };
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
        let Some(text) = self.text(node, "a priority") else {
            return 0;
        };
        text.text.parse().unwrap_or_else(|_| {
            let message = format!("priority `{}` is no whole number", text.text);
            self.report.error(self.at(at), "shape", message);
            0
        })
    }

    /// A mapping of texts to texts.
    pub(super) fn pairs(&mut self, node: &Node<'_>, what: &str) -> Vec<(Spanned, Spanned)> {
        let mut pairs = Vec::new();
        for (key, at, value) in self.entries(node, what) {
            if let Some(value) = self.filled_text(value, &format!("`{key}`")) {
                pairs.push((
                    Spanned {
                        text: key.to_owned(),
                        at,
                    },
                    value,
                ));
            }
        }
        pairs
    }
}

/// `2026-11-23T00:00:00Z`, the only spelling, so that output is stable.
fn is_utc_time(text: &str) -> bool {
    let shape = "dddd-dd-ddTdd:dd:ddZ";
    text.len() == shape.len()
        && text
            .bytes()
            .zip(shape.bytes())
            .all(|(byte, wanted)| match wanted {
                b'd' => byte.is_ascii_digit(),
                _ => byte == wanted,
            })
}

/// Where the whole file is meant, not a place in it.
pub(in crate::rules) fn file_start(file: &str) -> Location {
    Location {
        file: file.into(),
        at: Position { line: 1, column: 1 },
    }
}
