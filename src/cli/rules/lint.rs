//! `eidos rules lint`.

use std::fmt::Write;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::load::{Loaded, load};
use crate::bundle;
use crate::cli::exit::{Exit, Failure};
use crate::cli::github::{escape, property};
use crate::cli::output;
use crate::rules::{Diagnostic, DiagnosticSeverity, RuleFile, compile, lint};

/// Find what is wrong, doubtful or missing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos rules lint
  eidos rules lint recipes --format sarif > eidos.sarif")]
pub(in crate::cli) struct Lint {
    /// A folder, a file, or a git revision of either.
    path: Option<String>,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// For people, with the place in the source.
    Text,
    /// One array of objects.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of a pull request.
    Github,
}

impl Lint {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let Loaded { texts, root } = load(self.path.as_deref())?;
        let found = match compile(&texts.files, &texts.defaults, &texts.digest) {
            Ok(compiled) => {
                let mut found = compiled.warnings;
                found.extend(lint(&compiled.rules, bundle::reads));
                found
            }
            Err(found) => found,
        };
        let text = match self.format {
            Format::Text => text(&found, &texts.files),
            Format::Json => format!("{}\n", found.iter().map(object).collect::<Value>()),
            Format::Sarif => format!("{}\n", sarif(&found, &root)),
            Format::Github => found
                .iter()
                .map(|finding| annotation(finding, &root))
                .collect(),
        };
        output::print(&text)?;
        let serious = found
            .iter()
            .any(|finding| finding.severity != DiagnosticSeverity::Note);
        Ok(if serious { Exit::Findings } else { Exit::Done })
    }
}

fn text(found: &[Diagnostic], files: &[RuleFile]) -> String {
    let renderer = if output::colours() {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let mut text = String::new();
    for finding in found {
        let source = files.iter().find(|file| *file.path == *finding.file);
        let source = source.map_or("", |file| &file.text);
        let level = match finding.severity {
            DiagnosticSeverity::Error => Level::ERROR,
            DiagnosticSeverity::Warning => Level::WARNING,
            DiagnosticSeverity::Note => Level::NOTE,
        };
        let snippet = Snippet::source(source)
            .path(&*finding.file)
            .annotation(AnnotationKind::Primary.span(span(source, finding)));
        let mut group: Group<'_> = level
            .primary_title(finding.message.as_str())
            .id(finding.code)
            .element(snippet);
        if let Some(hint) = &finding.hint {
            group = group.element(Level::HELP.message(hint.as_str()));
        }
        text.push_str(&renderer.render(&[group]));
        text.push_str("\n\n");
    }
    let count = |severity| {
        found
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    };
    let _ = writeln!(
        text,
        "{} errors, {} warnings, {} notes",
        count(DiagnosticSeverity::Error),
        count(DiagnosticSeverity::Warning),
        count(DiagnosticSeverity::Note)
    );
    text
}

/// The word at a finding's place, in bytes.
fn span(source: &str, finding: &Diagnostic) -> std::ops::Range<usize> {
    let line = usize::try_from(finding.at.line)
        .unwrap_or(1)
        .saturating_sub(1);
    let column = usize::try_from(finding.at.column)
        .unwrap_or(1)
        .saturating_sub(1);
    let before: usize = source.split_inclusive('\n').take(line).map(str::len).sum();
    let text = source.get(before..).unwrap_or_default();
    let text = text.lines().next().unwrap_or_default();
    let skipped: usize = text.chars().take(column).map(char::len_utf8).sum();
    let word = text.get(skipped..).unwrap_or_default();
    // Some findings know their line only.
    let skipped = skipped + word.len() - word.trim_start().len();
    let word = word.trim_start();
    let length = word.find([',', '}', ']', '#']).unwrap_or(word.len());
    let length = word.get(..length).unwrap_or_default().trim_end().len();
    let start = before + skipped;
    start..start + length.max(1).min(word.len())
}

fn object(finding: &Diagnostic) -> Value {
    json!({
        "severity": finding.severity.name(),
        "code": finding.code,
        "message": finding.message,
        "file": &*finding.file,
        "line": finding.at.line,
        "column": finding.at.column,
        "hint": finding.hint,
    })
}

fn placed(file: &str, root: &str) -> String {
    if root.is_empty() {
        file.to_owned()
    } else {
        format!("{}/{file}", root.trim_end_matches('/'))
    }
}

fn sarif(found: &[Diagnostic], root: &str) -> Value {
    let result = |finding: &Diagnostic| {
        json!({
            "ruleId": finding.code,
            "level": finding.severity.name(),
            "message": {"text": match &finding.hint {
                Some(hint) => format!("{}; {hint}", finding.message),
                None => finding.message.clone(),
            }},
            "locations": [{"physicalLocation": {
                "artifactLocation": {"uri": placed(&finding.file, root)},
                "region": {"startLine": finding.at.line.max(1), "startColumn": finding.at.column.max(1)},
            }}],
        })
    };
    let mut codes: Vec<&str> = found.iter().map(|finding| finding.code).collect();
    codes.sort_unstable();
    codes.dedup();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "eidos rules lint",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| json!({"id": code})).collect::<Vec<_>>(),
            }},
            "results": found.iter().map(result).collect::<Vec<_>>(),
        }],
    })
}

/// A workflow command with the place of the finding.
fn annotation(finding: &Diagnostic, root: &str) -> String {
    let kind = match finding.severity {
        DiagnosticSeverity::Note => "notice",
        severity => severity.name(),
    };
    let mut message = finding.message.clone();
    if let Some(hint) = &finding.hint {
        message.push('\n');
        message.push_str(hint);
    }
    format!(
        "::{kind} file={},line={},col={},title={}::{}\n",
        property(&placed(&finding.file, root)),
        finding.at.line,
        finding.at.column,
        property(finding.code),
        escape(&message)
    )
}
