//! `eidos recipe` and `eidos query`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::embedded::embedded;
use super::environment::Environment;
use super::exit::{Exit, Failure};
use super::images::ImagesCommand;
use super::output;
use super::remote::{Remote, RemoteArguments};
use crate::cluster::Component;
use crate::model::{Recipe, Selector, nearest};
use crate::wire::{Format, RecipeDocument, RecipeOptions, encode};

/// Say what an environment should run.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  eidos recipe --service eks --gpu h100 --intent training
  eidos recipe -f snapshot.yaml --intent training -o recipe.yaml
  eidos recipe -f cm://gpu-operator/eidos-snapshot --context -o recipe.yaml
  eidos recipe --server https://eidos.example.com --service gke --gpu b200"
)]
pub(super) struct RecipeCommand {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    environment: Environment,
    #[command(flatten)]
    remote: RemoteArguments,
    /// Add the reason beside every value.
    #[arg(long)]
    context: bool,
    /// Add which overlay set each value, and what nearly applied.
    #[arg(long)]
    explain: bool,
    /// Where to write, a file or `cm://NAMESPACE/NAME`; the ending .json or .yaml
    /// decides the format.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The format; wins over the ending.
    #[arg(short = 't', long, value_enum)]
    format: Option<Written>,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// List the images that a recipe needs.
    Images(ImagesCommand),
}

/// Print one value of a recipe.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos query --service eks --gpu h100 --selector K8s.image.gpu-operator
  eidos query -f snapshot.yaml --selector GPU.smi.driver")]
pub(super) struct QueryCommand {
    #[command(flatten)]
    environment: Environment,
    #[command(flatten)]
    remote: RemoteArguments,
    /// Type, subtype and key, such as K8s.image.gpu-operator.
    #[arg(long)]
    selector: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Written {
    Json,
    Yaml,
    /// One line a value, then ranges, known issues and coverage; for people.
    Table,
}

impl Written {
    /// The format of a document; none for what only people read.
    const fn format(self) -> Option<Format> {
        match self {
            Self::Json => Some(Format::Json),
            Self::Yaml => Some(Format::Yaml),
            Self::Table => None,
        }
    }

    /// What a file of this format ends in.
    const fn ending(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Yaml => "yaml",
            Self::Table => "txt",
        }
    }
}

impl RecipeCommand {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        if let Some(Part::Images(command)) = &self.part {
            return command.run();
        }
        let document = self.environment.bytes()?;
        let bytes = match self.remote.remote()? {
            Some(remote) => self.asked(&remote, document.as_deref())?,
            None => self.made(document.as_deref())?,
        };
        let (path, format) = (self.output.as_deref(), self.written().ending());
        output::keep(path, Component::Recipe, format, &bytes)?;
        Ok(Exit::Done)
    }

    /// By the embedded rules.
    fn made(&self, document: Option<&[u8]>) -> Result<Vec<u8>, Failure> {
        let rules = embedded()?;
        let (query, notes) = self.environment.understand(&rules, document)?;
        let mut recipe = rules.recipe(&query);
        recipe.notes = notes;
        let trace = self.explain.then(|| rules.trace(&query));
        let options = RecipeOptions {
            context: self.context,
            trace: trace.as_ref(),
        };
        Ok(match self.written().format() {
            None => table(&recipe).into_bytes(),
            Some(format) => encode(format, &RecipeDocument::new(&recipe, options))?,
        })
    }

    /// By a server.
    fn asked(&self, remote: &Remote, document: Option<&[u8]>) -> Result<Vec<u8>, Failure> {
        let mut pairs = self.environment.pairs();
        pairs.extend(self.context.then_some(("context", "true")));
        pairs.extend(self.explain.then_some(("explain", "true")));
        let format = self.written().format();
        let (bytes, recipe) = remote.recipe(&pairs, document, format.unwrap_or(Format::Json))?;
        Ok(match format {
            None => table(&recipe).into_bytes(),
            Some(_) => bytes,
        })
    }

    fn written(&self) -> Written {
        match (self.format, output::ending(self.output.as_deref())) {
            (Some(format), _) => format,
            (None, Some("yaml" | "yml")) => Written::Yaml,
            // People read ConfigMaps, and no JSON.
            (None, _) if output::is_config_map(self.output.as_deref()) => Written::Yaml,
            (None, Some("table" | "txt")) => Written::Table,
            (None, _) => Written::Json,
        }
    }
}

/// Values, and what to know before they are used.
fn table(recipe: &Recipe) -> String {
    let values = recipe
        .settings
        .iter()
        .map(|setting| vec![setting.path.to_string(), setting.value.to_string()]);
    let ranges = recipe
        .constraints
        .iter()
        .map(|one| vec![one.path.to_string(), one.predicate.to_string()]);
    let notes = recipe.notes.iter().flat_map(|note| [note.as_str(), "\n"]);
    let missing: Vec<&str> = recipe
        .coverage
        .missing
        .iter()
        .map(|one| one.name())
        .collect();
    let open = match &missing[..] {
        [] => String::new(),
        missing => format!("; no rule is about {}", missing.join(", ")),
    };
    let part = |title: &str, text: String| match text.as_str() {
        "" => text,
        text => format!("\n{title}\n{text}"),
    };
    [
        output::table(&values.collect::<Vec<_>>()),
        part("has to be:", output::table(&ranges.collect::<Vec<_>>())),
        part("known issues:", output::advised(&recipe.advisories)),
        part("notes:", notes.collect()),
        format!("\ncoverage: {}{open}\n", recipe.coverage.level.name()),
    ]
    .concat()
}

impl QueryCommand {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let wrong = || {
            let said = "is no type, subtype and key such as K8s.image.gpu-operator";
            Failure::Query(vec![format!("selector `{}` {said}", self.selector)])
        };
        let selector = Selector::parse(&self.selector).ok_or_else(wrong)?;
        let document = self.environment.bytes()?;
        let recipe = self.environment.recipe(&self.remote, document.as_deref())?;
        let setting = recipe.get(&selector);
        let setting = setting.ok_or_else(|| self.absent(&recipe))?;
        output::print(&format!("{}\n", setting.value.text()))?;
        Ok(Exit::Done)
    }

    fn absent(&self, recipe: &Recipe) -> Failure {
        let paths: Vec<String> = recipe
            .settings
            .iter()
            .map(|setting| setting.path.to_string())
            .collect();
        let near = nearest(&self.selector, paths.iter().map(String::as_str));
        Failure::NoValue {
            given: self.selector.clone(),
            nearest: near.map(str::to_owned),
        }
    }
}
