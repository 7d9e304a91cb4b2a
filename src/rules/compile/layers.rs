//! Base and overlays: keys resolved, layers ranked, paths interned.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::model::{ParameterKind, Path, Selector, VersionParameter, VersionPredicate, Vocabulary};
use crate::rules::base::{ConstrainedPath, Entry, Layer, LayerConstraint};
use crate::rules::check::{LayerDraft, OverlayDraft, Spanned};
use crate::rules::diagnostic::Location;
use crate::rules::key::Key;

use super::names::{Compiler, place};
use super::vocabulary::is_word;

/// A layer with its key resolved, in its place.
pub(super) struct Ranked {
    name: String,
    key: Key,
    priority: i64,
    draft: LayerDraft,
}

/// Every path that some layer sets, sorted.
pub(super) fn sorted_paths(ranked: &[Ranked]) -> Vec<Path> {
    let distinct: BTreeSet<&Path> = ranked
        .iter()
        .flat_map(|layer| layer.draft.settings.iter().map(|setting| &setting.path))
        .collect();
    distinct.into_iter().cloned().collect()
}

impl Compiler {
    /// The base, then the overlays from least to most specific, then by
    /// priority, then in file order.
    pub(super) fn rank(&mut self, base: LayerDraft, overlays: Vec<OverlayDraft>) -> Vec<Ranked> {
        let mut names = HashSet::from(["base".to_owned()]);
        let mut ranked = Vec::with_capacity(overlays.len() + 1);
        ranked.push(Ranked {
            name: "base".to_owned(),
            key: Key::default(),
            priority: 0,
            draft: base,
        });
        for overlay in overlays {
            ranked.push(self.overlay(overlay, &mut names));
        }
        // Stable, so that file order decides last.
        ranked.sort_by_key(|layer| (layer.key.constrained(), layer.priority));
        // A keyless overlay, refused but still here, must not come before the base.
        if let Some(position) = ranked.iter().position(|layer| layer.name == "base") {
            ranked
                .get_mut(..=position)
                .unwrap_or_default()
                .rotate_right(1);
        }
        ranked
    }

    fn overlay(&mut self, draft: OverlayDraft, names: &mut HashSet<String>) -> Ranked {
        let location = draft.layer.location.clone();
        let key = self.key(&location, &draft.key);
        if draft.key.is_empty() {
            let hint = "name at least one parameter; what holds for all belongs into the base";
            self.report.error_with_hint(
                location.clone(),
                "missing-key",
                "an overlay needs a `key`",
                hint,
            );
        }
        if draft.layer.settings.is_empty() && draft.layer.constraints.is_empty() {
            let message = "the overlay sets nothing";
            let hint = "give it `types` or `constraints`, or delete it";
            self.report
                .error_with_hint(location.clone(), "empty-overlay", message, hint);
        }
        let name = match draft.name {
            Some(name) => {
                self.check_name(&location, &name, names);
                name.text
            }
            None => derived_name(&key, &self.vocabulary, names),
        };
        names.insert(name.clone());
        Ranked {
            name,
            key,
            priority: draft.priority,
            draft: draft.layer,
        }
    }

    fn check_name(&mut self, location: &Location, name: &Spanned, names: &HashSet<String>) {
        let location = place(location, name);
        if !is_word(&name.text) {
            let message = format!("`{}` is no overlay name", name.text);
            let hint = "use a-z, 0-9, `.`, `_` and `-`";
            self.report
                .error_with_hint(location, "bad-name", message, hint);
        } else if names.contains(&name.text) {
            let message = format!("overlay `{}` exists already", name.text);
            self.report.error(location, "duplicate-name", message);
        }
    }

    fn key(&mut self, location: &Location, pairs: &[(Spanned, Spanned)]) -> Key {
        let mut key = Key::default();
        let mut seen = HashSet::new();
        for (name, text) in pairs {
            let Some(parameter) = self.parameter(location, name) else {
                continue;
            };
            if !seen.insert(parameter) {
                let message = format!("the key names {parameter} twice");
                self.report
                    .error(place(location, name), "duplicate-key", message);
            }
            // The older layout writes `any` for a wildcard.
            if text.text.eq_ignore_ascii_case("any") {
                continue;
            }
            match parameter.kind() {
                ParameterKind::Enum(choice) => {
                    if let Some(value) = self.value(location, choice, text) {
                        key.set_value(choice, value);
                    }
                }
                ParameterKind::Version(choice) => {
                    if let Some(predicate) = self.predicate(location, text) {
                        self.check_reachable(location, text, &predicate);
                        key.set_predicate(choice, predicate);
                    }
                }
            }
        }
        key
    }

    fn check_reachable(
        &mut self,
        location: &Location,
        text: &Spanned,
        predicate: &VersionPredicate,
    ) {
        if predicate.interval().is_empty() {
            let message = format!("no version satisfies `{}`", text.text);
            let hint = "the overlay can never apply";
            self.report
                .warning(place(location, text), "unreachable", message, hint);
        }
    }

    pub(super) fn constrained_paths(&mut self, ranked: &[Ranked]) -> Vec<ConstrainedPath> {
        let mut selectors = BTreeSet::new();
        for layer in ranked {
            for constraint in &layer.draft.constraints {
                match Selector::parse(&constraint.path.text) {
                    Some(selector) => {
                        selectors.insert(selector);
                    }
                    None => {
                        let message = format!("`{}` is no path", constraint.path.text);
                        let hint = "write type.subtype.key, such as K8s.server.version";
                        let location = place(&layer.draft.location, &constraint.path);
                        self.report
                            .error_with_hint(location, "bad-path", message, hint);
                    }
                }
            }
        }
        let judges = |selector: &Selector| {
            VersionParameter::ALL
                .into_iter()
                .find(|parameter| self.vocabulary.judging_paths(*parameter).contains(selector))
        };
        selectors
            .into_iter()
            .map(|selector| ConstrainedPath {
                judges: judges(&selector),
                selector,
            })
            .collect()
    }

    pub(super) fn layer(
        &mut self,
        ranked: Ranked,
        paths: &[Path],
        constrained: &[ConstrainedPath],
    ) -> Layer {
        let Ranked {
            name,
            key,
            priority,
            draft,
        } = ranked;
        let sources = self.cited(&draft.location, &draft.sources);
        let mut constraints = Vec::new();
        for constraint in &draft.constraints {
            let Some(predicate) = self.predicate(&draft.location, &constraint.predicate) else {
                continue;
            };
            let position = Selector::parse(&constraint.path.text).and_then(|selector| {
                constrained
                    .binary_search_by(|path| path.selector.cmp(&selector))
                    .ok()
            });
            if let Some(path) = position.and_then(|position| u32::try_from(position).ok()) {
                let own = self.cited(&draft.location, &constraint.sources);
                let sources = if own.is_empty() {
                    Arc::clone(&sources)
                } else {
                    own
                };
                constraints.push(LayerConstraint {
                    path,
                    predicate,
                    sources,
                });
            }
        }
        let mut entries: Vec<Entry> = draft
            .settings
            .into_iter()
            .filter_map(|setting| {
                let slot = u32::try_from(paths.binary_search(&setting.path).ok()?).ok()?;
                let own = self.cited(&draft.location, &setting.sources);
                Some(Entry {
                    slot,
                    line: setting.at.line,
                    value: setting.value.map(Arc::new),
                    context: setting.context.map(Into::into),
                    sources: if own.is_empty() {
                        Arc::clone(&sources)
                    } else {
                        own
                    },
                })
            })
            .collect();
        entries.sort_by_key(|entry| entry.slot);
        Layer {
            sentence: key.sentence(&self.vocabulary).into(),
            name: name.into(),
            location: draft.location,
            key,
            priority,
            sources,
            entries,
            constraints,
        }
    }
}

fn derived_name(key: &Key, vocabulary: &Vocabulary, names: &HashSet<String>) -> String {
    let name = key.name(vocabulary);
    if !names.contains(&name) {
        return name;
    }
    (2..=names.len() + 1)
        .map(|number| format!("{name}-{number}"))
        .find(|candidate| !names.contains(candidate))
        .unwrap_or(name)
}
