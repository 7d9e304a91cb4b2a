//! From drafts to a rule base: names resolved, layers ranked, paths interned.
//!
//! Either everything compiles or nothing does; every error of one pass is
//! reported. What needs all layers at once is left to `analyse`.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::model::{
    Advisory, Condition, EnumParameter, Parameter, ParameterKind, Path, Selector, ValueId,
    VersionParameter, VersionPredicate, Vocabulary, nearest,
};

use super::advisory::{AdvisoryRule, Clause, Subject};
use super::base::{ConstrainedPath, Entry, Layer, LayerConstraint, RuleBase, Sources};
use super::coverage::{Grid, Row};
use super::diagnostic::{Diagnostic, Location, Report};
use super::draft::{AdvisoryDraft, CoverageDraft, Drafts, LayerDraft, OverlayDraft};
use super::fields::Spanned;
use super::index::Index;
use super::key::Key;
use super::source::RuleFile;
use super::{SourceInfo, analyse, check, vocabulary};

/// A rule base and what its authors should look at.
#[derive(Debug)]
pub struct Compiled {
    /// The rule base.
    pub rules: RuleBase,
    /// Warnings, by file and place.
    pub warnings: Vec<Diagnostic>,
}

/// Compiles rule files. `defaults` supply the parameters, sources and coverage
/// that `files` do not carry; `digest` names the texts, as `sha256:` and 64
/// hexadecimal digits.
///
/// # Errors
/// All diagnostics of the pass, warnings included, if any of them is an error.
pub fn compile(
    files: &[RuleFile],
    defaults: &[RuleFile],
    digest: &str,
) -> Result<Compiled, Vec<Diagnostic>> {
    let mut report = Report::default();
    let mut drafts = read_all(files, &mut report);
    fill_in(&mut drafts, defaults, &mut report);
    let vocabulary = match drafts.parameters.take() {
        Some(parameters) => vocabulary::build(parameters, &mut report),
        None => Vocabulary::default(),
    };
    let sources = drafts.sources.into_iter().map(|(id, info)| (id.into(), info)).collect();
    let mut compiler = Compiler { report, vocabulary, sources };
    let base = drafts.base.unwrap_or_else(|| {
        let location = check::file_start(files.first().map_or("", |file| &file.path));
        let hint = "add a `base:` with the values every recipe starts from";
        compiler.report.error_with_hint(location.clone(), "empty-base", "there is no base", hint);
        let (sources, constraints, settings) = (Vec::new(), Vec::new(), Vec::new());
        LayerDraft { location, sources, constraints, settings }
    });
    let ranked = compiler.rank(base, drafts.overlays);
    let paths = sorted_paths(&ranked);
    let constrained = compiler.constrained_paths(&ranked);
    let layers: Vec<Layer> = ranked
        .into_iter()
        .map(|ranked| compiler.layer(ranked, &paths, &constrained))
        .collect();
    let advisories = drafts
        .advisories
        .into_iter()
        .filter_map(|draft| compiler.advisory(draft, &paths))
        .collect();
    let rows = drafts.coverage.into_iter().filter_map(|draft| compiler.row(&draft)).collect();
    let Compiler { mut report, vocabulary, sources } = compiler;
    let release = drafts.release;
    let version = release.as_ref().and_then(|release| release.version.clone());
    let rules = RuleBase {
        version: version.unwrap_or_else(|| short(digest)).into(),
        released: release.and_then(|release| release.released).map(Into::into),
        digest: digest.into(),
        index: Index::new((0..).zip(&layers).map(|(rank, layer)| (rank, &layer.key))),
        paths: paths.into_iter().map(Arc::new).collect(),
        grid: Grid::new(rows),
        vocabulary,
        sources,
        constrained,
        layers,
        advisories,
    };
    analyse::analyse(&rules, &mut report);
    report.finish().map(|warnings| Compiled { rules, warnings })
}

fn short(digest: &str) -> String {
    digest.trim_start_matches("sha256:").chars().take(12).collect()
}

fn read_all(files: &[RuleFile], report: &mut Report) -> Drafts {
    let mut sorted: Vec<&RuleFile> = files.iter().collect();
    sorted.sort_by(|left, right| left.path.as_bytes().cmp(right.path.as_bytes()));
    let mut drafts = Drafts::default();
    for file in sorted {
        check::read(file, &mut drafts, report);
    }
    drafts
}

/// Takes from the defaults the sections that the files do not carry.
fn fill_in(drafts: &mut Drafts, defaults: &[RuleFile], report: &mut Report) {
    if defaults.is_empty() {
        return;
    }
    let spare = read_all(defaults, report);
    if drafts.parameters.is_none() {
        drafts.parameters = spare.parameters;
    }
    if drafts.sources.is_empty() {
        drafts.sources = spare.sources;
    }
    if drafts.coverage.is_empty() {
        drafts.coverage = spare.coverage;
    }
}

/// A layer with its key resolved, in its place.
struct Ranked {
    name: String,
    key: Key,
    priority: i64,
    draft: LayerDraft,
}

fn sorted_paths(ranked: &[Ranked]) -> Vec<Path> {
    let distinct: BTreeSet<&Path> = ranked
        .iter()
        .flat_map(|layer| layer.draft.settings.iter().map(|setting| &setting.path))
        .collect();
    distinct.into_iter().cloned().collect()
}

struct Compiler {
    report: Report,
    vocabulary: Vocabulary,
    sources: Vec<(Arc<str>, SourceInfo)>,
}

impl Compiler {
    fn at(&self, location: &Location, spanned: &Spanned) -> Location {
        Location { file: Arc::clone(&location.file), at: spanned.at }
    }

    /// The base, then the overlays from least to most specific, then by
    /// priority, then in file order.
    fn rank(&mut self, base: LayerDraft, overlays: Vec<OverlayDraft>) -> Vec<Ranked> {
        let mut names = HashSet::from(["base".to_owned()]);
        let mut ranked = Vec::with_capacity(overlays.len() + 1);
        ranked.push(Ranked { name: "base".to_owned(), key: Key::default(), priority: 0, draft: base });
        for overlay in overlays {
            ranked.push(self.overlay(overlay, &mut names));
        }
        // Stable, so that file order decides last.
        ranked.sort_by_key(|layer| (layer.key.constrained(), layer.priority));
        // A keyless overlay, refused but still here, must not come before the base.
        if let Some(position) = ranked.iter().position(|layer| layer.name == "base") {
            ranked.get_mut(..=position).unwrap_or_default().rotate_right(1);
        }
        ranked
    }

    fn overlay(&mut self, draft: OverlayDraft, names: &mut HashSet<String>) -> Ranked {
        let location = draft.layer.location.clone();
        let key = self.key(&location, &draft.key);
        if draft.key.is_empty() {
            let hint = "name at least one parameter; what holds for all belongs into the base";
            self.report.error_with_hint(location.clone(), "missing-key", "an overlay needs a `key`", hint);
        }
        if draft.layer.settings.is_empty() && draft.layer.constraints.is_empty() {
            let message = "the overlay sets nothing";
            let hint = "give it `types` or `constraints`, or delete it";
            self.report.error_with_hint(location.clone(), "empty-overlay", message, hint);
        }
        let name = match draft.name {
            Some(name) => {
                self.check_name(&location, &name, names);
                name.text
            }
            None => derived_name(&key, &self.vocabulary, names),
        };
        names.insert(name.clone());
        Ranked { name, key, priority: draft.priority, draft: draft.layer }
    }

    fn check_name(&mut self, location: &Location, name: &Spanned, names: &HashSet<String>) {
        let location = self.at(location, name);
        if !vocabulary::is_word(&name.text) {
            let message = format!("`{}` is no overlay name", name.text);
            let hint = "use a-z, 0-9, `.`, `_` and `-`";
            self.report.error_with_hint(location, "bad-name", message, hint);
        } else if names.contains(&name.text) {
            let message = format!("overlay `{}` exists already", name.text);
            self.report.error(location, "duplicate-name", message);
        }
    }

    fn key(&mut self, location: &Location, pairs: &[(Spanned, Spanned)]) -> Key {
        let mut key = Key::default();
        let mut seen = HashSet::new();
        for (name, text) in pairs {
            let Some(parameter) = self.parameter(location, name) else { continue };
            if !seen.insert(parameter) {
                let message = format!("the key names {parameter} twice");
                self.report.error(self.at(location, name), "duplicate-key", message);
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

    fn check_reachable(&mut self, location: &Location, text: &Spanned, predicate: &VersionPredicate) {
        if predicate.interval().is_empty() {
            let message = format!("no version satisfies `{}`", text.text);
            let hint = "the overlay can never apply";
            self.report.warning(self.at(location, text), "unreachable", message, hint);
        }
    }

    fn parameter(&mut self, location: &Location, name: &Spanned) -> Option<Parameter> {
        let parameter = self.vocabulary.parameter(&name.text);
        if parameter.is_none() {
            let known = Parameter::ALL.map(Parameter::name);
            let hint = did_you_mean(&name.text, &known);
            let message = format!("`{}` is no parameter", name.text);
            let location = self.at(location, name);
            self.report.error_with_hint(location, "unknown-parameter", message, hint);
        }
        parameter
    }

    fn value(&mut self, location: &Location, parameter: EnumParameter, text: &Spanned) -> Option<ValueId> {
        let value = self.vocabulary.value(parameter, text.text.trim());
        if value.is_none() {
            let names: Vec<&str> =
                self.vocabulary.values_of(parameter).iter().map(|value| &*value.name).collect();
            let hint = did_you_mean(&text.text, &names);
            let message = format!("`{}` is no value of {}", text.text, parameter.parameter());
            let location = self.at(location, text);
            self.report.error_with_hint(location, "unknown-value", message, hint);
        }
        value
    }

    fn predicate(&mut self, location: &Location, text: &Spanned) -> Option<VersionPredicate> {
        match VersionPredicate::parse(&text.text) {
            Ok(predicate) => Some(predicate),
            Err(error) => {
                let hint = "write a range such as `>=1.30 <1.34`, `1.33` or `1.33.5`";
                let location = self.at(location, text);
                self.report.error_with_hint(location, "bad-predicate", error.to_string(), hint);
                None
            }
        }
    }

    fn constrained_paths(&mut self, ranked: &[Ranked]) -> Vec<ConstrainedPath> {
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
                        let location = self.at(&layer.draft.location, &constraint.path);
                        self.report.error_with_hint(location, "bad-path", message, hint);
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
            .map(|selector| ConstrainedPath { judges: judges(&selector), selector })
            .collect()
    }

    fn layer(&mut self, ranked: Ranked, paths: &[Path], constrained: &[ConstrainedPath]) -> Layer {
        let Ranked { name, key, priority, draft } = ranked;
        let sources = self.cited(&draft.location, &draft.sources);
        let mut constraints = Vec::new();
        for constraint in &draft.constraints {
            let Some(predicate) = self.predicate(&draft.location, &constraint.predicate) else {
                continue;
            };
            let position = Selector::parse(&constraint.path.text).and_then(|selector| {
                constrained.binary_search_by(|path| path.selector.cmp(&selector)).ok()
            });
            if let Some(path) = position.and_then(|position| u32::try_from(position).ok()) {
                let own = self.cited(&draft.location, &constraint.sources);
                let sources = if own.is_empty() { Arc::clone(&sources) } else { own };
                constraints.push(LayerConstraint { path, predicate, sources });
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
                    sources: if own.is_empty() { Arc::clone(&sources) } else { own },
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

    /// The ids as shared texts; unknown ones are reported.
    fn cited(&mut self, location: &Location, ids: &[Spanned]) -> Sources {
        let mut cited = Vec::with_capacity(ids.len());
        for id in ids {
            match self.sources.iter().find(|(known, _)| **known == *id.text) {
                Some((known, _)) => cited.push(Arc::clone(known)),
                None => {
                    let known: Vec<&str> = self.sources.iter().map(|(id, _)| &**id).collect();
                    let hint = did_you_mean(&id.text, &known);
                    let message = format!("`{}` is no source", id.text);
                    let location = self.at(location, id);
                    self.report.error_with_hint(location, "unknown-source", message, hint);
                }
            }
        }
        cited.into()
    }

    fn advisory(&mut self, draft: AdvisoryDraft, paths: &[Path]) -> Option<AdvisoryRule> {
        let sources = self.cited(&draft.location, &draft.sources);
        let when = self.clauses(&draft.location, &draft.when, paths);
        let requires = self.clauses(&draft.location, &draft.requires, paths);
        Some(AdvisoryRule {
            when: when?,
            requires: requires?,
            advisory: Arc::new(Advisory {
                id: draft.id,
                severity: draft.severity,
                message: draft.message,
                remedy: draft.remedy,
                source: sources.join(", "),
            }),
        })
    }

    /// `None` when a clause was refused: without it the advisory would be given
    /// too often.
    fn clauses(
        &mut self,
        location: &Location,
        pairs: &[(Spanned, Spanned)],
        paths: &[Path],
    ) -> Option<Vec<Clause>> {
        let clauses: Vec<Option<Clause>> =
            pairs.iter().map(|pair| self.clause(location, pair, paths)).collect();
        clauses.into_iter().collect()
    }

    fn clause(
        &mut self,
        location: &Location,
        (name, text): &(Spanned, Spanned),
        paths: &[Path],
    ) -> Option<Clause> {
        let condition = match Condition::parse(&text.text) {
            Ok(condition) => condition,
            Err(error) => {
                let hint = "write a text, a version range, or several joined by `||`";
                let location = self.at(location, text);
                self.report.error_with_hint(location, "bad-predicate", error.to_string(), hint);
                return None;
            }
        };
        let subject = match Selector::parse(&name.text) {
            Some(selector) => Subject::Value(self.slot(location, name, &selector, paths)?),
            None => {
                let parameter = self.parameter(location, name)?;
                self.check_values(location, parameter, &condition, text)?;
                Subject::Parameter(parameter)
            }
        };
        Some(Clause { subject, name: name.text.as_str().into(), condition })
    }

    fn slot(
        &mut self,
        location: &Location,
        name: &Spanned,
        selector: &Selector,
        paths: &[Path],
    ) -> Option<u32> {
        let position = paths.iter().position(|path| selector.matches(path));
        if position.is_none() {
            let names: Vec<String> = paths.iter().map(ToString::to_string).collect();
            let hint = match nearest(&name.text, names.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "the condition could never hold".to_owned(),
            };
            let message = format!("no layer sets `{}`", name.text);
            self.report.warning(self.at(location, name), "unknown-path", message, hint);
        }
        position.and_then(|position| u32::try_from(position).ok())
    }

    fn check_values(
        &mut self,
        location: &Location,
        parameter: Parameter,
        condition: &Condition,
        text: &Spanned,
    ) -> Option<()> {
        let ParameterKind::Enum(choice) = parameter.kind() else { return Some(()) };
        for value in condition.texts() {
            let spanned = Spanned { text: value.to_owned(), at: text.at };
            self.value(location, choice, &spanned)?;
        }
        Some(())
    }

    fn row(&mut self, draft: &CoverageDraft) -> Option<Row> {
        self.cited(&draft.location, &draft.sources);
        let mut row = Row { values: [0; 4], level: draft.level };
        for (name, values) in &draft.cell {
            let parameter = self.parameter(&draft.location, name)?;
            let ParameterKind::Enum(choice) = parameter.kind() else {
                let message = format!("coverage is not given by {parameter}");
                let location = self.at(&draft.location, name);
                self.report.error(location, "unknown-parameter", message);
                return None;
            };
            for value in values {
                let value = self.value(&draft.location, choice, value)?;
                if let Some(slot) = row.values.get_mut(choice.index()) {
                    *slot |= Row::bit(value);
                }
            }
        }
        Some(row)
    }
}

fn derived_name(key: &Key, vocabulary: &Vocabulary, names: &HashSet<String>) -> String {
    let name = key.name(vocabulary);
    if !names.contains(&name) {
        return name;
    }
    (2..)
        .map(|number| format!("{name}-{number}"))
        .find(|candidate| !names.contains(candidate))
        .unwrap_or(name)
}

fn did_you_mean(given: &str, known: &[&str]) -> String {
    match nearest(given, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("allowed are {}", known.join(", ")),
    }
}
