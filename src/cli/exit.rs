//! Exit codes, and the failures that lead to them.

use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::bundle::BundleError;
use crate::client::service::ServiceError;
use crate::client::{FetchError, TrustError};
use crate::cluster::{ClusterError, ConfigMapUriError};
use crate::library::LibraryError;
use crate::operator::OperatorError;
use crate::rules::Diagnostic;
use crate::wire::{DocumentError, EncodeError};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Nothing to complain about.
    Done = 0,
    /// Differences or findings.
    Findings = 1,
    /// Arguments that cannot be used.
    Usage = 2,
    /// Files that cannot be read or written.
    Files = 3,
    /// The cluster cannot be reached, or refused.
    Kubernetes = 4,
    /// No recipe could be made.
    Recipe = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command could not do its work.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// Rule texts that cannot be read.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// Git refused.
    #[error("git: {0}")]
    Git(String),
    /// Neither a path nor a revision.
    #[error("`{0}` is neither a file, a folder nor a git revision such as main:recipes")]
    NoSuchRules(String),
    /// Rules that have to compile for what was asked.
    #[error("{}", listed(.0))]
    Broken(Vec<Diagnostic>),
    /// A query that cannot be understood.
    #[error("{}", .0.join("\n"))]
    Query(Vec<String>),
    /// A file that cannot be read.
    #[error("cannot read `{}`: {cause}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A node that is not there.
    #[error("--root: `{}` is no folder; hint: name where the node's root is mounted", .0.display())]
    NoRoot(PathBuf),
    /// A file that cannot be written.
    #[error("cannot write `{}`: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A cluster that did not do what it was asked.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// An operator that cannot start.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// A text that should name a `ConfigMap`.
    #[error(transparent)]
    Uri(#[from] ConfigMapUriError),
    /// A server that did not answer what it was asked.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// Nobody could be believed.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// A document that cannot be fetched.
    #[error("cannot fetch {0}")]
    Fetch(#[from] FetchError),
    /// A bundle from a server that is none.
    #[error("the server's bundle cannot be used: {0}")]
    Archive(String),
    /// One document cannot be compared.
    #[error(
        "`{}` alone is nothing to compare; hint: name the snapshot to look at, or a folder of them",
        .0.display()
    )]
    Alone(PathBuf),
    /// A recipe and a snapshot are not of one kind.
    #[error(
        "one of `{}` and `{}` is a recipe, the other a snapshot; hint: `eidos validate -f SNAPSHOT \
         --recipe RECIPE` holds one against the other",
        .0.display(),
        .1.display()
    )]
    Mixed(PathBuf, PathBuf),
    /// Standard input is gone once it is read.
    #[error("standard input (`-`) is named twice, and can be read once")]
    InputTwice,
    /// What only people read, where programs look.
    #[error("a table is for people, and `{}` keeps documents; hint: leave --format out", .0.display())]
    TableKept(PathBuf),
    /// A place that is no file, for what goes into files only.
    #[error(
        "`{}` is no file; hint: ConfigMaps keep snapshots and recipes only, and nothing is sent to URLs",
        .0.display()
    )]
    NoFile(PathBuf),
    /// Two documents on one standard output.
    #[error(
        "`--meta -` and the snapshot would be one document after the other; hint: name a file for one of them"
    )]
    OutputTwice,
    /// A folder without documents.
    #[error("`{}` has no `*.yaml`, `*.yml` or `*.json` file", .0.display())]
    NoSnapshots(PathBuf),
    /// A file that is no document.
    #[error("{}", placed(path, error))]
    Document {
        /// The file.
        path: PathBuf,
        /// What is wrong and where.
        error: DocumentError,
    },
    /// An argument about a bundle that cannot be used.
    #[error("{0}")]
    Choice(BundleError),
    /// A recipe that cannot be bundled.
    #[error("`{}`: {error}", path.display())]
    Bundle {
        /// The recipe.
        path: PathBuf,
        /// What is wrong with it.
        error: BundleError,
    },
    /// A folder that is not a bundle would have to be replaced.
    #[error(
        "`{}` exists and is no bundle of ours; hint: choose another --output, or move it away",
        .0.display()
    )]
    ForeignFolder(PathBuf),
    /// A value that the recipe does not have.
    #[error("the recipe has no value `{given}`{}", suggestion(nearest.as_deref()))]
    NoValue {
        /// What was asked for.
        given: String,
        /// The path that is most like it.
        nearest: Option<String>,
    },
    /// A document that cannot be written; a defect.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Standard output that cannot be written.
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
}

/// The place as compilers write it, so that editors lead there.
fn placed(path: &Path, error: &DocumentError) -> String {
    let mut text = path.display().to_string();
    if let (Some(line), Some(column)) = (error.line, error.column) {
        let _ = write!(text, ":{line}:{column}");
    }
    let _ = write!(text, ": {}", error.message);
    if let Some(hint) = &error.hint {
        let _ = write!(text, "; hint: {hint}");
    }
    text
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
}

fn listed(found: &[Diagnostic]) -> String {
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    format!(
        "{}\nthe rules do not compile; `eidos rules lint` shows the places",
        lines.join("\n")
    )
}

impl Failure {
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Query(_)
            | Self::Choice(_)
            | Self::Uri(_)
            | Self::Alone(_)
            | Self::Mixed(..)
            | Self::InputTwice
            | Self::TableKept(_)
            | Self::NoFile(_)
            | Self::OutputTwice
            | Self::Operator(OperatorError::Listen { .. }) => Exit::Usage,
            Self::Service(error) if error.is_about_parameters() => Exit::Usage,
            Self::Cluster(_) | Self::Operator(_) => Exit::Kubernetes,
            Self::NoValue { .. } => Exit::Findings,
            Self::Document { .. } | Self::Bundle { .. } | Self::Service(_) | Self::Archive(_) => {
                Exit::Recipe
            }
            Self::Read { .. }
            | Self::NoRoot(_)
            | Self::Trust(_)
            | Self::Fetch(_)
            | Self::Write { .. }
            | Self::ForeignFolder(_)
            | Self::Library(_)
            | Self::Git(_)
            | Self::NoSuchRules(_)
            | Self::NoSnapshots(_)
            | Self::Broken(_)
            | Self::Encode(_)
            | Self::Output(_) => Exit::Files,
        }
    }
}
