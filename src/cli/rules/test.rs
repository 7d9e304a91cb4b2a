//! `eidos rules test`.

use std::fmt::Write;
use std::num::NonZero;
use std::thread;

use clap::Args;

use super::load::compiled;
use super::show::traced;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output;
use crate::rules::{Compiled, Expectation, Mismatch, RuleBase};

/// Run the assertions that stand beside the rules.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos rules test
  eidos rules test main:recipes")]
pub(in crate::cli) struct Test {
    /// A folder, a file, or a git revision of either.
    path: Option<String>,
}

impl Test {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let Compiled {
            rules,
            expectations,
            ..
        } = compiled(self.path.as_deref())?;
        let failed = check(&rules, &expectations);
        let mut text = String::new();
        for (expectation, mismatches) in &failed {
            describe(&mut text, &rules, expectation, mismatches);
        }
        let passed = expectations.len() - failed.len();
        let _ = writeln!(text, "{passed} passed, {} failed", failed.len());
        output::print(&text)?;
        Ok(if failed.is_empty() {
            Exit::Done
        } else {
            Exit::Findings
        })
    }
}

/// What is not as expected, in file order.
fn check<'e>(
    rules: &RuleBase,
    expectations: &'e [Expectation],
) -> Vec<(&'e Expectation, Vec<Mismatch>)> {
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let share = expectations.len().div_ceil(threads).max(1);
    let failing = |expectation: &'e Expectation| {
        let mismatches = expectation.check(rules);
        (!mismatches.is_empty()).then_some((expectation, mismatches))
    };
    thread::scope(|scope| {
        let workers: Vec<_> = expectations
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().filter_map(failing).collect::<Vec<_>>()))
            .collect();
        // A panic of a check would be a defect; what the others found still counts.
        workers
            .into_iter()
            .flat_map(|worker| worker.join().unwrap_or_default())
            .collect()
    })
}

fn describe(text: &mut String, rules: &RuleBase, expectation: &Expectation, found: &[Mismatch]) {
    let query: Vec<String> = expectation
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let _ = writeln!(text, "FAILED {} ({})", expectation.name, expectation.at);
    let _ = writeln!(text, "  query {}", query.join(" "));
    for mismatch in found {
        if !mismatch.expected.is_empty() {
            let _ = writeln!(text, "  - {} {}", mismatch.what, mismatch.expected);
        }
        if !mismatch.found.is_empty() {
            let _ = writeln!(text, "  + {} {}", mismatch.what, mismatch.found);
        }
    }
    if let Ok(query) = expectation.question(rules) {
        let wanted = |path: &str| found.iter().any(|mismatch| mismatch.what == path);
        for row in traced(rules, &query).iter().filter(|row| wanted(&row.path)) {
            let _ = writeln!(
                text,
                "    {} is set by {} at {}",
                row.path, row.overlay, row.at
            );
        }
    }
    text.push('\n');
}
