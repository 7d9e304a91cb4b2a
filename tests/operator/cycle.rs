//! Deploy, wait, compare, tell, clean up, and again.

use serde_json::{Value, json};

use super::{EVENTS, Fate, JOB, JOBS, MAPS, WATCH, World, get, snapshot};

#[test]
fn a_run_measures_compares_tells_and_cleans_up() {
    let world = World::watched();
    world.fate(Fate::Wait);
    world.change(&json!({
        "nodeSelector": {"pool": "gpu"},
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
        "agent": {"image": "registry.example/agent:1"},
    }));
    let operator = world.operator("one");

    // Deployed: the Job that people apply, with the watch's names and places.
    let job = world.job(&Value::Null);
    let pod = &job["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(pod["nodeSelector"], json!({"pool": "gpu"}));
    let tolerations = json!([{"key": "nvidia.com/gpu", "operator": "Exists"}]);
    assert_eq!(pod["tolerations"], tolerations);
    assert_eq!(container["image"], "registry.example/agent:1");
    assert_eq!(
        container["args"],
        json!(["-o", "cm://gpu-operator/eidos-drift-w", "--root", "/host"])
    );
    assert_eq!(container["env"].as_array().unwrap().len(), 1);
    assert_eq!(job["spec"]["activeDeadlineSeconds"], 240);
    assert_eq!(job["spec"]["ttlSecondsAfterFinished"], 300);
    assert_eq!(world.condition("Synced").unwrap(), "False/Pending");

    // Waited for, compared, told, cleaned up.
    world.fate(Fate::Complete);
    world.settles("Drifted", "True/Different");
    let told = ["Warning Drifted 1 change: OS.sysctl./proc/sys/kernel/numa_balancing changed"];
    assert_eq!(world.told(), told);
    let status = world.status();
    assert_eq!(world.condition("Synced").unwrap(), "True/Compared");
    assert_eq!(world.condition("AgentFailed").unwrap(), "False/Completed");
    assert_eq!(
        (&status["changes"], &status["snapshot"]),
        (&json!(1), &json!("eidos-drift-w"))
    );
    let time = |field: &str| {
        let text = status[field].as_str().unwrap();
        text.parse::<jiff::Timestamp>().unwrap()
    };
    let pause = time("nextRunTime").duration_since(time("lastRunTime"));
    assert_eq!(pause.as_hours(), 6);

    // Both objects go when the watch goes, and the event is about the watch.
    let watch = world.cluster.get(WATCH).unwrap();
    let map = world.cluster.get(&format!("{MAPS}/eidos-drift-w")).unwrap();
    for object in [&job, &map] {
        let owner = &object["metadata"]["ownerReferences"][0];
        assert_eq!(owner["uid"], watch["metadata"]["uid"]);
        assert_eq!(
            (&owner["kind"], &owner["controller"]),
            (&json!("DriftWatch"), &json!(true))
        );
        assert!(owner["blockOwnerDeletion"].is_null());
    }
    let event = &world.cluster.list(EVENTS)[0];
    assert_eq!(event["regarding"]["uid"], watch["metadata"]["uid"]);
    assert_eq!(event["reportingController"], "drift.dgxc.io/eidos-watch");

    let of_watch = "{namespace=\"gpu-operator\",name=\"w\"}";
    for (name, value) in [
        (format!("eidos_drift_detected{of_watch}"), "1"),
        (format!("eidos_drift_changes{of_watch}"), "1"),
        (format!("eidos_drift_synced{of_watch}"), "1"),
        (format!("eidos_drift_agent_failed{of_watch}"), "0"),
        ("eidos_drift_runs_total{result=\"success\"}".to_owned(), "1"),
        ("eidos_drift_watches".to_owned(), "1"),
    ] {
        world.cluster.wait(&name, |_| {
            (operator.metric(&name).as_deref() == Some(value)).then_some(())
        });
    }
    operator.stop();
}

#[test]
fn it_is_done_again_after_the_interval_and_only_changes_are_told() {
    let world = World::watched();
    world.change(&json!({"schedule": {"interval": "1s"}}));
    let operator = world.operator("one");
    let mut before = Value::Null;
    for _ in 0..2 {
        world.settles("Drifted", "True/Different");
        // Runs are over in no time: their traces are looked at, not they.
        before = world.cluster.wait("a later run", |_| {
            let last = world.status()["lastRunTime"].clone();
            (last != before).then_some(last)
        });
    }
    assert_eq!(world.told().len(), 1);
    world.measures(&snapshot("0"));
    world.settles("Drifted", "False/Equal");
    assert_eq!(world.status()["changes"], 0);
    assert_eq!(
        world.told(),
        [
            "Normal InSync the node is as the baseline says",
            "Warning Drifted 1 change: OS.sysctl./proc/sys/kernel/numa_balancing changed",
        ]
    );
    operator.stop();
}

#[test]
fn a_baseline_may_come_later_and_change() {
    let world = World::new();
    world.watch(&json!({"baseline": {"name": "baseline"}}));
    let operator = world.operator("one");
    world.settles("Drifted", "Unknown/NotCompared");
    assert_eq!(world.condition("Synced").unwrap(), "False/BaselineMissing");
    assert_eq!(
        world.told(),
        ["Warning BaselineMissing ConfigMap baseline is not there"]
    );
    let last = world.status()["lastRunTime"].clone();
    world.baseline("0");
    world.settles("Drifted", "True/Different");
    world.baseline("1");
    world.settles("Drifted", "False/Equal");
    world.cluster.merge(
        &format!("{MAPS}/baseline"),
        json!({"data": {"snapshot.yaml": "kind: No"}}),
    );
    world.settles("Synced", "False/BaselineUnreadable");
    world.cluster.merge(
        &format!("{MAPS}/baseline"),
        json!({"data": {"snapshot.yaml": null}}),
    );
    world.settles("Synced", "False/BaselineMissing");
    // Nothing had to be measured again.
    assert_eq!(world.status()["lastRunTime"], last);
    operator.stop();
}

#[test]
fn the_recipe_for_the_node_can_be_asked_for_too() {
    let world = World::new();
    world.watch(&json!({"recipe": {"intent": "training"}}));
    let operator = world.operator("one");
    // The recipe sets kernel parameters that this node does not have.
    world.settles("Deviates", "True/NotFollowed");
    assert!(world.condition("Drifted").is_none());
    assert!(world.status()["findings"].as_u64().unwrap() > 0);
    let told = world.told();
    assert!(told[0].starts_with("Warning Deviates"), "{told:?}");
    assert!(told[0].contains("OS.sysctl./proc/sys/"), "{told:?}");
    world.change(&json!({"ignore": ["*"]}));
    world.settles("Deviates", "False/Followed");
    world.change(&json!({"recipe": {"intent": "cooking"}}));
    world.settles("Synced", "False/InvalidIntent");
    assert_eq!(world.condition("Deviates").unwrap(), "Unknown/NotCompared");
    operator.stop();
}

#[test]
fn what_is_ignored_or_could_not_be_measured_is_no_drift() {
    let world = World::watched();
    world.change(&json!({"ignore": ["OS.sysctl./proc/sys/kernel/*"]}));
    let operator = world.operator("one");
    world.settles("Drifted", "False/Equal");
    // No GPU readings because the collector failed, not because there is no GPU.
    let partly = snapshot("1")
        .replace(
            "collector.gpu: ok",
            "collector.gpu: \"failed: no answer within 10s\"",
        )
        .replace("gpu.model: NVIDIA H100 80GB HBM3", "driver: \"1\"");
    world.measures(&partly);
    world.change(&json!({"schedule": {"interval": "1h"}}));
    world.settles("Synced", "False/PartlyMeasured");
    assert_eq!(world.condition("Drifted").unwrap(), "False/Equal");
    operator.stop();
}

#[test]
fn a_suspended_watch_measures_nothing() {
    let world = World::watched();
    world.fate(Fate::Wait);
    let operator = world.operator("one");
    world.job(&Value::Null);
    world.change(&json!({"suspend": true}));
    world.settles("Synced", "False/Suspended");
    assert!(world.status()["nextRunTime"].is_null());
    let synced = "eidos_drift_synced{namespace=\"gpu-operator\",name=\"w\"}";
    assert_eq!(operator.metric(synced), None);
    world.fate(Fate::Complete);
    world.change(&json!({"suspend": false}));
    world.settles("Drifted", "True/Different");
    operator.stop();
}

#[test]
fn a_run_for_another_spec_is_given_up() {
    let world = World::watched();
    world.fate(Fate::Wait);
    let operator = world.operator("one");
    let old = world.job(&Value::Null);
    world.change(&json!({"nodeSelector": {"pool": "other"}}));
    let new = world.job(&old);
    let selector = &new["spec"]["template"]["spec"]["nodeSelector"];
    assert_eq!(*selector, json!({"pool": "other"}));
    // What does not change the measurement does not begin it again.
    world.change(&json!({"ignore": ["OS.grub.*"]}));
    world.fate(Fate::Complete);
    world.settles("Drifted", "True/Different");
    assert_eq!(
        world.status()["observedGeneration"],
        world.cluster.get(WATCH).unwrap()["metadata"]["generation"]
    );
    operator.stop();
}

#[test]
fn a_watch_that_is_gone_is_let_go() {
    let world = World::watched();
    let operator = world.operator("one");
    world.settles("Drifted", "True/Different");
    assert!(world.cluster.delete(WATCH));
    world.cluster.wait("no watch", |_| {
        (operator.metric("eidos_drift_watches").as_deref() == Some("0")).then_some(())
    });
    assert!(world.cluster.list(JOBS).is_empty());
    assert!(world.cluster.get(JOB).is_none());
    operator.stop();
}

#[test]
fn probes_and_metrics_answer_and_nothing_else() {
    let world = World::watched();
    let operator = world.operator("one");
    world
        .cluster
        .wait("a leader", |_| operator.leads().then_some(()));
    let status = |method: &str, path: &str| get(operator.address, method, path).unwrap().0;
    assert_eq!(status("GET", "/health"), 200);
    assert_eq!(status("HEAD", "/ready"), 200);
    assert_eq!(status("POST", "/metrics"), 405);
    assert_eq!(status("GET", "/other"), 404);
    world.cluster.down(true);
    world.cluster.wait("not ready", |_| {
        (status("GET", "/ready") == 503).then_some(())
    });
    assert_eq!(status("GET", "/health"), 200);
    world.cluster.down(false);
    world
        .cluster
        .wait("ready", |_| (status("GET", "/ready") == 200).then_some(()));
    operator.stop();
}
