//! Ended at any request and started again, it ends up in the same place.

use std::sync::mpsc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{JOBS, MAPS, World};
use crate::kubernetes::Trap;

/// Everything that a run leaves behind, without times and versions.
fn outcome(world: &World) -> Value {
    let mut status = world.status();
    for field in ["lastRunTime", "nextRunTime"] {
        assert!(status[field].take().is_string(), "{field}");
    }
    for condition in status["conditions"].as_array_mut().unwrap() {
        condition["lastTransitionTime"].take();
    }
    let names = |collection: &str| -> Vec<Value> {
        let objects = world.cluster.list(collection).into_iter();
        objects
            .map(|object| object["metadata"]["name"].clone())
            .collect()
    };
    json!({
        "status": status, "jobs": names(JOBS), "maps": names(MAPS), "told": world.told(),
    })
}

fn spec() -> Value {
    json!({"baseline": {"name": "baseline"}, "recipe": {"intent": "training"}})
}

/// A run whose operator is ended at one request and started again. Returns what it
/// left behind and how many Jobs were made, or nothing when there were not so many
/// requests.
fn ended_at(request: usize, after: bool) -> Option<(Value, usize)> {
    let world = World::new();
    world.baseline("0");
    world.watch(&spec());
    let (sprung, trap) = mpsc::channel();
    world.cluster.trap(Trap {
        request,
        after,
        sprung,
    });
    let operator = world.operator("one");
    let settled = || {
        let run = world.status()["lastRunTime"].is_string();
        run && world.cluster.list(JOBS).is_empty()
    };
    let hit = world.cluster.wait("the trap, or the end", |_| {
        if trap.try_recv().is_ok() {
            return Some(true);
        }
        settled().then_some(false)
    });
    if !hit && world.cluster.untrap() {
        operator.kill();
        return None;
    }
    operator.kill();
    // Nobody acts now: the Job may end, and be kept waiting.
    world.cluster.await_change(Duration::from_millis(1));
    let again = world.operator("one");
    world.cluster.wait("the end", |_| settled().then_some(()));
    let outcome = outcome(&world);
    again.stop();
    let made = world.cluster.requests();
    let made = made
        .iter()
        .filter(|request| request.method == "POST" && request.path == JOBS);
    Some((outcome, made.count()))
}

/// Ends the operator at each request in turn.
fn ended_anywhere(after: bool) {
    let whole = World::new();
    whole.baseline("0");
    whole.watch(&spec());
    let operator = whole.operator("one");
    whole.settles("Drifted", "True/Different");
    let expected = outcome(&whole);
    operator.stop();
    assert_eq!(expected["jobs"], json!([]));
    assert_eq!(expected["maps"], json!(["baseline", "eidos-drift-w"]));
    assert_eq!(expected["told"].as_array().unwrap().len(), 2);

    let mut ends = 0;
    for request in 1.. {
        let Some((outcome, made)) = ended_at(request, after) else {
            break;
        };
        assert_eq!(outcome, expected, "ended at request {request}");
        assert!((1..=2).contains(&made), "request {request}: {made} Jobs");
        ends = request;
    }
    // The lease, two lists, two watches, and the steps of a run.
    assert!(ends >= 15, "{ends}");
}

#[test]
fn ended_before_any_request_it_converges_and_leaks_nothing() {
    ended_anywhere(false);
}

#[test]
fn ended_after_any_request_it_converges_and_leaks_nothing() {
    ended_anywhere(true);
}
