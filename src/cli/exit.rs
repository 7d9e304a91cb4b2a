//! Exit codes, and the failures that lead to them.

use std::io;
use std::path::PathBuf;
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
    /// A folder without documents.
    #[error("`{}` has no `*.yaml`, `*.yml` or `*.json` file", .0.display())]
    NoSnapshots(PathBuf),
    /// A file that is no document.
    #[error("`{}`: {error}", path.display())]
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
    #[error("the recipe has no value `{0}`")]
    NoValue(String),
    /// A document that cannot be written; a defect.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Standard output that cannot be written.
    #[error("cannot write the result: {0}")]
    Output(#[from] io::Error),
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
            | Self::Operator(OperatorError::Listen { .. }) => Exit::Usage,
            Self::Service(error) if error.is_about_parameters() => Exit::Usage,
            Self::Cluster(_) | Self::Operator(_) => Exit::Kubernetes,
            Self::NoValue(_) => Exit::Findings,
            Self::Document { .. } | Self::Bundle { .. } | Self::Service(_) | Self::Archive(_) => {
                Exit::Recipe
            }
            Self::Read { .. }
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
