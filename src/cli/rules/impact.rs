//! `eidos rules impact`.

use std::fmt::Write;

use clap::{Args, ValueEnum};
use serde_json::{Map, Value, json};

use super::load::compiled;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output;
use crate::model::Parameter;
use crate::rules::{Change, Scopes, ValueChange, impact};

/// Show which queries get other recipes from NEW than from OLD.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos rules impact main:recipes recipes
  eidos rules impact main:recipes recipes --format markdown")]
pub(in crate::cli) struct Impact {
    /// The rules before: a folder, a file, or a git revision such as main:recipes.
    old: String,
    /// The rules after.
    new: String,
    /// How changes are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// For a comment of a pull request.
    Markdown,
    /// For programs.
    Json,
}

impl Impact {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let old = compiled(Some(&self.old))?.rules;
        let new = compiled(Some(&self.new))?.rules;
        let changes = impact(&old, &new);
        output::print(&match self.format {
            Format::Text => text(&changes),
            Format::Markdown => markdown(&changes),
            Format::Json => format!(
                "{}\n",
                json!({"changes": changes.iter().map(object).collect::<Vec<_>>()})
            ),
        })?;
        Ok(if changes.is_empty() {
            Exit::Done
        } else {
            Exit::Findings
        })
    }
}

fn pairs(scopes: &Scopes) -> impl Iterator<Item = (Parameter, String)> + '_ {
    Parameter::ALL
        .into_iter()
        .zip(scopes)
        .filter_map(|(parameter, scope)| Some((parameter, scope.text()?)))
}

fn query(scopes: &Scopes) -> String {
    let said: Vec<String> = pairs(scopes)
        .map(|(parameter, text)| {
            if text.contains(' ') {
                format!("{parameter}=\"{text}\"")
            } else {
                format!("{parameter}={text}")
            }
        })
        .collect();
    if said.is_empty() {
        "every query".to_owned()
    } else {
        said.join(" ")
    }
}

fn text(changes: &[Change]) -> String {
    let mut text = String::new();
    for change in changes {
        for scopes in &change.queries {
            let _ = writeln!(text, "{}", query(scopes));
        }
        for ValueChange { path, old, new } in &change.values {
            match (old, new) {
                (Some(old), Some(new)) => {
                    let _ = writeln!(text, "  ~ {path}: {old} -> {new}");
                }
                (Some(old), None) => {
                    let _ = writeln!(text, "  - {path}: {old}");
                }
                (None, Some(new)) => {
                    let _ = writeln!(text, "  + {path}: {new}");
                }
                (None, None) => {}
            }
        }
        text.push('\n');
    }
    if changes.is_empty() {
        text.push_str("no query gets another recipe\n");
    }
    text
}

fn markdown(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "No query gets another recipe.\n".to_owned();
    }
    let cell = |text: Option<&String>| {
        text.map_or_else(
            || "–".to_owned(),
            |text| format!("`{}`", text.replace('|', "\\|")),
        )
    };
    let mut text = String::from("### What this changes\n");
    for change in changes {
        text.push('\n');
        for scopes in &change.queries {
            let _ = writeln!(text, "- **{}**", query(scopes));
        }
        text.push_str("\n| value | before | after |\n| --- | --- | --- |\n");
        for ValueChange { path, old, new } in &change.values {
            let _ = writeln!(
                text,
                "| {path} | {} | {} |",
                cell(old.as_ref()),
                cell(new.as_ref())
            );
        }
    }
    text
}

fn object(change: &Change) -> Value {
    let query = |scopes: &Scopes| {
        let map: Map<String, Value> = pairs(scopes)
            .map(|(parameter, text)| (parameter.name().to_owned(), text.into()))
            .collect();
        Value::Object(map)
    };
    let value =
        |change: &ValueChange| json!({"path": change.path, "old": change.old, "new": change.new});
    json!({
        "queries": change.queries.iter().map(query).collect::<Vec<_>>(),
        "values": change.values.iter().map(value).collect::<Vec<_>>(),
    })
}
