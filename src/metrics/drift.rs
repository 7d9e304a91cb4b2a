//! What the operator counts, and what it knows of each watch.
//!
//! The gauges of a watch are written from the watches that are there when somebody
//! asks, so that one that was deleted leaves no series behind.

use metrics::{
    Counter, Gauge, counter, describe_counter, describe_gauge, gauge, with_local_recorder,
};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

const RUNS: &str = "eidos_drift_runs_total";
const LOOK_FAILURES: &str = "eidos_drift_reconcile_errors_total";
const LEADER: &str = "eidos_drift_leader";
const WATCHES: &str = "eidos_drift_watches";
const DETECTED: &str = "eidos_drift_detected";
const CHANGES: &str = "eidos_drift_changes";
const DEVIATING: &str = "eidos_drift_recipe_findings";
const SYNCED: &str = "eidos_drift_synced";
const AGENT_FAILED: &str = "eidos_drift_agent_failed";
const LAST_RUN: &str = "eidos_drift_last_run_timestamp_seconds";

/// What one watch says about itself; what is not known has no series.
#[derive(Debug, Clone, Default)]
pub struct DriftGauges {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whether the node differs from the baseline.
    pub detected: Option<bool>,
    /// How many values differ from the baseline.
    pub changes: Option<u32>,
    /// How many values differ from the recipe.
    pub findings: Option<u32>,
    /// Whether all this is about the current spec, baseline and run; none while it
    /// is suspended.
    pub synced: Option<bool>,
    /// Whether the last run brought no snapshot.
    pub agent_failed: Option<bool>,
    /// When the last run ended, in seconds since 1970.
    pub last_run: Option<i64>,
}

/// Counters of one operator.
pub struct DriftMetrics {
    recorder: PrometheusRecorder,
    runs: [Counter; 2],
    look_failures: Counter,
    leader: Gauge,
}

impl Default for DriftMetrics {
    fn default() -> Self {
        let recorder = PrometheusBuilder::new().build_recorder();
        let (runs, look_failures, leader) = with_local_recorder(&recorder, || {
            describe_counter!(RUNS, "Runs of the agent that ended: success or failure.");
            describe_counter!(LOOK_FAILURES, "Looks at a watch that have to be repeated.");
            describe_gauge!(LEADER, "1 where this replica is the one that acts.");
            let runs = ["success", "failure"].map(|result| counter!(RUNS, "result" => result));
            (runs, counter!(LOOK_FAILURES), gauge!(LEADER))
        });
        let made = Self {
            recorder,
            runs,
            look_failures,
            leader,
        };
        made.runs.iter().for_each(|counter| counter.increment(0));
        made.look_failures.increment(0);
        made.leads(false);
        made
    }
}

impl DriftMetrics {
    /// A run of the agent ended.
    pub fn run_ended(&self, succeeded: bool) {
        let [success, failure] = &self.runs;
        if succeeded { success } else { failure }.increment(1);
    }

    /// A look at a watch has to be repeated.
    pub fn look_failed(&self) {
        self.look_failures.increment(1);
    }

    /// This replica acts from now on, or does not.
    pub fn leads(&self, leads: bool) {
        self.leader.set(if leads { 1.0 } else { 0.0 });
    }

    /// Everything in Prometheus' text format, with the gauges of these watches.
    #[must_use]
    pub fn render(&self, watches: &[DriftGauges]) -> String {
        let now = PrometheusBuilder::new().build_recorder();
        with_local_recorder(&now, || {
            describe();
            gauge!(WATCHES).set(f64::from(u32::try_from(watches.len()).unwrap_or(u32::MAX)));
            watches.iter().for_each(set);
        });
        self.recorder.handle().render() + &now.handle().render()
    }
}

fn describe() {
    describe_gauge!(WATCHES, "Watches that this replica looks after.");
    describe_gauge!(DETECTED, "1 where the node differs from the baseline.");
    describe_gauge!(CHANGES, "Values that differ from the baseline.");
    describe_gauge!(DEVIATING, "Values that differ from the recipe.");
    describe_gauge!(
        SYNCED,
        "1 where the comparison is about the current spec, baseline and run."
    );
    describe_gauge!(AGENT_FAILED, "1 where the last run brought no snapshot.");
    describe_gauge!(LAST_RUN, "When the last run ended, in seconds since 1970.");
}

#[allow(
    clippy::cast_precision_loss,
    reason = "seconds since 1970 fit for a long time"
)]
fn set(watch: &DriftGauges) {
    let put = |gauge: &'static str, value: Option<f64>| {
        if let Some(value) = value {
            let (namespace, name) = (watch.namespace.clone(), watch.name.clone());
            gauge!(gauge, "namespace" => namespace, "name" => name).set(value);
        }
    };
    let flag = |value: Option<bool>| value.map(|value| if value { 1.0 } else { 0.0 });
    put(DETECTED, flag(watch.detected));
    put(CHANGES, watch.changes.map(f64::from));
    put(DEVIATING, watch.findings.map(f64::from));
    put(SYNCED, flag(watch.synced));
    put(AGENT_FAILED, flag(watch.agent_failed));
    put(LAST_RUN, watch.last_run.map(|seconds| seconds as f64));
}

#[cfg(test)]
mod tests {
    use super::{DriftGauges, DriftMetrics};

    #[test]
    fn a_watch_that_is_gone_leaves_no_series() {
        let metrics = DriftMetrics::default();
        metrics.run_ended(true);
        let watch = DriftGauges {
            namespace: "a".into(),
            name: "b".into(),
            detected: Some(true),
            changes: Some(3),
            ..DriftGauges::default()
        };
        let text = metrics.render(&[watch]);
        for line in [
            "eidos_drift_runs_total{result=\"success\"} 1",
            "eidos_drift_runs_total{result=\"failure\"} 0",
            "eidos_drift_leader 0",
            "eidos_drift_watches 1",
            "eidos_drift_detected{namespace=\"a\",name=\"b\"} 1",
            "eidos_drift_changes{namespace=\"a\",name=\"b\"} 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("eidos_drift_synced{"), "{text}");
        let text = metrics.render(&[]);
        assert!(!text.contains("namespace="), "{text}");
        assert!(text.contains("eidos_drift_runs_total{result=\"success\"} 1"));
    }
}
