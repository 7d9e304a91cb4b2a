//! What goes wrong in clusters.

use serde_json::{Value, json};

use super::{EVENTS, Fate, JOB, JOBS, MAPS, WATCHES, World, snapshot};
use crate::kubernetes::Fault;

#[test]
fn an_api_server_that_restarts_is_waited_for() {
    let world = World::watched();
    world.fate(Fate::Wait);
    let operator = world.operator("one");
    world.job(&Value::Null);
    world.cluster.down(true);
    // Meanwhile the Job ends, and the history is lost.
    world.fate(Fate::Complete);
    world.cluster.wait("the end of the Job", |cluster| {
        let job = cluster.get(JOB)?;
        job["status"]["conditions"].is_array().then_some(())
    });
    world.cluster.compact();
    world.cluster.down(false);
    world.settles("Drifted", "True/Different");
    assert_eq!(world.told().len(), 1);
    operator.stop();
}

#[test]
fn a_watch_that_grew_too_old_begins_again() {
    let world = World::watched();
    let operator = world.operator("one");
    world.settles("Drifted", "True/Different");
    // Open watches get 410.
    world.cluster.compact();
    let mut other = world.cluster.get(super::WATCH).unwrap();
    other["metadata"] = json!({"name": "other"});
    other["status"] = Value::Null;
    world.cluster.put(WATCHES, other);
    world.cluster.wait("the other watch", |cluster| {
        let other = cluster.get(&format!("{WATCHES}/other"))?;
        other["status"]["lastRunTime"].is_string().then_some(())
    });
    operator.stop();
}

#[test]
fn conflicts_and_refusals_are_tried_again() {
    let world = World::watched();
    let orders = [
        ("PUT /apis/drift.dgxc.io", 409, 3),
        ("POST /api/v1/namespaces/gpu-operator/configmaps", 500, 2),
        ("POST /apis/batch/v1", 503, 2),
        ("POST /apis/events.k8s.io", 500, 1),
        ("DELETE /apis/batch/v1", 500, 2),
        ("GET /apis/coordination", 500, 2),
        (
            "GET /api/v1/namespaces/gpu-operator/configmaps/baseline",
            429,
            2,
        ),
    ];
    for (when, status, times) in orders {
        let fault = Fault::new(when, status);
        world.cluster.fault(Fault { times, ..fault });
    }
    let operator = world.operator("one");
    world.settles("Drifted", "True/Different");
    assert_eq!(world.told().len(), 1);
    let errors = operator.metric("eidos_drift_reconcile_errors_total");
    assert!(errors.unwrap().parse::<u32>().unwrap() >= 5);
    operator.stop();
}

#[test]
fn a_refused_event_holds_up_nothing() {
    let world = World::watched();
    world
        .cluster
        .deny(crate::kubernetes::TOKEN, "create", "events");
    let operator = world.operator("one");
    world.settles("Drifted", "True/Different");
    assert!(world.cluster.list(EVENTS).is_empty());
    operator.stop();
}

#[test]
fn a_deleted_job_is_made_again() {
    let world = World::watched();
    world.fate(Fate::Wait);
    let operator = world.operator("one");
    let first = world.job(&Value::Null);
    assert!(world.cluster.delete(JOB));
    world.job(&first);
    world.fate(Fate::Complete);
    world.settles("Drifted", "True/Different");
    operator.stop();
}

#[test]
fn a_failed_job_is_told_and_tried_again_sooner() {
    let world = World::watched();
    world.fate(Fate::Fail);
    let operator = world.operator("one");
    world.settles("AgentFailed", "True/BackoffLimitExceeded");
    assert_eq!(world.condition("Synced").unwrap(), "False/AgentFailed");
    assert_eq!(world.condition("Drifted"), None);
    assert_eq!(
        world.told(),
        ["Warning AgentFailed Job has reached the specified backoff limit"]
    );
    let status = world.status();
    let time = |field: &str| {
        let text = status[field].as_str().unwrap();
        text.parse::<jiff::Timestamp>().unwrap()
    };
    let pause = time("nextRunTime").duration_since(time("lastRunTime"));
    assert_eq!(pause.as_mins(), 15);
    let failures = "eidos_drift_runs_total{result=\"failure\"}";
    assert_eq!(operator.metric(failures).as_deref(), Some("1"));

    world.fate(Fate::Complete);
    world.change(&json!({"schedule": {"interval": "1h"}}));
    world.settles("Drifted", "True/Different");
    assert_eq!(world.condition("AgentFailed").unwrap(), "False/Completed");
    assert!(
        world
            .told()
            .iter()
            .any(|told| told.contains("AgentRecovered"))
    );
    operator.stop();
}

#[test]
fn a_job_that_never_starts_is_given_up() {
    let world = World::watched();
    world.fate(Fate::Wait);
    let operator = world.operator("one");
    let mut job = world.job(&Value::Null);
    // Nobody waits five minutes here: the Job grows old.
    job["metadata"]["creationTimestamp"] = json!("2026-01-01T00:00:00Z");
    world.cluster.delete(JOB);
    world.cluster.put(JOBS, job);
    world.settles("AgentFailed", "True/NotStarted");
    operator.stop();
}

#[test]
fn a_job_without_a_snapshot_has_failed() {
    for (data, said) in [
        (json!({"snapshot.yaml": "kind: Other"}), "kind"),
        (json!({"snapshot.yaml": null}), "has no key snapshot.yaml"),
    ] {
        let world = World::watched();
        world.fate(Fate::Wait);
        let operator = world.operator("one");
        world.job(&Value::Null);
        world
            .cluster
            .merge(&format!("{MAPS}/eidos-drift-w"), json!({ "data": data }));
        let done = json!({"type": "Complete", "status": "True"});
        world.cluster.merge(
            &format!("{JOB}/status"),
            json!({"status": {"conditions": [done]}}),
        );
        world.settles("AgentFailed", "True/NoSnapshot");
        assert!(world.told()[0].contains(said), "{:?}", world.told());
        operator.stop();
    }
}

#[test]
fn a_refused_job_is_told() {
    let world = World::watched();
    let mut fault = Fault::new("POST /apis/batch/v1", 422);
    fault.body = json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 422, "reason": "Invalid",
        "message": "Job is invalid: spec.template.spec.tolerations[0].operator",
    })
    .to_string();
    world.cluster.fault(fault);
    let operator = world.operator("one");
    world.settles("AgentFailed", "True/JobRefused");
    assert!(
        world.told()[0].contains("tolerations"),
        "{:?}",
        world.told()
    );
    operator.stop();
}

#[test]
fn a_job_of_the_same_name_is_left_alone() {
    let world = World::watched();
    world.fate(Fate::Wait);
    let job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "eidos-drift-w"},
        "spec": {"template": {"spec": {"containers": [{"args": ["cm://a/b"]}]}}},
    });
    world.cluster.put(JOBS, job);
    let operator = world.operator("one");
    world.cluster.wait("a refusal", |_| {
        (world.condition("AgentFailed")? == "True/JobRefused").then_some(())
    });
    assert_eq!(world.cluster.list(JOBS).len(), 1);
    world.fate(Fate::Complete);
    world.measures(&snapshot("1"));
    world.cluster.delete(JOB);
    world.change(&json!({"schedule": {"interval": "1h"}}));
    world.settles("Drifted", "True/Different");
    operator.stop();
}
