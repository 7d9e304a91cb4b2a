//! The API server of the cluster this process runs in, by plain REST and the
//! account of its pod.
//!
//! Only what a small agent needs: reading, paging, one `ConfigMap`. Kubeconfig
//! files, watches and everything else about a cluster are left to others.

mod config_map;
mod error;
mod resource;

use std::fs;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::Method;

use super::http::{Call, Http, TransportError};
use super::retry::{Clock, Retry};
use super::trust::Trust;

pub use config_map::{ConfigMap, LARGEST_DATA};
pub use error::KubernetesError;
pub use resource::{Resource, is_name};

/// Where a pod finds its account.
pub const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Objects a page, as `kubectl` asks for them.
const PAGE: usize = 500;
/// A list that grows old while it is read is begun again, but not for ever.
const RESTARTS: usize = 3;
/// One attempt, from looking up the address to the last byte.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read: a page of the largest pods there are.
const LARGEST_ANSWER: u64 = 512 << 20;

/// The API server, and who asks.
#[derive(Clone)]
pub struct Kubernetes {
    http: Http,
    base: String,
    token: PathBuf,
    clock: Arc<dyn Clock + Send + Sync>,
    patience: Duration,
}

/// A page of a list, of which only what `T` names is kept while it is read.
#[derive(Deserialize)]
struct Page<T> {
    metadata: PageMetadata,
    // Go writes an empty list as null.
    items: Option<Vec<T>>,
}

#[derive(Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    next: String,
}

impl Kubernetes {
    /// The cluster that runs this process, by `KUBERNETES_SERVICE_HOST` and
    /// `_PORT` (no name has to be looked up) and the folder of a service account.
    /// Requests that may succeed later are repeated for as long as `patience`.
    ///
    /// # Errors
    /// `Outside` when this is no pod; else what is wrong with the account.
    pub fn in_cluster(
        lookup: impl Fn(&str) -> Option<String>,
        account: &Path,
        clock: Arc<dyn Clock + Send + Sync>,
        patience: Duration,
    ) -> Result<Self, KubernetesError> {
        let given = |name| lookup(name).filter(|value| !value.is_empty());
        let (Some(host), Some(port)) = (
            given("KUBERNETES_SERVICE_HOST"),
            given("KUBERNETES_SERVICE_PORT"),
        ) else {
            return Err(KubernetesError::Outside);
        };
        let base = base(&host, &port);
        let trust = Trust::File(account.join("ca.crt"));
        Ok(Self {
            http: Http::new(&base, &trust, false)?,
            base,
            token: account.join("token"),
            clock,
            patience,
        })
    }

    /// An object, or whatever else is behind a resource.
    ///
    /// # Errors
    /// Says what was asked for, and why it was not given.
    pub fn get<T: DeserializeOwned>(&self, resource: &Resource<'_>) -> Result<T, KubernetesError> {
        self.call(&Method::GET, resource, "", None)
    }

    /// Every object of a list, page by page, folded into one state. A list that
    /// changes too much while it is read starts over, with a new state.
    ///
    /// # Errors
    /// Says what was asked for, and why it was not given.
    pub fn fold<T: DeserializeOwned, S: Default>(
        &self,
        resource: &Resource<'_>,
        mut step: impl FnMut(&mut S, T),
    ) -> Result<S, KubernetesError> {
        let mut restarts = 0;
        let mut state = S::default();
        let mut next = String::new();
        loop {
            let query = if next.is_empty() {
                format!("limit={PAGE}")
            } else {
                format!("limit={PAGE}&continue={}", resource::escape(&next))
            };
            let page: Page<T> = match self.call(&Method::GET, resource, &query, None) {
                Err(KubernetesError::Gone { .. }) if !next.is_empty() && restarts < RESTARTS => {
                    restarts += 1;
                    state = S::default();
                    next.clear();
                    continue;
                }
                page => page?,
            };
            for item in page.items.unwrap_or_default() {
                step(&mut state, item);
            }
            next = page.metadata.next;
            if next.is_empty() {
                return Ok(state);
            }
        }
    }

    fn call<T: DeserializeOwned>(
        &self,
        method: &Method,
        resource: &Resource<'_>,
        query: &str,
        body: Option<(&'static str, &[u8])>,
    ) -> Result<T, KubernetesError> {
        let mut url = format!("{}{}", self.base, resource.path());
        if !query.is_empty() {
            url.push('?');
            url.push_str(query);
        }
        let attempt = || {
            // Read each time: the kubelet replaces it before it expires.
            let token = self.token()?;
            let call = Call {
                method: method.clone(),
                url: &url,
                bearer: Some(&token),
                accept: "application/json",
                body,
                limit: TIMEOUT,
            };
            self.once(&call, resource, &token)
        };
        Retry::within(&*self.clock, self.patience).run(attempt, |_, _| {})
    }

    fn once<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        resource: &Resource<'_>,
        token: &str,
    ) -> Result<T, KubernetesError> {
        let verb = resource.verb(&call.method);
        let broken = |error| KubernetesError::Transport {
            what: format!("{verb} {resource}"),
            address: self.base.clone(),
            error,
        };
        let answer = self.http.send(call).map_err(broken)?;
        let (status, retry_after) = (answer.status, answer.retry_after);
        if !(200..300).contains(&status) {
            let body = answer.bytes(1 << 20).unwrap_or_default();
            let refusal = error::Refusal {
                status,
                retry_after,
                body: &body,
            };
            return Err(refusal.explain(verb, resource, token));
        }
        let reader = BufReader::with_capacity(64 << 10, answer.reader(LARGEST_ANSWER));
        serde_json::from_reader(reader).map_err(|error| match error.io_error_kind() {
            Some(_) => broken(TransportError::of_io(&error.into(), call.limit)),
            None => KubernetesError::Unreadable {
                what: format!("{verb} {resource}"),
                reason: error.to_string(),
            },
        })
    }

    fn token(&self) -> Result<String, KubernetesError> {
        let unreadable = |cause| KubernetesError::Token {
            path: self.token.clone(),
            cause,
        };
        let mut text = String::new();
        let file = fs::File::open(&self.token).map_err(unreadable)?;
        file.take(64 << 10)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        Ok(text.trim().to_owned())
    }
}

fn base(host: &str, port: &str) -> String {
    if host.contains(':') {
        format!("https://[{host}]:{port}")
    } else {
        format!("https://{host}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::base;

    #[test]
    fn addresses_of_both_families_are_urls() {
        assert_eq!(base("10.96.0.1", "443"), "https://10.96.0.1:443");
        assert_eq!(base("fd00::1", "6443"), "https://[fd00::1]:6443");
    }
}
