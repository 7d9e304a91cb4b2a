//! Handles to all metrics, made once, and their text for Prometheus.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram, with_local_recorder};
use metrics_exporter_prometheus::PrometheusRecorder;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};

use super::labels::{CacheResult, MethodLabel, Route};
use super::names;
use super::overlays::{Matched, Overlays};

/// Statuses the service answers with. Another would be a defect, and counts as one.
const STATUSES: [u16; 16] = [
    200, 204, 304, 308, 400, 401, 404, 405, 406, 408, 413, 415, 417, 429, 500, 503,
];

type ByStatus = [OnceLock<Counter>; STATUSES.len()];

/// All metrics. The recorder belongs to this value, not to the process, so that
/// two services in one process count apart.
pub struct Metrics {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    process: metrics_process::Collector,
    requests: Vec<ByStatus>,
    durations: Vec<OnceLock<Histogram>>,
    /// Requests that are being answered; the gauge is set when someone looks.
    answering: AtomicU32,
    in_flight: Gauge,
    rate_limited: Counter,
    panics: Counter,
    cache: [Counter; CacheResult::ALL.len()],
    snapshots: Counter,
    validations: [Counter; 2],
    reloads: [Counter; 2],
    overlay_count: Gauge,
    /// The rule base that is served, in a recorder of its own: a registry cannot
    /// forget a series.
    published: Mutex<Option<PrometheusHandle>>,
    overlays: Overlays,
}

impl Metrics {
    /// Registers everything, at 0.
    ///
    /// # Errors
    /// Only when the bucket bounds are empty, which they are not.
    pub fn new() -> Result<Self, BuildError> {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(
                Matcher::Full(names::DURATION.to_owned()),
                &names::DURATION_BUCKETS,
            )?
            .build_recorder();
        let handle = recorder.handle();
        let process = metrics_process::Collector::default();
        let metrics = with_local_recorder(&recorder, || {
            names::describe();
            process.describe();
            Registered::new()
        });
        let made = Self {
            recorder,
            handle,
            process,
            requests: slots(|| std::array::from_fn(|_| OnceLock::new())),
            durations: slots(OnceLock::new),
            answering: AtomicU32::new(0),
            in_flight: metrics.in_flight,
            rate_limited: metrics.rate_limited,
            panics: metrics.panics,
            cache: metrics.cache,
            snapshots: metrics.snapshots,
            validations: metrics.validations,
            reloads: metrics.reloads,
            overlay_count: metrics.overlay_count,
            published: Mutex::new(None),
            overlays: Overlays::new(metrics.other_matches),
        };
        for route in Route::ALL {
            for method in route.methods() {
                made.request_counter(*method, route, 200).increment(0);
                made.request_counter(*method, route, 500).increment(0);
                let _ = made.duration(*method, route);
            }
        }
        made.request_counter(MethodLabel::Get, Route::Unmatched, 404)
            .increment(0);
        Ok(made)
    }

    /// A request's head was read.
    pub fn request_started(&self) {
        self.answering.fetch_add(1, Ordering::Relaxed);
    }

    /// A request's answer is ready to be sent.
    pub fn request_finished(&self, method: MethodLabel, route: Route, status: u16, seconds: f64) {
        self.answering.fetch_sub(1, Ordering::Relaxed);
        self.request_counter(method, route, status).increment(1);
        if let Some(duration) = self.duration(method, route) {
            duration.record(seconds);
        }
    }

    /// A request's client went away before there was an answer.
    pub fn request_abandoned(&self) {
        self.answering.fetch_sub(1, Ordering::Relaxed);
    }

    /// A client asked too often.
    pub fn rate_limited(&self) {
        self.rate_limited.increment(1);
    }

    /// A handler failed in a way it should not.
    pub fn panic_recovered(&self) {
        self.panics.increment(1);
    }

    /// The cache was asked.
    pub fn cache(&self, result: CacheResult) {
        let [hit, miss, revalidated] = &self.cache;
        match result {
            CacheResult::Hit => hit.increment(1),
            CacheResult::Miss => miss.increment(1),
            CacheResult::Revalidated => revalidated.increment(1),
        }
    }

    /// A snapshot was posted and read.
    pub fn snapshot_received(&self) {
        self.snapshots.increment(1);
    }

    /// A snapshot was held against its recipe.
    pub fn validated(&self, passed: bool) {
        let [pass, fail] = &self.validations;
        if passed { pass } else { fail }.increment(1);
    }

    /// What counts for the overlays that take part in a recipe.
    pub fn matched<'o>(&self, overlays: impl IntoIterator<Item = &'o str>) -> Arc<Matched> {
        self.overlays.matched(overlays)
    }

    /// A reload was tried.
    pub fn reload(&self, succeeded: bool) {
        let [success, failure] = &self.reloads;
        if succeeded { success } else { failure }.increment(1);
    }

    /// A rule base is served from now on.
    pub fn rules_published<'o>(
        &self,
        version: &str,
        digest: &str,
        overlays: impl IntoIterator<Item = &'o str>,
    ) {
        let info = PrometheusBuilder::new().build_recorder();
        with_local_recorder(&info, || {
            names::describe_rules();
            gauge!(names::RULES_INFO, "version" => version.to_owned(), "digest" => digest.to_owned()).set(1.0);
        });
        *self.published() = Some(info.handle());
        let count = with_local_recorder(&self.recorder, || self.overlays.name(overlays));
        self.overlay_count.set(f64::from(count));
    }

    /// Everything in Prometheus' text format.
    #[must_use]
    pub fn render(&self) -> String {
        let answering = self.answering.load(Ordering::Relaxed);
        self.in_flight.set(f64::from(answering));
        self.overlays.settle();
        with_local_recorder(&self.recorder, || self.process.collect());
        let published = self.published().as_ref().map(PrometheusHandle::render);
        self.handle.render() + &published.unwrap_or_default()
    }

    fn published(&self) -> MutexGuard<'_, Option<PrometheusHandle>> {
        self.published
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Drains recorded durations into their buckets; without it, they pile up
    /// at 16 bytes a request until someone asks for the text.
    pub fn upkeep(&self) {
        self.handle.run_upkeep();
    }

    fn request_counter(&self, method: MethodLabel, route: Route, status: u16) -> &Counter {
        let position = STATUSES.iter().position(|known| *known == status);
        let slot = self
            .requests
            .get(slot_of(method, route))
            .and_then(|statuses| statuses.get(position?));
        let Some(slot) = slot else {
            return &self.panics;
        };
        slot.get_or_init(|| {
            with_local_recorder(&self.recorder, || {
                counter!(
                    names::REQUESTS,
                    "method" => method.name(), "path" => route.pattern(), "status" => status.to_string()
                )
            })
        })
    }

    fn duration(&self, method: MethodLabel, route: Route) -> Option<&Histogram> {
        let slot = self.durations.get(slot_of(method, route))?;
        Some(slot.get_or_init(|| {
            with_local_recorder(
                &self.recorder,
                || histogram!(names::DURATION, "method" => method.name(), "path" => route.pattern()),
            )
        }))
    }
}

fn slots<T>(make: impl Fn() -> T) -> Vec<T> {
    let count = MethodLabel::ALL.len() * Route::ALL.len();
    std::iter::repeat_with(make).take(count).collect()
}

const fn slot_of(method: MethodLabel, route: Route) -> usize {
    method as usize * Route::ALL.len() + route as usize
}

/// Handles whose labels are known from the start.
struct Registered {
    in_flight: Gauge,
    rate_limited: Counter,
    panics: Counter,
    cache: [Counter; CacheResult::ALL.len()],
    snapshots: Counter,
    validations: [Counter; 2],
    reloads: [Counter; 2],
    overlay_count: Gauge,
    other_matches: Counter,
}

impl Registered {
    fn new() -> Self {
        Self {
            in_flight: gauge!(names::IN_FLIGHT),
            rate_limited: counter!(names::RATE_LIMITED),
            panics: counter!(names::PANICS),
            cache: CacheResult::ALL.map(|result| counter!(names::CACHE, "result" => result.name())),
            snapshots: counter!(names::SNAPSHOTS),
            validations: ["pass", "fail"]
                .map(|result| counter!(names::VALIDATIONS, "result" => result)),
            reloads: ["success", "failure"]
                .map(|result| counter!(names::RELOADS, "result" => result)),
            overlay_count: gauge!(names::OVERLAYS),
            other_matches: counter!(names::RULE_MATCHES, "overlay" => "other"),
        }
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Metrics").finish_non_exhaustive()
    }
}
