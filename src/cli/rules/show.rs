//! `eidos rules show`.

use clap::Args;

use super::load::compiled;
use crate::cli::environment::set;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output;
use crate::model::{NearMiss, Query};
use crate::rules::RuleBase;

/// Show where each value of a recipe comes from.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos rules show service=eks gpu=h100 intent=training")]
pub(in crate::cli) struct Show {
    /// The environment, such as `service=eks gpu=h100`.
    query: Vec<String>,
    /// Rules other than the usual ones: a folder, a file, or a git revision.
    #[arg(long)]
    rules: Option<String>,
}

/// One value and where it comes from.
pub(super) struct Row {
    pub(super) path: String,
    pub(super) value: String,
    pub(super) overlay: String,
    pub(super) at: String,
    sources: String,
    overrode: String,
}

impl Show {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let rules = compiled(self.rules.as_deref())?.rules;
        let query = question(&rules, &self.query)?;
        let recipe = rules.recipe(&query);
        let head = ["VALUE", "", "OVERLAY", "AT", "SOURCE", "OVERRODE"].map(str::to_owned);
        let mut rows = vec![head.to_vec()];
        for row in traced(&rules, &query) {
            rows.push(vec![
                row.path,
                row.value,
                row.overlay,
                row.at,
                row.sources,
                row.overrode,
            ]);
        }
        let mut text = output::table(&rows);
        let constraints = recipe.constraints.iter().map(|constraint| {
            let sources = constraint.sources.join(", ");
            vec![
                constraint.path.to_string(),
                constraint.predicate.to_string(),
                sources,
            ]
        });
        section(&mut text, "CONSTRAINTS", &constraints.collect::<Vec<_>>());
        let advisories = recipe.advisories.iter().map(|advisory| {
            vec![
                advisory.severity.name().to_owned(),
                advisory.id.clone(),
                advisory.message.clone(),
            ]
        });
        section(&mut text, "ADVISORIES", &advisories.collect::<Vec<_>>());
        let near = rules.trace(&query).near_misses;
        section(
            &mut text,
            "NEARLY APPLIED",
            &near.iter().map(near_miss).collect::<Vec<_>>(),
        );
        let missing: Vec<&str> = recipe
            .coverage
            .missing
            .iter()
            .map(|parameter| parameter.name())
            .collect();
        let level = recipe.coverage.level.name();
        section(
            &mut text,
            "COVERAGE",
            &[vec![level.to_owned(), missing.join(", ")]],
        );
        output::print(&text)?;
        Ok(Exit::Done)
    }
}

fn near_miss(miss: &NearMiss) -> Vec<String> {
    let given = miss.given.as_deref().unwrap_or("left open");
    vec![
        miss.overlay.to_string(),
        format!("wants {} {}", miss.parameter, miss.wants),
        format!("query: {given}"),
    ]
}

fn section(text: &mut String, title: &str, rows: &[Vec<String>]) {
    if !rows.is_empty() {
        text.push('\n');
        text.push_str(title);
        text.push('\n');
        text.push_str(&output::table(rows));
    }
}

/// Where each value of the recipe for a query comes from.
pub(super) fn traced(rules: &RuleBase, query: &Query) -> Vec<Row> {
    let trace = rules.trace(query);
    let rows = trace.paths.iter().filter_map(|(path, steps)| {
        let (last, before) = steps.split_last()?;
        let value = last
            .value
            .as_ref()
            .map_or_else(|| "(removed)".into(), |value| value.text());
        let overrode: Vec<String> = before
            .iter()
            .rev()
            .map(|step| match &step.value {
                Some(value) => format!("{} {}", step.overlay, value.text()),
                None => format!("{} (removed)", step.overlay),
            })
            .collect();
        Some(Row {
            path: path.to_string(),
            value: value.into_owned(),
            overlay: last.overlay.to_string(),
            at: last.at.clone(),
            sources: last.sources.join(","),
            overrode: overrode.join(", "),
        })
    });
    rows.collect()
}

/// Reads `name=value` pairs, separated by blanks or `&`.
fn question(rules: &RuleBase, pairs: &[String]) -> Result<Query, Failure> {
    let mut query = Query::default();
    let mut wrong = Vec::new();
    for pair in pairs
        .iter()
        .flat_map(|pair| pair.split('&'))
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        set(rules, &mut query, (name, name), value, &mut wrong);
    }
    if wrong.is_empty() {
        Ok(query)
    } else {
        Err(Failure::Query(wrong))
    }
}
