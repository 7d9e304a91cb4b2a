//! Names and help texts of all metrics.

use metrics::{describe_counter, describe_gauge, describe_histogram};

pub(super) const REQUESTS: &str = "eidos_http_requests_total";
pub(super) const DURATION: &str = "eidos_http_request_duration_seconds";
pub(super) const IN_FLIGHT: &str = "eidos_http_requests_in_flight";
pub(super) const RATE_LIMITED: &str = "eidos_rate_limit_rejects_total";
pub(super) const PANICS: &str = "eidos_panic_recoveries_total";
pub(super) const CACHE: &str = "eidos_cache_requests_total";
pub(super) const RULE_MATCHES: &str = "eidos_recipe_rule_matches_total";
pub(super) const RELOADS: &str = "eidos_rules_reloads_total";
pub(super) const RULES_INFO: &str = "eidos_rules_info";
pub(super) const OVERLAYS: &str = "eidos_rules_overlays";
pub(super) const SNAPSHOTS: &str = "eidos_snapshots_received_total";
pub(super) const VALIDATIONS: &str = "eidos_validation_results_total";

/// Upper bounds in seconds: a kept answer takes some 20 µs, a large batch some
/// milliseconds, a slow upload up to `READ_TIMEOUT`.
pub(super) const DURATION_BUCKETS: [f64; 17] = [
    0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0,
    2.5, 5.0, 10.0,
];

/// Gives the current recorder every help text.
pub(super) fn describe() {
    describe_counter!(REQUESTS, "Requests answered, by method, path and status.");
    describe_histogram!(
        DURATION,
        "Time from a request's head to its answer's head, in seconds, by method and path."
    );
    describe_gauge!(IN_FLIGHT, "Requests being answered.");
    describe_counter!(
        RATE_LIMITED,
        "Requests refused because a client asked too often."
    );
    describe_counter!(PANICS, "Defects in handlers that were answered with 500.");
    describe_counter!(
        CACHE,
        "Answers by how the cache took part: hit, miss, revalidated."
    );
    describe_counter!(RULE_MATCHES, "Recipes that an overlay took part in.");
    describe_counter!(RELOADS, "Rule base reloads: success or failure.");
    describe_gauge!(OVERLAYS, "Overlays in the served rule base.");
    describe_counter!(SNAPSHOTS, "Snapshots posted and read.");
    describe_counter!(VALIDATIONS, "Validated snapshots: pass or fail.");
}

/// Gives it the help text of what is known of one rule base only.
pub(super) fn describe_rules() {
    describe_gauge!(
        RULES_INFO,
        "1 for the served rule base, with version and digest."
    );
}
