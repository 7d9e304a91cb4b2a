//! Who acts, of several replicas: the holder of a `Lease`.
//!
//! As client-go does it: a lease is over when it was not renewed for its whole
//! duration by the clock of whoever looks, never by comparing two clocks, and each
//! write names the version it follows, so that of two replicas one is refused. The
//! crates that offer this compare clocks, or write without a version.

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{Api, PostParams};
use tokio::time::{Instant, sleep, timeout};

/// How long a lease lasts, and how often it is looked at.
#[derive(Debug, Clone, Copy)]
pub struct Term {
    /// How long others wait for a holder that is silent; whole seconds.
    pub duration: Duration,
    /// How long a holder tries to renew before it gives up; shorter than that.
    pub renew: Duration,
    /// The time between two tries.
    pub retry: Duration,
}

impl Default for Term {
    /// As other controllers have it.
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(15),
            renew: Duration::from_secs(10),
            retry: Duration::from_secs(2),
        }
    }
}

/// One candidate.
pub(super) struct Candidate {
    leases: Api<Lease>,
    name: &'static str,
    identity: String,
    term: Term,
    /// The lease of somebody else as it was first seen, and when.
    seen: Option<(LeaseSpec, Instant)>,
    /// When the last renewal that succeeded was begun.
    renewed: Instant,
}

/// What the cluster said.
enum Turn {
    Mine,
    Theirs,
}

impl Candidate {
    pub(super) fn new(
        leases: Api<Lease>,
        name: &'static str,
        identity: String,
        term: Term,
    ) -> Self {
        Self {
            leases,
            name,
            identity,
            term,
            seen: None,
            renewed: Instant::now(),
        }
    }

    /// Waits until the lease is this candidate's. `heard` is told of each answer.
    pub(super) async fn acquire(&mut self, heard: impl Fn()) {
        loop {
            match self.attempt().await {
                Ok(Turn::Mine) => {
                    heard();
                    return;
                }
                Ok(Turn::Theirs) => heard(),
                Err(error) => tracing::warn!(%error, "lease_unreachable"),
            }
            // Replicas that wait for the same lease do not ask in step.
            sleep(self.term.retry.mul_f64(1.0 + fastrand::f64() / 5.0)).await;
        }
    }

    /// Renews the lease until it is lost: nobody else takes it before that, because
    /// others wait for longer than this candidate tries.
    pub(super) async fn hold(&mut self, heard: impl Fn()) {
        loop {
            let left = self.term.renew.saturating_sub(self.renewed.elapsed());
            let renewed = timeout(left, async {
                sleep(self.term.retry).await;
                self.attempt().await
            });
            match renewed.await {
                Ok(Ok(Turn::Mine)) => heard(),
                Ok(Ok(Turn::Theirs)) | Err(_) => return,
                Ok(Err(error)) => tracing::warn!(%error, "lease_not_renewed"),
            }
        }
    }

    /// Lets others have it at once, if it is this candidate's.
    pub(super) async fn release(&mut self) -> Result<(), kube::Error> {
        let Some(mut lease) = self.leases.get_opt(self.name).await? else {
            return Ok(());
        };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_ref() == Some(&self.identity) {
            spec.holder_identity = None;
            let parameters = PostParams::default();
            self.leases.replace(self.name, &parameters, &lease).await?;
        }
        Ok(())
    }

    async fn attempt(&mut self) -> Result<Turn, String> {
        let (began, limit) = (Instant::now(), self.term.renew);
        let answer = timeout(limit, self.ask()).await;
        let answer = answer.map_err(|_| format!("no answer within {limit:?}"))?;
        if let Ok(Turn::Mine) = answer {
            self.renewed = began;
        }
        answer.map_err(|error| error.to_string())
    }

    async fn ask(&mut self) -> Result<Turn, kube::Error> {
        let Some(mut lease) = self.leases.get_opt(self.name).await? else {
            let lease = Lease {
                metadata: ObjectMeta {
                    name: Some(self.name.to_owned()),
                    ..ObjectMeta::default()
                },
                spec: Some(self.claim(None)),
            };
            let made = self.leases.create(&PostParams::default(), &lease).await;
            return won(made);
        };
        let found = lease.spec.take().unwrap_or_default();
        if !self.may_take(&found) {
            return Ok(Turn::Theirs);
        }
        lease.spec = Some(self.claim(Some(&found)));
        let parameters = PostParams::default();
        let taken = self.leases.replace(self.name, &parameters, &lease).await;
        won(taken)
    }

    /// Whether it is this candidate's, nobody's, or over.
    fn may_take(&mut self, found: &LeaseSpec) -> bool {
        let holder = found.holder_identity.as_deref().unwrap_or_default();
        if holder.is_empty() || holder == self.identity {
            return true;
        }
        match &self.seen {
            Some((seen, since)) if seen == found => {
                let seconds = found.lease_duration_seconds.unwrap_or_default();
                let duration = Duration::from_secs(seconds.unsigned_abs().into());
                since.elapsed() >= duration
            }
            _ => {
                self.seen = Some((found.clone(), Instant::now()));
                false
            }
        }
    }

    fn claim(&self, before: Option<&LeaseSpec>) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let mine = before.filter(|spec| spec.holder_identity.as_ref() == Some(&self.identity));
        let transitions = before.and_then(|spec| spec.lease_transitions);
        let seconds = i32::try_from(self.term.duration.as_secs()).unwrap_or(i32::MAX);
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: Some(seconds.max(1)),
            acquire_time: match mine {
                Some(spec) => spec.acquire_time.clone(),
                None => Some(now.clone()),
            },
            renew_time: Some(now),
            lease_transitions: match mine {
                Some(_) => transitions,
                None => Some(transitions.map_or(0, |number| number.saturating_add(1))),
            },
            ..LeaseSpec::default()
        }
    }
}

/// A conflict means that another candidate was faster.
fn won<T>(written: Result<T, kube::Error>) -> Result<Turn, kube::Error> {
    match written {
        Ok(_) => Ok(Turn::Mine),
        Err(kube::Error::Api(status)) if status.code == 409 => Ok(Turn::Theirs),
        Err(error) => Err(error),
    }
}
