//! From what a look found to a status: conditions in the form that Kubernetes
//! tools read, and which of their changes people are told.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::interval::Interval;
use super::judge::Judgement;
use super::resource::{DriftWatch, DriftWatchStatus};

/// Everything else is about the current spec, baseline and last run.
pub(super) const SYNCED: &str = "Synced";
/// The node differs from the baseline.
pub(super) const DRIFTED: &str = "Drifted";
/// The node differs from its recipe.
pub(super) const DEVIATES: &str = "Deviates";
/// The last run brought no snapshot.
pub(super) const AGENT_FAILED: &str = "AgentFailed";

/// The longest message, in characters: the API server takes 32 KiB.
const LONGEST: usize = 8_192;

/// A run that brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) at: Timestamp,
    pub(super) reason: String,
    pub(super) message: String,
}

/// What a look found.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum News {
    /// Nothing is measured.
    Suspended,
    /// A run begins, and none was for this spec yet.
    Pending,
    /// A run failed.
    Failed(Failed),
    /// A run ended at a time, with a snapshot.
    Measured(Timestamp, Judgement),
    /// No new run, but the snapshot was compared again.
    Compared(Judgement),
}

/// The status after a look.
pub(super) fn after(
    watch: &DriftWatch,
    news: News,
    snapshot: &str,
    interval: Interval,
    now: Timestamp,
) -> DriftWatchStatus {
    let generation = watch.metadata.generation;
    let mut next = Next {
        status: watch.status.clone().unwrap_or_default(),
        generation,
        now,
    };
    next.status.observed_generation = generation;
    match news {
        News::Suspended => {
            next.set(SYNCED, "False", "Suspended", "spec.suspend is set");
            next.status.next_run_time = None;
        }
        News::Pending => {
            let message = "no run for this spec has ended yet";
            next.set(SYNCED, "False", "Pending", message);
        }
        News::Failed(failed) => {
            let Failed {
                at,
                reason,
                message,
            } = failed;
            next.set(AGENT_FAILED, "True", &reason, &message);
            next.set(
                SYNCED,
                "False",
                "AgentFailed",
                "the last run brought no snapshot",
            );
            next.ran(at, interval);
        }
        News::Measured(at, judgement) => {
            let message = "the last run brought a snapshot";
            next.set(AGENT_FAILED, "False", "Completed", message);
            next.status.snapshot = Some(snapshot.to_owned());
            next.compared(watch, judgement);
            next.ran(at, interval);
        }
        News::Compared(judgement) => {
            next.compared(watch, judgement);
            next.schedule(interval);
        }
    }
    next.status
        .conditions
        .sort_by(|left, right| left.type_.cmp(&right.type_));
    next.status
}

/// Whether the last run brought no snapshot.
pub(super) fn agent_failed(status: &DriftWatchStatus) -> bool {
    find(status, AGENT_FAILED).is_some_and(|condition| condition.status == "True")
}

/// A condition by its type.
pub(super) fn find<'s>(status: &'s DriftWatchStatus, kind: &str) -> Option<&'s Condition> {
    let mut conditions = status.conditions.iter();
    conditions.find(|condition| condition.type_ == kind)
}

struct Next {
    status: DriftWatchStatus,
    generation: Option<i64>,
    now: Timestamp,
}

impl Next {
    fn ran(&mut self, at: Timestamp, interval: Interval) {
        self.status.last_run_time = Some(Time(at));
        self.status.last_run_generation = self.generation;
        self.schedule(interval);
    }

    fn schedule(&mut self, interval: Interval) {
        let pause = interval.pause(agent_failed(&self.status));
        let last = self.status.last_run_time.as_ref();
        let due = last.and_then(|last| last.0.checked_add(pause).ok());
        self.status.next_run_time = due.map(Time);
    }

    fn compared(&mut self, watch: &DriftWatch, judgement: Judgement) {
        let drift = judgement.drift.as_ref();
        self.status.changes = drift.map(|drift| drift.number);
        match (drift, &watch.spec.baseline) {
            (Some(drift), _) if drift.number == 0 => {
                self.set(DRIFTED, "False", "Equal", &drift.message);
            }
            (Some(drift), _) => self.set(DRIFTED, "True", "Different", &drift.message),
            (None, Some(_)) => {
                let message = "there is no baseline to compare with";
                self.set(DRIFTED, "Unknown", "NotCompared", message);
            }
            (None, None) => self.remove(DRIFTED),
        }
        let advice = judgement.advice.as_ref();
        self.status.findings = advice.map(|advice| advice.number);
        match (advice, &watch.spec.recipe) {
            (Some(advice), _) if advice.number == 0 => {
                self.set(DEVIATES, "False", "Followed", &advice.message);
            }
            (Some(advice), _) => self.set(DEVIATES, "True", "NotFollowed", &advice.message),
            (None, Some(_)) => {
                let message = "there is no recipe to compare with";
                self.set(DEVIATES, "Unknown", "NotCompared", message);
            }
            (None, None) => self.remove(DEVIATES),
        }
        match judgement.gap {
            _ if agent_failed(&self.status) => {}
            Some((reason, message)) => self.set(SYNCED, "False", reason, &message),
            None => self.set(SYNCED, "True", "Compared", "the last snapshot was compared"),
        }
    }

    fn remove(&mut self, kind: &str) {
        self.status
            .conditions
            .retain(|condition| condition.type_ != kind);
    }

    fn set(&mut self, kind: &str, status: &str, reason: &str, message: &str) {
        let before = find(&self.status, kind);
        let since = before
            .filter(|before| before.status == status)
            .map_or(Time(self.now), |before| before.last_transition_time.clone());
        let condition = Condition {
            type_: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: message.chars().take(LONGEST).collect(),
            observed_generation: self.generation,
            last_transition_time: since,
        };
        self.remove(kind);
        self.status.conditions.push(condition);
    }
}

/// What people are told about a condition, and whether it is a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    pub(super) reason: String,
    pub(super) message: String,
    pub(super) warning: bool,
}

/// What changed from one status to the next, and is worth telling.
pub(super) fn notices(before: &DriftWatchStatus, after: &DriftWatchStatus) -> Vec<Notice> {
    let changed = after.conditions.iter().filter_map(|condition| {
        let old = find(before, &condition.type_);
        let same = |old: &Condition| {
            (&old.status, &old.reason, &old.message)
                == (&condition.status, &condition.reason, &condition.message)
        };
        if old.is_some_and(same) {
            return None;
        }
        let (reason, warning) = telling(old, condition)?;
        Some(Notice {
            reason: reason.to_owned(),
            message: condition.message.clone(),
            warning,
        })
    });
    changed.collect()
}

/// The reason of an event. What another condition tells already is left out.
fn telling<'c>(old: Option<&Condition>, new: &'c Condition) -> Option<(&'c str, bool)> {
    match (&*new.type_, &*new.status) {
        (DRIFTED, "True") => Some(("Drifted", true)),
        (DRIFTED, "False") => Some(("InSync", false)),
        (DEVIATES, "True") => Some(("Deviates", true)),
        (DEVIATES, "False") => Some(("FollowsRecipe", false)),
        (AGENT_FAILED, "True") => Some(("AgentFailed", true)),
        (AGENT_FAILED, "False") if old.is_some() => Some(("AgentRecovered", false)),
        (SYNCED, "False") => match &*new.reason {
            "AgentFailed" | "Pending" => None,
            "Suspended" => Some(("Suspended", false)),
            reason => Some((reason, true)),
        },
        _ => None,
    }
}
