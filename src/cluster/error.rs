//! What a cluster can answer instead, in words of whoever has to act.

use std::io;

use kube::config::InferConfigError;

use super::ConfigMapUri;

/// Why the cluster did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Neither kubeconfig nor service account.
    #[error(
        "no cluster is configured: {0}\n  hint: set KUBECONFIG, or run in a pod with a service account"
    )]
    Configuration(String),
    /// A configuration that cannot be used, such as an exec plugin that fails.
    #[error("the cluster's configuration cannot be used: {0}")]
    Client(String),
    /// No answer.
    #[error(
        "the cluster does not answer: {0}\n  hint: is the current context the right one? kubectl config current-context"
    )]
    Unreachable(String),
    /// No such object.
    #[error(
        "{uri} does not exist\n  hint: kubectl get configmap -A -l app.kubernetes.io/name=eidos lists those that do"
    )]
    NotFound {
        /// What was asked for.
        uri: ConfigMapUri,
    },
    /// The account may not.
    #[error(
        "{uri}: this account may not {verb} it: {message}\n  hint: it needs `{verb}` on configmaps in that namespace"
    )]
    Forbidden {
        /// What was asked for.
        uri: ConfigMapUri,
        /// The verb that is missing.
        verb: &'static str,
        /// The server's words.
        message: String,
    },
    /// The account is not known.
    #[error(
        "the cluster does not accept these credentials: {0}\n  hint: log in again, or choose another context"
    )]
    Unauthorized(String),
    /// Another manager owns a field.
    #[error(
        "{uri} belongs to another writer: {message}\n  hint: write to another name, or delete that ConfigMap first"
    )]
    Conflict {
        /// What was to be written.
        uri: ConfigMapUri,
        /// The server's words: who owns which field.
        message: String,
    },
    /// Another refusal.
    #[error("{uri}: the cluster answered {code}: {message}")]
    Refused {
        /// What was asked for.
        uri: ConfigMapUri,
        /// The status.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// A `ConfigMap` without a document.
    #[error("{uri} has neither a snapshot nor a recipe; its keys are {}", .keys.join(", "))]
    NoDocument {
        /// What was read.
        uri: ConfigMapUri,
        /// What is in it.
        keys: Vec<String>,
    },
    /// More than a `ConfigMap` holds.
    #[error(
        "{bytes} bytes do not fit into {uri}: a ConfigMap holds {limit}\n  hint: write to a file instead"
    )]
    TooLarge {
        /// Where it was to be written.
        uri: ConfigMapUri,
        /// The document's size.
        bytes: usize,
        /// What fits.
        limit: usize,
    },
    /// The system refused what every program may do.
    #[error("cannot wait for the cluster: {0}")]
    Runtime(io::Error),
}

impl ClusterError {
    pub(super) fn configuration(error: &InferConfigError) -> Self {
        Self::Configuration(said(error))
    }

    pub(super) fn client(error: &kube::Error) -> Self {
        Self::Client(said(error))
    }

    pub(super) fn refused(uri: &ConfigMapUri, verb: &'static str, error: kube::Error) -> Self {
        let uri = uri.clone();
        let status = match error {
            kube::Error::Api(status) => status,
            kube::Error::Auth(error) => return Self::Client(said(&error)),
            other => return Self::Unreachable(said(&other)),
        };
        let message = status.message.clone();
        match status.code {
            401 => Self::Unauthorized(message),
            403 => Self::Forbidden { uri, verb, message },
            404 => Self::NotFound { uri },
            409 => Self::Conflict { uri, message },
            code => Self::Refused { uri, code, message },
        }
    }
}

/// An error with its causes, each said once.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        cause = inner.source();
    }
    text
}
