//! How a run ends, as the process says it. The codes are those of the command line; a
//! baseline that cannot be used is one of the files here.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::client::TrustError;
use crate::client::kubernetes::KubernetesError;
use crate::client::service::ServiceError;
use crate::wire::{DocumentError, EncodeError};

use super::spool::SpoolError;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything was done, and there is nothing to complain about.
    Done = 0,
    /// Findings, or nothing could be measured.
    Findings = 1,
    /// Arguments that cannot be used.
    Usage = 2,
    /// Files that cannot be read or written.
    Files = 3,
    /// A cluster that cannot be read or written.
    Kubernetes = 4,
    /// A server without an answer.
    Recipe = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// What could not be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// A file that cannot be written.
    #[error("cannot write `{}`: {cause}", path.display())]
    Write { path: PathBuf, cause: io::Error },
    /// A node that is not there.
    #[error("--root: `{}` is no folder (hint: name where the node's root is mounted)", .0.display())]
    NoRoot(PathBuf),
    /// A file that cannot be read.
    #[error("cannot read `{}`: {cause}", path.display())]
    Read { path: PathBuf, cause: io::Error },
    /// Standard output that cannot be written.
    #[error("cannot write to standard output: {0}")]
    Output(io::Error),
    /// A baseline that is no snapshot.
    #[error("the baseline `{place}` cannot be used: {error}")]
    Baseline {
        place: String,
        error: Box<DocumentError>,
    },
    /// A `ConfigMap` without a snapshot.
    #[error("the baseline `{0}` has no key `snapshot.yaml`")]
    NoBaseline(String),
    /// A spool that does not keep.
    #[error("spool: {0}")]
    Spool(#[from] SpoolError),
    /// The cluster.
    #[error(transparent)]
    Kubernetes(Box<KubernetesError>),
    /// Nobody to believe.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The server did not take the snapshot.
    #[error("not posted: {error}{}", kept_in(kept.as_ref()))]
    NotPosted {
        error: Box<ServiceError>,
        kept: Option<PathBuf>,
    },
    /// Every collector failed.
    #[error("nothing could be measured")]
    Nothing,
    /// A document that cannot be written; a defect.
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

impl From<KubernetesError> for Failure {
    fn from(error: KubernetesError) -> Self {
        Self::Kubernetes(Box::new(error))
    }
}

fn kept_in(path: Option<&PathBuf>) -> String {
    path.map_or_else(
        || " (hint: --spool DIR keeps it for the next run)".to_owned(),
        |path| format!("; kept in `{}` for the next run", path.display()),
    )
}

impl Failure {
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Write { .. }
            | Self::NoRoot(_)
            | Self::Read { .. }
            | Self::Output(_)
            | Self::Baseline { .. }
            | Self::NoBaseline(_)
            | Self::Spool(_)
            | Self::Trust(_)
            | Self::Encode(_) => Exit::Files,
            Self::Kubernetes(_) => Exit::Kubernetes,
            Self::NotPosted { .. } => Exit::Recipe,
            Self::Nothing => Exit::Findings,
        }
    }
}
