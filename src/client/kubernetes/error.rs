//! What can go wrong with an API server, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::resource::Resource;
use crate::client::http::TransportError;
use crate::client::plain;
use crate::client::retry::{Again, Retryable};
use crate::client::trust::TrustError;

/// Why a cluster did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    /// This process runs in no cluster.
    #[error("this is no pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set")]
    Outside,
    /// The account's certificate authority.
    #[error("service account: {0}")]
    Trust(#[from] TrustError),
    /// The account's token.
    #[error(
        "service account: cannot read `{}`: {cause} \
         (hint: set automountServiceAccountToken: true)",
        path.display()
    )]
    Token {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// It was not reached, or went away.
    #[error("cannot {what} at {address}: {error}")]
    Transport {
        /// Verb and resource.
        what: String,
        /// The API server.
        address: String,
        /// What happened.
        error: TransportError,
    },
    /// There is no such object, or no such kind.
    #[error("cannot {what}: not found: {message}")]
    Missing {
        /// Verb and resource.
        what: String,
        /// The API server's words.
        message: String,
    },
    /// A list changed too much while it was read.
    #[error("cannot {what}: it changes faster than it can be read: {message}")]
    Gone {
        /// Verb and resource.
        what: String,
        /// The API server's words.
        message: String,
    },
    /// Any other no.
    #[error("cannot {what}: {status}: {message}{hint}")]
    Refused {
        /// Verb and resource.
        what: String,
        /// The HTTP status.
        status: u16,
        /// The API server's words.
        message: String,
        /// What to do about it.
        hint: String,
        /// Whether, and when, to try again.
        again: Again,
    },
    /// An answer that is not what Kubernetes answers.
    #[error("cannot {what}: the answer cannot be understood: {reason}")]
    Unreadable {
        /// Verb and resource.
        what: String,
        /// Where it stopped.
        reason: String,
    },
    /// More than a `ConfigMap` can hold.
    #[error(
        "`{name}` would hold {size} bytes, but a ConfigMap holds {limit} at most \
         (hint: measure less with --collectors, or write to a file)"
    )]
    TooLarge {
        /// Namespace and name.
        name: String,
        /// The size of its values.
        size: usize,
        /// What is allowed.
        limit: usize,
    },
    /// Something else was kept than was sent.
    #[error("`{name}` was changed on its way in: `{key}` is not what was sent")]
    Changed {
        /// Namespace and name.
        name: String,
        /// Which key differs.
        key: String,
    },
}

impl Retryable for KubernetesError {
    fn again(&self) -> Again {
        match self {
            Self::Transport { error, .. } => error.again(),
            Self::Refused { again, .. } => *again,
            _ => Again::Never,
        }
    }
}

/// An answer that says no.
pub(super) struct Refusal<'a> {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    pub(super) body: &'a [u8],
}

/// The `Status` object of an API server, as far as it is shown.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Status {
    message: String,
}

impl Refusal<'_> {
    pub(super) fn explain(
        &self,
        verb: &str,
        resource: &Resource<'_>,
        token: &str,
    ) -> KubernetesError {
        let what = format!("{verb} {resource}");
        let status: Status = serde_json::from_slice(self.body).unwrap_or_default();
        let message = if status.message.is_empty() {
            plain(&String::from_utf8_lossy(self.body), token)
        } else {
            plain(&status.message, token)
        };
        let hint = match self.status {
            404 => return KubernetesError::Missing { what, message },
            410 => return KubernetesError::Gone { what, message },
            401 => " (hint: the token of the service account is not valid here)".to_owned(),
            403 => format!(
                " (hint: its role has to allow `{verb}` on `{}`)",
                resource.in_roles()
            ),
            409 => " (hint: somebody else manages the same fields)".to_owned(),
            _ => String::new(),
        };
        let again = match (self.status, self.retry_after) {
            (429 | 500..=599, Some(time)) => Again::After(time),
            (429 | 500..=599, None) => Again::Backoff,
            _ => Again::Never,
        };
        KubernetesError::Refused {
            what,
            status: self.status,
            message,
            hint,
            again,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, Resource};
    use crate::client::retry::{Again, Retryable};
    use std::time::Duration;

    #[test]
    fn a_refusal_says_what_to_do() {
        let pods = Resource::every("v1", "pods");
        let body = br#"{"kind":"Status","message":"pods is forbidden: token canary"}"#;
        let explain = |status, body| {
            let refusal = Refusal {
                status,
                retry_after: Some(Duration::from_secs(2)),
                body,
            };
            refusal.explain("list", &pods, "canary")
        };
        let forbidden = explain(403, body);
        assert_eq!(forbidden.again(), Again::Never);
        assert_eq!(
            forbidden.to_string(),
            "cannot list pods: 403: pods is forbidden: token *** \
             (hint: its role has to allow `list` on `pods`)"
        );
        for (status, words) in [
            (401, "not valid here"),
            (404, "not found"),
            (409, "somebody else"),
            (410, "faster than it can be read"),
            (422, "422"),
        ] {
            let error = explain(status, b"not json \x07");
            assert!(error.to_string().contains(words), "{error}");
            assert!(error.to_string().contains("not json"), "{error}");
            assert_eq!(error.again(), Again::Never);
        }
        for status in [429, 500, 503] {
            assert_eq!(
                explain(status, b"").again(),
                Again::After(Duration::from_secs(2))
            );
        }
    }
}
