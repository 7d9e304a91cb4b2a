//! What to do about a watch next, from what is in the cluster and the time.
//!
//! Nothing is remembered between two looks, so an operator that was ended
//! anywhere goes on where the cluster is. Doing it is left to `reconcile`.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::batch::v1::Job;

use super::interval::Interval;
use super::resource::DriftWatch;
use super::status::{Failed, agent_failed};

/// How long after its own deadline a Job is waited for: its controller ends it at
/// the deadline, where there is one.
const GRACE: SignedDuration = SignedDuration::from_secs(60);

/// The next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing is measured while it is suspended; what runs is ended.
    Suspend,
    /// A Job of another spec: away with it.
    Discard,
    /// A run is due.
    Start,
    /// The Job runs; look again at this time.
    Wait(Timestamp),
    /// The Job ended well.
    Collect(Timestamp),
    /// The run brought nothing.
    Fail(Failed),
    /// The next run is due at this time.
    Rest(Timestamp),
}

/// Decides. `current` says whether the Job is the one that the watch wants now.
pub(super) fn decide(
    watch: &DriftWatch,
    job: Option<(&Job, bool)>,
    interval: Interval,
    now: Timestamp,
) -> Step {
    match job {
        _ if watch.spec.suspend => Step::Suspend,
        None => match due(watch, interval) {
            Some(time) if time > now => Step::Rest(time),
            _ => Step::Start,
        },
        Some((job, current)) => match ended(job, now) {
            _ if !current => Step::Discard,
            Some(step) => step,
            None => overrun(job, now),
        },
    }
}

/// When the next run is due; none is now.
pub(super) fn due(watch: &DriftWatch, interval: Interval) -> Option<Timestamp> {
    let status = watch.status.as_ref()?;
    if status.last_run_generation != watch.metadata.generation {
        return None;
    }
    let last = status.last_run_time.as_ref()?.0;
    last.checked_add(interval.pause(agent_failed(status))).ok()
}

/// A Job that is over.
fn ended(job: &Job, now: Timestamp) -> Option<Step> {
    let status = job.status.as_ref()?;
    let conditions = status.conditions.iter().flatten();
    let mut over = conditions.filter(|condition| condition.status == "True");
    over.find_map(|condition| {
        let changed = condition.last_transition_time.as_ref();
        let at = changed.map_or(now, |time| time.0);
        match &*condition.type_ {
            "Complete" => {
                let completed = status.completion_time.as_ref();
                Some(Step::Collect(completed.map_or(at, |time| time.0)))
            }
            "Failed" => Some(Step::Fail(Failed {
                at,
                reason: condition
                    .reason
                    .clone()
                    .unwrap_or_else(|| "JobFailed".into()),
                message: condition.message.clone().unwrap_or_default(),
            })),
            _ => None,
        }
    })
}

/// A Job that nobody ends, not even its own deadline.
fn overrun(job: &Job, now: Timestamp) -> Step {
    let spec = job.spec.as_ref();
    let limit = spec.and_then(|spec| spec.active_deadline_seconds);
    let limit = SignedDuration::from_secs(limit.unwrap_or_default());
    let made = job.metadata.creation_timestamp.as_ref();
    let made = made.map_or(now, |time| time.0);
    let end = made
        .checked_add(limit)
        .and_then(|end| end.checked_add(GRACE))
        .unwrap_or(Timestamp::MAX);
    if now < end {
        return Step::Wait(end);
    }
    let started = job.status.as_ref().is_some_and(|status| {
        status.ready.unwrap_or_default() > 0 || status.failed.unwrap_or_default() > 0
    });
    let (reason, message) = if started {
        ("NotEnded", "the agent did not end in time")
    } else {
        (
            "NotStarted",
            "no pod of the agent started in time; kubectl get events says why",
        )
    };
    Step::Fail(Failed {
        at: end,
        reason: reason.to_owned(),
        message: message.to_owned(),
    })
}
