//! Of two replicas one acts.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{JOBS, LEASE, Running, World};

fn leads<'r>(world: &World, replicas: &[&'r Running]) -> &'r Running {
    world.cluster.wait("one leader", |_| {
        let mut leaders = replicas.iter().copied().filter(|replica| replica.leads());
        leaders.next()
    })
}

fn holder(world: &World) -> Option<String> {
    let lease = world.cluster.get(LEASE)?;
    Some(lease["spec"]["holderIdentity"].as_str()?.to_owned())
}

#[test]
fn one_replica_acts_and_the_other_takes_over_when_it_stops() {
    let world = World::watched();
    let one = world.patient_operator("one");
    leads(&world, &[&one]);
    let two = world.patient_operator("two");
    world.settles("Drifted", "True/Different");
    // The other is ready, and idle.
    world.cluster.wait("a ready standby", |_| {
        (super::get(two.address, "GET", "/ready")?.0 == 200).then_some(())
    });
    assert!(!two.leads());
    assert_eq!(two.metric("eidos_drift_watches").as_deref(), Some("0"));
    assert_eq!(holder(&world).as_deref(), Some("one"));

    let began = Instant::now();
    one.stop();
    leads(&world, &[&two]);
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "released, not run out"
    );
    assert_eq!(holder(&world).as_deref(), Some("two"));
    assert_eq!(
        world.cluster.get(LEASE).unwrap()["spec"]["leaseTransitions"],
        1
    );
    // It looks at what the first one has done, and has nothing to do.
    world.cluster.wait("the watch", |_| {
        (two.metric("eidos_drift_watches").as_deref() == Some("1")).then_some(())
    });
    assert_eq!(world.told().len(), 1);
    two.stop();
    assert_eq!(holder(&world), None);
}

#[test]
fn a_replica_that_died_is_succeeded_when_its_lease_is_over() {
    let world = World::watched();
    world.fate(super::Fate::Wait);
    let one = world.operator("one");
    world.job(&serde_json::Value::Null);
    one.kill();
    let two = world.operator("two");
    // What the first one began is finished, not begun again.
    world.fate(super::Fate::Complete);
    world.settles("Drifted", "True/Different");
    assert_eq!(holder(&world).as_deref(), Some("two"));
    let made = world.cluster.requests();
    let made = made
        .iter()
        .filter(|request| request.method == "POST" && request.path == JOBS);
    assert_eq!(made.count(), 1);
    two.stop();
}

#[test]
fn whoever_loses_the_lease_stops_and_may_come_back() {
    let world = World::watched();
    let one = world.operator("one");
    leads(&world, &[&one]);
    world.settles("Drifted", "True/Different");
    let other = json!({"spec": {"holderIdentity": "other", "leaseDurationSeconds": 1}});
    assert!(world.cluster.merge(LEASE, other));
    world
        .cluster
        .wait("no leader", |_| (!one.leads()).then_some(()));
    assert_eq!(one.metric("eidos_drift_watches").as_deref(), Some("0"));
    // The other never renews it.
    leads(&world, &[&one]);
    // And so when the API server is away for longer than it may renew.
    world.cluster.down(true);
    world
        .cluster
        .wait("no leader", |_| (!one.leads()).then_some(()));
    world.cluster.down(false);
    leads(&world, &[&one]);
    one.stop();
}
