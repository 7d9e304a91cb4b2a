//! `eidos validate`: a snapshot against the recipe for it.

mod junit;
mod show;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::embedded::embedded;
use super::environment::EnvironmentFlags;
use super::exit::{Exit, Failure};
use super::remote::RemoteArguments;
use super::{input, output};
use crate::assess::{Verdict, imply, validate};
use crate::library;
use crate::model::{Recipe, Snapshot};
use crate::wire::{Format, ValidationDocument, encode, read_recipe, read_snapshot};

/// Say how far a node is from the recipe for it.
///
/// Every recommended value passes, fails or is missing; version ranges and known
/// issues are judged too. A value of a subtype that the snapshot does not have at
/// all is shown as not measured and fails nothing.
///
/// Exits with 1 when something deviates.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos validate -f snapshot.yaml --intent training
  eidos validate -f snapshot.yaml --format junit > eidos.xml
  kubectl get cm eidos-snapshot -n gpu-operator -o jsonpath='{.data.snapshot\\.yaml}' | eidos validate -f -")]
pub(super) struct ValidateCommand {
    /// The snapshot, JSON or YAML: a file, - for standard input,
    /// `cm://NAMESPACE/NAME` or a URL.
    #[arg(short = 'f', long = "snapshot", value_name = "FILE")]
    snapshot: PathBuf,
    /// Hold the snapshot against this recipe instead of the rules.
    #[arg(long, value_name = "FILE", conflicts_with_all = EnvironmentFlags::NAMES)]
    recipe: Option<PathBuf>,
    #[command(flatten)]
    environment: EnvironmentFlags,
    #[command(flatten)]
    remote: RemoteArguments,
    /// How to show it.
    #[arg(short = 't', long, value_enum, default_value = "table")]
    format: ReportFormat,
    /// Where to write; standard output where nothing is said.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ReportFormat {
    /// What deviates, for people.
    Table,
    /// A `ValidationReport`.
    Json,
    /// A `ValidationReport`.
    Yaml,
    /// Test results, as CI systems read them.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// For a pull request or a job summary.
    Markdown,
}

impl ValidateCommand {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let recipe = self.recipe.as_deref();
        if recipe.is_some_and(|recipe| input::both_standard(&self.snapshot, recipe)) {
            return Err(Failure::InputTwice);
        }
        let remote = match &self.recipe {
            // What is expected is at hand, and no rule is needed.
            Some(_) => None,
            None => self.remote.remote()?,
        };
        let (report, verdict) = match remote {
            Some(remote) => {
                let snapshot = input::bytes(&self.snapshot)?;
                remote.verdict(&self.environment.given(), &snapshot, self.document_format())?
            }
            None => self.judged()?,
        };
        let bytes = match self.format {
            ReportFormat::Table => show::table(&verdict).into_bytes(),
            ReportFormat::Json | ReportFormat::Yaml => report,
            ReportFormat::Junit => junit::report(&verdict)?,
            ReportFormat::Github => show::annotations(&verdict).into_bytes(),
            ReportFormat::Markdown => show::markdown(&verdict).into_bytes(),
        };
        output::deliver(self.output.as_deref(), &bytes)?;
        Ok(if verdict.passed() {
            Exit::Done
        } else {
            Exit::Findings
        })
    }

    const fn document_format(&self) -> Format {
        match self.format {
            ReportFormat::Yaml => Format::Yaml,
            _ => Format::Json,
        }
    }

    /// The report, by what is at hand.
    fn judged(&self) -> Result<(Vec<u8>, Verdict), Failure> {
        let snapshot = input::read(&self.snapshot, read_snapshot)?;
        let (recipe, verdict) = self.judge(&snapshot)?;
        for note in &recipe.notes {
            output::complain(note);
        }
        let report = ValidationDocument::new(&verdict, &recipe);
        Ok((encode(self.document_format(), &report)?, verdict))
    }

    fn judge(&self, snapshot: &Snapshot) -> Result<(Recipe, Verdict), Failure> {
        if let Some(path) = &self.recipe {
            let recipe = input::read(path, read_recipe)?;
            // Whoever made the recipe knew the issues; without rules nobody here does.
            let issues = recipe.advisories.clone();
            let verdict = validate(snapshot, &recipe, issues, &library::profile());
            return Ok((recipe, verdict));
        }
        let rules = embedded()?;
        let implied = imply(snapshot, rules.vocabulary());
        let mut query = implied.query;
        let mut wrong = Vec::new();
        self.environment.add(&rules, &mut query, &mut wrong);
        if !wrong.is_empty() {
            return Err(Failure::Query(wrong));
        }
        let mut recipe = rules.recipe(&query);
        recipe.notes = implied.notes;
        let issues = rules.known_issues(&query, &snapshot.readings);
        let verdict = validate(snapshot, &recipe, issues, rules.profile());
        Ok((recipe, verdict))
    }
}
