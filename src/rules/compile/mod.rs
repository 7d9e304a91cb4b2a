//! From drafts to a rule base: names resolved, layers ranked, paths interned.
//!
//! Either everything compiles or nothing does; every error of one pass is
//! reported. What needs all layers at once is left to `analyse`.

use std::sync::Arc;

use crate::model::{Profile, Vocabulary};

use super::Expectation;
use super::analyse;
use super::base::{Layer, RuleBase};
use super::check::{self, Drafts, LayerDraft};
use super::coverage::Grid;
use super::diagnostic::{Diagnostic, Report};
use super::index::Index;
use super::source::RuleFile;

mod advice;
mod layers;
mod names;
mod vocabulary;

use layers::sorted_paths;
use names::Compiler;

/// A rule base and what its authors should look at.
#[derive(Debug)]
pub struct Compiled {
    /// The rule base.
    pub rules: RuleBase,
    /// Warnings, by file and place.
    pub warnings: Vec<Diagnostic>,
    /// What the files themselves expect of it, in file order.
    pub expectations: Vec<Expectation>,
}

/// Compiles rule files. `defaults` supply the parameters, sources, coverage and
/// comparing modes that `files` do not carry; `digest` names the texts, as `sha256:` and 64
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
    let mut spare = read_all(defaults, &mut report);
    if drafts.parameters.is_none() {
        drafts.parameters = spare.parameters.take();
    }
    if drafts.sources.is_empty() {
        drafts.sources = spare.sources;
    }
    let vocabulary = match drafts.parameters.take() {
        Some(parameters) => vocabulary::build(parameters, &mut report),
        None => Vocabulary::default(),
    };
    let sources = drafts
        .sources
        .into_iter()
        .map(|(id, info)| (id.into(), info))
        .collect();
    let mut compiler = Compiler {
        report,
        vocabulary,
        sources,
    };
    let base = match drafts.base {
        Some(base) => base,
        None => no_base(files, &mut compiler.report),
    };
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
    let rows = if drafts.coverage.is_empty() {
        compiler.default_rows(&spare.coverage)
    } else {
        let own = drafts.coverage.iter();
        own.filter_map(|draft| compiler.row(draft)).collect()
    };
    let Compiler {
        mut report,
        vocabulary,
        sources,
    } = compiler;
    let release = drafts.release;
    let version = release.as_ref().and_then(|release| release.version.clone());
    let rules = RuleBase {
        version: version.unwrap_or_else(|| short(digest)).into(),
        released: release.and_then(|release| release.released).map(Into::into),
        digest: digest.into(),
        index: Index::new((0..).zip(&layers).map(|(rank, layer)| (rank, &layer.key))),
        paths: paths.into_iter().map(Arc::new).collect(),
        grid: Grid::new(rows),
        profile: drafts.compare.or(spare.compare).unwrap_or_default(),
        vocabulary,
        sources,
        constrained,
        layers,
        advisories,
    };
    analyse::analyse(&rules, &mut report);
    report.finish().map(|warnings| Compiled {
        rules,
        warnings,
        expectations: drafts.expectations,
    })
}

/// The `compare:` of some rule files and nothing else; empty where they have none.
#[must_use]
pub fn profile(files: &[RuleFile]) -> Profile {
    let with_key = |file: &&RuleFile| file.text.lines().any(|line| line == "compare:");
    let files: Vec<RuleFile> = files.iter().filter(with_key).cloned().collect();
    let drafts = read_all(&files, &mut Report::default());
    drafts.compare.unwrap_or_default()
}

/// Stands in for a missing base, so that the rest is still checked.
fn no_base(files: &[RuleFile], report: &mut Report) -> LayerDraft {
    let location = check::file_start(files.first().map_or("", |file| &file.path));
    let hint = "add a `base:` with the values every recipe starts from";
    report.error_with_hint(location.clone(), "empty-base", "there is no base", hint);
    LayerDraft {
        location,
        sources: Vec::new(),
        constraints: Vec::new(),
        settings: Vec::new(),
    }
}

fn short(digest: &str) -> String {
    digest
        .trim_start_matches("sha256:")
        .chars()
        .take(12)
        .collect()
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
