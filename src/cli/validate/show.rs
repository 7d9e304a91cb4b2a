//! Verdicts for people, pull requests and annotations.

use std::fmt::Write;

use crate::assess::{Finding, Outcome, RangeFinding, Verdict};
use crate::cli::github::{annotation, cell, code};
use crate::cli::output;
use crate::model::{Reading, Severity};

/// Something that deviates, in words.
pub(super) struct Deviation {
    pub(super) severity: Severity,
    pub(super) path: String,
    pub(super) expected: String,
    pub(super) found: String,
}

/// What somebody should act on, the worst first.
pub(super) fn deviations(verdict: &Verdict) -> Vec<Deviation> {
    let values = verdict.findings.iter().filter(|finding| finding.deviates());
    let failed = |range: &&RangeFinding| range.outcome == Outcome::Fail;
    let mut found: Vec<Deviation> = values.map(deviation).collect();
    found.extend(verdict.ranges.iter().filter(failed).map(range));
    found.sort_by_key(|deviation| std::cmp::Reverse(deviation.severity));
    found
}

fn deviation(finding: &Finding) -> Deviation {
    Deviation {
        severity: finding.severity,
        path: finding.path.to_string(),
        expected: output::one_line(&finding.expected),
        found: shown(finding.found.as_ref()),
    }
}

fn range(finding: &RangeFinding) -> Deviation {
    Deviation {
        severity: Severity::Error,
        path: finding.path.to_string(),
        expected: finding.range.to_string(),
        found: shown(finding.found.as_ref()),
    }
}

fn shown(found: Option<&Reading>) -> String {
    found.map_or_else(|| "(none)".to_owned(), output::one_line)
}

/// How many, in one line.
pub(super) fn summary(verdict: &Verdict) -> String {
    let unmeasured = verdict.findings.iter().filter(|finding| !finding.measured);
    let issues = match verdict.errors().count() {
        0 => String::new(),
        1 => "; 1 known issue is an error".to_owned(),
        more => format!("; {more} known issues are errors"),
    };
    format!(
        "{}: {} pass, {} fail, {} missing of which {} were not measured{issues}",
        if verdict.passed() { "pass" } else { "fail" },
        verdict.count(Outcome::Pass),
        verdict.count(Outcome::Fail),
        verdict.count(Outcome::Missing),
        unmeasured.count(),
    )
}

pub(super) fn table(verdict: &Verdict) -> String {
    let deviations = deviations(verdict);
    let mut text = String::new();
    if !deviations.is_empty() {
        let heading = ["SEVERITY", "PATH", "EXPECTED", "FOUND"].map(str::to_owned);
        let mut rows = vec![heading.to_vec()];
        rows.extend(deviations.into_iter().map(|deviation| {
            let severity = deviation.severity.name().to_owned();
            vec![
                severity,
                deviation.path,
                deviation.expected,
                deviation.found,
            ]
        }));
        text.push_str(&output::table(&rows));
        text.push('\n');
    }
    text.push_str(&output::advised(&verdict.advisories));
    if !verdict.advisories.is_empty() {
        text.push('\n');
    }
    text.push_str(&summary(verdict));
    text.push('\n');
    text
}

pub(super) fn markdown(verdict: &Verdict) -> String {
    let mut text = format!("### Validation: {}\n", summary(verdict));
    let deviations = deviations(verdict);
    if !deviations.is_empty() {
        text.push_str("\n| severity | path | expected | found |\n|---|---|---|---|\n");
    }
    for deviation in deviations {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            deviation.severity.name(),
            code(&deviation.path),
            cell(&deviation.expected),
            cell(&deviation.found),
        );
    }
    if !verdict.advisories.is_empty() {
        text.push('\n');
    }
    for advisory in &verdict.advisories {
        let _ = writeln!(
            text,
            "- **{}** ({}): {} {}",
            cell(&advisory.id),
            advisory.severity.name(),
            cell(&advisory.message),
            cell(&advisory.remedy),
        );
    }
    text
}

pub(super) fn annotations(verdict: &Verdict) -> String {
    let deviations = deviations(verdict).into_iter().map(|deviation| {
        let Deviation {
            severity,
            path,
            expected,
            found,
        } = deviation;
        let message = format!("{path}: expected {expected}, found {found}");
        annotation(severity, "Deviates from the recipe", &message)
    });
    let advisories = verdict.advisories.iter().map(|advisory| {
        let message = format!("{}\n{}", advisory.message, advisory.remedy);
        annotation(advisory.severity, &advisory.id, &message)
    });
    deviations.chain(advisories).collect()
}
