//! One look at one watch: read what is there, do the next step of `plan`, keep
//! what was found out.
//!
//! The order of the steps is what survives an end between any two of them: what
//! is told comes before what is kept, and what is kept before what is removed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::batch::v1::Job;
use kube::api::PostParams;
use kube::runtime::controller::Action;
use kube::runtime::reflector::ObjectRef;
use kube::{Client, ResourceExt};

use super::error::LookError;
use super::event::event;
use super::interval::Interval;
use super::job::{Template, belongs, is_current, shelf};
use super::judge::{Judgement, judge, read};
use super::place::{Place, api, unless_there};
use super::plan::{Step, decide};
use super::resource::{Baseline, DriftWatch, DriftWatchStatus, SNAPSHOT_KEY, run_name};
use super::status::{Failed, News, after, notices};
use super::{Pace, status};
use crate::metrics::DriftMetrics;
use crate::rules::RuleBase;

/// What looks at watches need.
pub(super) struct Looker {
    pub(super) client: Client,
    pub(super) rules: Arc<RuleBase>,
    pub(super) template: Template,
    pub(super) interval: Interval,
    pub(super) identity: String,
    pub(super) pace: Pace,
    pub(super) metrics: DriftMetrics,
    /// Looks that failed in a row.
    failures: Mutex<HashMap<ObjectRef<DriftWatch>, u32>>,
}

impl Looker {
    pub(super) fn new(
        client: Client,
        rules: Arc<RuleBase>,
        template: Template,
        options: &super::Options,
    ) -> Self {
        Self {
            client,
            rules,
            template,
            interval: options.interval,
            identity: options.identity.clone(),
            pace: options.pace,
            metrics: DriftMetrics::default(),
            failures: Mutex::default(),
        }
    }

    /// One look, and when to look again.
    pub(super) async fn look(&self, watch: &DriftWatch) -> Result<Action, LookError> {
        let name = watch.name_any();
        let place = Place::new(&self.client, &watch.namespace().unwrap_or_default());
        let look = self.step(&place, &name);
        let action = tokio::time::timeout(self.pace.patience, look)
            .await
            .map_err(|_| LookError::Overrun(self.pace.patience))??;
        self.failed().remove(&ObjectRef::from_obj(watch));
        Ok(action)
    }

    /// When to look again after a failure: later each time.
    pub(super) fn again(&self, watch: &DriftWatch, error: &LookError) -> Action {
        let mut failures = self.failed();
        let failures = failures.entry(ObjectRef::from_obj(watch)).or_default();
        *failures = failures.saturating_add(1);
        let longer = self.pace.retry.saturating_mul(1 << (*failures).min(6));
        let wait = longer.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.metrics.look_failed();
        tracing::warn!(
            watch = watch.name_any(),
            namespace = watch.namespace().unwrap_or_default(),
            %error,
            again_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            "look_failed"
        );
        Action::requeue(wait)
    }

    fn failed(&self) -> std::sync::MutexGuard<'_, HashMap<ObjectRef<DriftWatch>, u32>> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn step(&self, place: &Place, name: &str) -> Result<Action, LookError> {
        // The Job first: if it is gone because its run was finished, the status
        // that was kept before is seen, and no second run begins.
        let run = run_name(name);
        let job = place.jobs.get_opt(&run).await.map_err(api("get the job"))?;
        let watch = place.watches.get_opt(name).await;
        let Some(watch) = watch.map_err(api("get the watch"))? else {
            return Ok(Action::await_change());
        };
        if watch.metadata.deletion_timestamp.is_some() {
            return Ok(Action::await_change());
        }
        let now = now();
        let wanted = self.template.job(&watch);
        if let Some(other) = job.as_ref().filter(|job| !belongs(job, &watch)) {
            let since = other.metadata.creation_timestamp.as_ref();
            let since = since.map_or(now, |time| time.0);
            let failed = refused(since, &format!("there is another Job {run}; delete it"));
            self.keep(place, &watch, News::Failed(failed), None).await?;
            return Ok(Action::requeue(self.pace.check));
        }
        let known = job.as_ref().map(|job| (job, is_current(job, &wanted)));
        match decide(&watch, known, self.interval(&watch), now) {
            Step::Suspend => {
                self.keep(place, &watch, News::Suspended, None).await?;
                place.discard(job.as_ref()).await?;
                Ok(Action::await_change())
            }
            Step::Discard => {
                place.discard(job.as_ref()).await?;
                tracing::info!(watch = name, "run_discarded");
                // Its end is an event that leads here again.
                Ok(Action::requeue(self.pace.check))
            }
            Step::Start => self.start(place, &watch, &wanted).await,
            Step::Wait(end) => Ok(Action::requeue(until(end, now))),
            Step::Collect(at) => {
                let news = self.collect(place, &watch, at).await?;
                self.finish(place, &watch, news, job.as_ref()).await
            }
            Step::Fail(failed) => {
                let news = News::Failed(failed);
                self.finish(place, &watch, news, job.as_ref()).await
            }
            Step::Rest(due) => {
                if let Ok(judgement) = self.compare(place, &watch).await? {
                    self.keep(place, &watch, News::Compared(judgement), None)
                        .await?;
                }
                Ok(Action::requeue(until(due, now).min(self.pace.check)))
            }
        }
    }

    fn interval(&self, watch: &DriftWatch) -> Interval {
        let given = watch.spec.schedule.interval.as_deref();
        given
            .and_then(|text| text.parse().ok())
            .unwrap_or(self.interval)
    }

    async fn start(
        &self,
        place: &Place,
        watch: &DriftWatch,
        wanted: &Job,
    ) -> Result<Action, LookError> {
        let status = watch.status.as_ref();
        let known = status.and_then(|status| status.last_run_generation);
        if known != watch.metadata.generation {
            self.keep(place, watch, News::Pending, None).await?;
        }
        let parameters = PostParams::default();
        let map = shelf(watch);
        let made = unless_there(place.maps.create(&parameters, &map).await);
        made.map_err(api("make the snapshot's place"))?;
        match unless_there(place.jobs.create(&parameters, wanted).await) {
            Ok(()) => {
                tracing::info!(watch = watch.name_any(), "run_started");
                // Its changes are events that lead here; this is for the case
                // that none comes.
                Ok(Action::requeue(self.pace.check))
            }
            // What the spec brought into the Job is wrong, or may not be.
            Err(kube::Error::Api(status)) if matches!(status.code, 400 | 403 | 422) => {
                let failed = refused(now(), &status.message);
                let watch = place.watches.get(&watch.name_any()).await;
                let watch = watch.map_err(api("get the watch"))?;
                self.finish(place, &watch, News::Failed(failed), None).await
            }
            Err(error) => Err(api("make the job")(error)),
        }
    }

    /// What a Job that ended well brought.
    async fn collect(
        &self,
        place: &Place,
        watch: &DriftWatch,
        at: Timestamp,
    ) -> Result<News, LookError> {
        Ok(match self.compare(place, watch).await? {
            Ok(judgement) => News::Measured(at, judgement),
            Err(message) => News::Failed(Failed {
                at,
                reason: "NoSnapshot".to_owned(),
                message,
            }),
        })
    }

    /// Compares the snapshot that is there, or says why it cannot be.
    async fn compare(
        &self,
        place: &Place,
        watch: &DriftWatch,
    ) -> Result<Result<Judgement, String>, LookError> {
        let snapshot = Baseline {
            name: run_name(&watch.name_any()),
            key: SNAPSHOT_KEY.to_owned(),
        };
        let snapshot = match read(&place.document(&snapshot).await?) {
            Ok(snapshot) => snapshot,
            Err(why) => return Ok(Err(why)),
        };
        let baseline = match &watch.spec.baseline {
            Some(baseline) => Some(place.document(baseline).await?),
            None => None,
        };
        let judgement = judge(&self.rules, &watch.spec, snapshot, baseline.as_ref());
        Ok(Ok(judgement))
    }

    /// Keeps the end of a run, and then removes its Job.
    async fn finish(
        &self,
        place: &Place,
        watch: &DriftWatch,
        news: News,
        job: Option<&Job>,
    ) -> Result<Action, LookError> {
        let uid = job.and_then(|job| job.metadata.uid.as_deref());
        let kept = self.keep(place, watch, news, uid).await?;
        self.metrics.run_ended(!status::agent_failed(&kept));
        tracing::info!(
            watch = watch.name_any(),
            namespace = watch.namespace().unwrap_or_default(),
            failed = status::agent_failed(&kept),
            changes = kept.changes,
            findings = kept.findings,
            "run_ended"
        );
        place.discard(job).await?;
        let now = now();
        let due = kept.next_run_time.map_or(now, |time| time.0);
        let wait = until(due, now);
        Ok(Action::requeue(wait.min(self.pace.check)))
    }

    /// Tells what changed, and then keeps it, unless somebody else was faster.
    async fn keep(
        &self,
        place: &Place,
        watch: &DriftWatch,
        news: News,
        run: Option<&str>,
    ) -> Result<DriftWatchStatus, LookError> {
        let name = watch.name_any();
        let now = now();
        let next = after(watch, news, &run_name(&name), self.interval(watch), now);
        let before = watch.status.clone().unwrap_or_default();
        if next == before {
            return Ok(next);
        }
        for notice in notices(&before, &next) {
            let event = event(watch, &notice, run, &self.identity, now);
            let made = place.events.create(&PostParams::default(), &event).await;
            match unless_there(made) {
                Ok(()) => {}
                // An event is a courtesy: a refused one holds up nothing.
                Err(kube::Error::Api(status)) if status.code < 500 => {
                    tracing::warn!(watch = name, error = %status, "event_refused");
                }
                Err(error) => return Err(api("make an event")(error)),
            }
        }
        let mut changed = watch.clone();
        // With the version that was read: what another replica has kept since
        // is not overwritten.
        changed.status = Some(next.clone());
        let replaced = place
            .watches
            .replace_status(&name, &PostParams::default(), &changed)
            .await;
        replaced.map_err(api("keep the status"))?;
        Ok(next)
    }
}

fn refused(at: Timestamp, message: &str) -> Failed {
    Failed {
        at,
        reason: "JobRefused".to_owned(),
        message: message.to_owned(),
    }
}

/// To the second, as Kubernetes keeps times.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// Not at once, even when it is due: clocks have grains.
fn until(time: Timestamp, now: Timestamp) -> Duration {
    let left = Duration::try_from(time.duration_since(now)).unwrap_or_default();
    left.max(Duration::from_millis(20))
}
