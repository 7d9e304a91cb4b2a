//! `eidos recipe images`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::bundle::refused;
use super::environment::Environment;
use super::exit::{Exit, Failure};
use super::remote::RemoteArguments;
use super::{input, output};
use crate::bundle::{Images, images};
use crate::model::Recipe;
use crate::wire::{Format, ImagesDocument, encode, is_recipe, read_recipe};

/// List the images that a recipe needs.
///
/// The recipe is made for an environment, or read from a file with -f. Where the
/// driver is among the images, the environment needs --os and --osv.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos recipe images --service eks --gpu h100 --os ubuntu --osv 24.04
  eidos recipe images -f recipe.yaml --registry mirror.example:5000/nvidia-mirror")]
pub(super) struct ImagesCommand {
    #[command(flatten)]
    environment: Environment,
    #[command(flatten)]
    remote: RemoteArguments,
    /// A registry, with a folder if there is one, in place of the public ones;
    /// what follows the registry stays.
    #[arg(long, value_name = "HOST/PATH")]
    registry: Option<String>,
    /// Where to write; the ending .json or .yaml decides the format.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The format; wins over the ending.
    #[arg(short = 't', long, value_enum)]
    format: Option<Written>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Written {
    /// One reference a line.
    Text,
    Json,
    Yaml,
}

impl ImagesCommand {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let recipe = self.recipe()?;
        let path = self.environment.document().map(ToOwned::to_owned);
        let found = images(&recipe, self.registry.as_deref())
            .map_err(|error| refused(&path.unwrap_or_default(), error))?;
        let bytes = match self.written() {
            Written::Text => lines(&found).into_bytes(),
            Written::Json => encode(Format::Json, &ImagesDocument::new(&found))?,
            Written::Yaml => encode(Format::Yaml, &ImagesDocument::new(&found))?,
        };
        output::deliver(self.output.as_deref(), &bytes)?;
        for pin in &found.unresolved {
            output::complain(&format!(
                "{} {} is not listed: {}",
                pin.path, pin.tag, pin.reason
            ));
        }
        Ok(Exit::Done)
    }

    /// The recipe of the file, or the one for what file and flags say.
    fn recipe(&self) -> Result<Recipe, Failure> {
        let document = self.environment.bytes()?;
        if let (Some(path), Some(bytes)) = (self.environment.document(), &document) {
            let format = input::format_of(bytes);
            let wrong = |error| Failure::Document {
                path: path.to_owned(),
                error,
            };
            if is_recipe(bytes, format) {
                if self.environment.has_flags() {
                    return Err(Failure::Query(vec![format!(
                        "`{}` is a recipe and says what it is for: leave the other flags out, or \
                         make a new one with `eidos recipe`",
                        path.display()
                    )]));
                }
                return read_recipe(bytes, format).map_err(wrong);
            }
        }
        self.environment.recipe(&self.remote, document.as_deref())
    }

    fn written(&self) -> Written {
        match (self.format, output::ending(self.output.as_deref())) {
            (Some(format), _) => format,
            (None, Some("yaml" | "yml")) => Written::Yaml,
            (None, Some("json")) => Written::Json,
            (None, _) => Written::Text,
        }
    }
}

/// Each image once: one can serve several purposes.
fn lines(found: &Images) -> String {
    let mut references: Vec<&str> = found
        .images
        .iter()
        .map(|image| image.reference.as_str())
        .collect();
    references.sort_unstable();
    references.dedup();
    references.iter().flat_map(|one| [*one, "\n"]).collect()
}
