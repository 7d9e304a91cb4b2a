//! The operator behind `DriftWatch`: it lets the agent measure a node, compares
//! the snapshot with what the node should be, tells what differs, cleans up, and
//! does it again after an interval.
//!
//! All that it knows is in the cluster: it may end anywhere and another replica
//! goes on. What a difference is, `diff` and `assess` say; what a snapshot holds
//! is the agent's business.

mod error;
mod event;
mod interval;
mod job;
mod judge;
mod lease;
mod place;
mod plan;
mod probe;
mod reconcile;
mod resource;
mod status;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use k8s_openapi::api::batch::v1::Job;
use kube::runtime::controller::{Controller, Error as ControllerError};
use kube::runtime::reflector::Store;
use kube::runtime::watcher;
use kube::{Api, Client, ResourceExt};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};

use crate::metrics::DriftGauges;
use crate::rules::RuleBase;

use job::Template;
use lease::Candidate;
use probe::Probed;
use reconcile::Looker;

pub use error::OperatorError;
pub use interval::Interval;
pub use lease::Term;
pub use resource::{
    Agent, Baseline, DriftWatch, DriftWatchSpec, DriftWatchStatus, RecipeChoice, Schedule, run_name,
};

/// The lease that replicas share.
pub const LEASE: &str = "eidos-watch";

/// How the operator is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The namespace whose watches count; none for all of them.
    pub namespace: Option<String>,
    /// The namespace of the lease.
    pub lease_namespace: String,
    /// Who this replica is; no other one may be called so.
    pub identity: String,
    /// Where metrics and probes are.
    pub address: SocketAddr,
    /// The agent's image, where it is not the one of this release.
    pub image: Option<String>,
    /// The time between runs where a watch names none.
    pub interval: Interval,
    /// How long leadership lasts.
    pub term: Term,
    /// How fast everything else goes.
    pub pace: Pace,
}

/// How long the operator waits for what.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The longest that one look at one watch may take.
    pub patience: Duration,
    /// The time to the first repetition of a look that failed; later ones wait
    /// longer.
    pub retry: Duration,
    /// The longest time between two looks: so late is a baseline noticed that
    /// appears or changes. It is no watch, because that would need the right to
    /// read every `ConfigMap` there is.
    pub check: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            patience: Duration::from_secs(30),
            retry: Duration::from_millis(500),
            check: Duration::from_secs(60),
        }
    }
}

/// Runs until `stop` is done, and then lets another replica act at once.
///
/// # Errors
/// What has to be changed before it can run at all. A cluster that does not answer
/// is waited for.
pub async fn run(
    client: Client,
    rules: Arc<RuleBase>,
    options: Options,
    stop: impl Future<Output = ()>,
) -> Result<(), OperatorError> {
    let address = options.address;
    let listener = TcpListener::bind(address)
        .await
        .map_err(|cause| OperatorError::Listen { address, cause })?;
    let template = Template::read(options.image.as_deref())?;
    let leases = Api::namespaced(client.clone(), &options.lease_namespace);
    let mut candidate = Candidate::new(leases, LEASE, options.identity.clone(), options.term);
    let looker = Looker::new(client, rules, template, &options);
    let replica = Arc::new(Replica {
        looker: Arc::new(looker),
        watches: Mutex::default(),
        heard: Mutex::default(),
        fresh: options.term.duration.max(options.term.retry * 2),
    });
    let listening = listener.local_addr().unwrap_or(address);
    tracing::info!(address = %listening, identity = options.identity, "started");
    tokio::select! {
        never = probe::serve(listener, Arc::clone(&replica)) => match never {},
        () = replica.act(&mut candidate, &options) => {}
        () = stop => {}
    }
    // Nothing of this replica runs any more, so another one may act.
    let released = timeout(options.term.retry, candidate.release()).await;
    match released {
        Ok(Ok(())) => tracing::info!("stopped"),
        Ok(Err(error)) => tracing::warn!(%error, "stopped; the lease was not released"),
        Err(_) => tracing::warn!("stopped; the lease was not released in time"),
    }
    Ok(())
}

/// One of the processes that share the work by taking turns.
struct Replica {
    looker: Arc<Looker>,
    /// What is looked after, while this replica acts.
    watches: Mutex<Option<Store<DriftWatch>>>,
    /// When the cluster last answered.
    heard: Mutex<Option<Instant>>,
    /// How long that counts.
    fresh: Duration,
}

impl Replica {
    /// Waits for its turn, and acts as long as it lasts; again and again.
    async fn act(&self, candidate: &mut Candidate, options: &Options) {
        loop {
            let heard = || *lock(&self.heard) = Some(Instant::now());
            candidate.acquire(heard).await;
            tracing::info!(identity = options.identity, "leading");
            self.looker.metrics.leads(true);
            tokio::select! {
                () = candidate.hold(heard) => {}
                () = self.control(options.namespace.as_deref()) => {}
            }
            // What was under way is gone with the future.
            *lock(&self.watches) = None;
            self.looker.metrics.leads(false);
            tracing::warn!(identity = options.identity, "leadership_lost");
        }
    }

    /// Looks at each watch when it, or its Job, changes, and when it is time to.
    async fn control(&self, namespace: Option<&str>) {
        let client = self.looker.client.clone();
        let (watches, jobs): (Api<DriftWatch>, Api<Job>) = match namespace {
            Some(namespace) => (
                Api::namespaced(client.clone(), namespace),
                Api::namespaced(client, namespace),
            ),
            None => (Api::all(client.clone()), Api::all(client)),
        };
        let jobs_of_watches = watcher::Config::default().labels(&job::selector());
        let controller =
            Controller::new(watches, watcher::Config::default()).owns(jobs, jobs_of_watches);
        *lock(&self.watches) = Some(controller.store());
        let looks = controller.run(
            |watch, looker: Arc<Looker>| async move { looker.look(&watch).await },
            |watch, error, looker| looker.again(&watch, error),
            Arc::clone(&self.looker),
        );
        looks
            .for_each(async |look| match look {
                // Failed looks are told where they fail.
                Ok(_)
                | Err(ControllerError::ReconcilerFailed(..) | ControllerError::ObjectNotFound(_)) =>
                    {}
                Err(ControllerError::QueueError(error)) => {
                    tracing::warn!(%error, hint = hint(&error), "cluster_not_watched");
                }
                Err(error) => tracing::error!(%error, "look_lost"),
            })
            .await;
    }
}

/// What to do about a cluster that cannot be watched.
fn hint(error: &watcher::Error) -> &'static str {
    use watcher::Error::{InitialListFailed, WatchError, WatchFailed, WatchStartFailed};
    let code = match error {
        InitialListFailed(kube::Error::Api(status))
        | WatchStartFailed(kube::Error::Api(status))
        | WatchFailed(kube::Error::Api(status))
        | WatchError(status) => Some(status.code),
        _ => None,
    };
    match code {
        Some(404) => "kubectl apply -f k8s/drift-watcher/base/crd.yaml",
        Some(403) => "the account needs the rights of k8s/drift-watcher/base/rbac.yaml",
        _ => "it is tried again",
    }
}

impl Probed for Replica {
    fn ready(&self) -> bool {
        lock(&self.heard).is_some_and(|heard| heard.elapsed() < self.fresh)
    }

    fn metrics(&self) -> String {
        let watches = lock(&self.watches);
        let known = watches.as_ref().map(Store::state).unwrap_or_default();
        let gauges: Vec<DriftGauges> = known.iter().map(|watch| gauges(watch)).collect();
        self.looker.metrics.render(&gauges)
    }
}

fn gauges(watch: &DriftWatch) -> DriftGauges {
    let status = watch.status.clone().unwrap_or_default();
    let says = |kind: &str| {
        let condition = status::find(&status, kind)?;
        match &*condition.status {
            "True" => Some(true),
            "False" => Some(false),
            _ => None,
        }
    };
    DriftGauges {
        namespace: watch.namespace().unwrap_or_default(),
        name: watch.name_any(),
        detected: says(status::DRIFTED),
        changes: status.changes,
        findings: status.findings,
        synced: says(status::SYNCED).filter(|_| !watch.spec.suspend),
        agent_failed: says(status::AGENT_FAILED),
        last_run: status.last_run_time.as_ref().map(|time| time.0.as_second()),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
