//! `eidos diff`: what differs between two snapshots or recipes, or in a fleet.

mod fleet;
mod show;

use std::path::{Path as FilePath, PathBuf};

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::remote::{Remote, RemoteArguments};
use super::{input, output};
use crate::diff::{Change, Readings, changes};
use crate::model::{Path, PathPattern, Profile, Reading, Setting, Snapshot};
use crate::wire::{
    DriftDocument, DriftRequest, Format, encode, is_recipe, read_recipe, read_snapshot,
};

/// Show what differs between two snapshots or two recipes.
///
/// Times, process ids, counters and node names are left out. Where CURRENT is a
/// folder, each of its snapshots is compared with BASELINE (or with the one of
/// the same name, where that is a folder too), the outliers first. A folder
/// alone is compared with what most of its snapshots say.
///
/// Exits with 1 when something differs.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos diff baseline.yaml snapshot.yaml
  eidos diff baseline.yaml snapshot.yaml --format github
  eidos diff baseline.yaml snapshots/ --ignore 'OS.sysctl.*'
  eidos diff snapshots/ --format markdown >> \"$GITHUB_STEP_SUMMARY\"")]
pub(super) struct DiffCommand {
    /// A snapshot or recipe that is as it should be: a file, - for standard input,
    /// `cm://NAMESPACE/NAME` or a URL; or a folder of them.
    baseline: PathBuf,
    /// The snapshot or recipe to look at, or a folder of them.
    current: Option<PathBuf>,
    /// How to show it.
    #[arg(short = 't', long, value_enum, default_value = "text")]
    format: DiffFormat,
    /// Leave out paths, `*` for any run of characters; may be given again.
    #[arg(long, value_name = "PATH")]
    ignore: Vec<String>,
    #[command(flatten)]
    remote: RemoteArguments,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum DiffFormat {
    /// Like a diff, for people.
    Text,
    /// A `DriftReport`.
    Json,
    /// For a pull request or a job summary.
    Markdown,
    /// Annotations of GitHub Actions.
    Github,
}

impl DiffCommand {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let current = self.current.as_deref();
        if current.is_some_and(|current| input::both_standard(&self.baseline, current)) {
            return Err(Failure::InputTwice);
        }
        if current.is_none() && self.baseline.is_file() {
            return Err(Failure::Alone(self.baseline.clone()));
        }
        let comparison = Comparison {
            judge: match self.remote.remote()? {
                Some(remote) => Judge::Remote(remote),
                None => Judge::Profile(crate::library::profile()),
            },
            ignore: self
                .ignore
                .iter()
                .map(|text| PathPattern::new(text))
                .collect(),
        };
        match current {
            Some(current) if !current.is_dir() => {
                let (kind, before) = read(&self.baseline)?;
                let (other, after) = read(current)?;
                if kind != other {
                    return Err(Failure::Mixed(self.baseline.clone(), current.to_owned()));
                }
                let changes = comparison.changes(&before, &after)?;
                let names = (name(&self.baseline), name(current));
                output::print_bytes(&self.written(&changes, &names)?)?;
                Ok(exit(!changes.is_empty()))
            }
            current => fleet::run(&self.baseline, current, &comparison, self.format),
        }
    }

    fn written(&self, changes: &[Change], names: &(String, String)) -> Result<Vec<u8>, Failure> {
        Ok(match self.format {
            DiffFormat::Text => show::text(changes, names, output::colours()).into_bytes(),
            DiffFormat::Json => encode(Format::Json, &DriftDocument::new(changes))?,
            DiffFormat::Markdown => show::markdown(changes, names).into_bytes(),
            DiffFormat::Github => show::annotations(changes, &names.1).into_bytes(),
        })
    }
}

/// What counts as a difference.
struct Comparison {
    judge: Judge,
    ignore: Vec<PathPattern>,
}

/// Who knows what is noise.
enum Judge {
    Profile(Profile),
    Remote(Remote),
}

impl Comparison {
    fn changes(&self, before: &Readings, after: &Readings) -> Result<Vec<Change>, Failure> {
        let remote = match &self.judge {
            Judge::Profile(profile) => return Ok(changes(before, after, profile, &self.ignore)),
            Judge::Remote(remote) => remote,
        };
        let snapshot = |readings: &Readings| Snapshot {
            readings: readings.clone(),
            ..Snapshot::default()
        };
        let mut found = remote.changes(&DriftRequest {
            baseline: snapshot(before),
            current: snapshot(after),
        })?;
        let ignored = |change: &Change| self.ignore.iter().any(|one| one.matches(&change.path));
        found.retain(|change| !ignored(change));
        Ok(found)
    }
}

const fn exit(differs: bool) -> Exit {
    if differs { Exit::Findings } else { Exit::Done }
}

/// Whose readings they are.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Snapshot,
    Recipe,
}

/// What a snapshot measured or a recipe recommends.
fn readings(path: &FilePath) -> Result<Readings, Failure> {
    read(path).map(|(_, readings)| readings)
}

fn read(path: &FilePath) -> Result<(Kind, Readings), Failure> {
    input::read(path, |bytes, format| {
        if !is_recipe(bytes, format) {
            return Ok((Kind::Snapshot, read_snapshot(bytes, format)?.readings));
        }
        let settings = read_recipe(bytes, format)?.settings.into_iter();
        let reading =
            |setting: Setting| (Path::clone(&setting.path), Reading::clone(&setting.value));
        Ok((Kind::Recipe, settings.map(reading).collect()))
    })
}

fn name(path: &FilePath) -> String {
    path.display().to_string()
}
