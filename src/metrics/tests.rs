//! What Prometheus gets to read.

use super::{CacheResult, MethodLabel, Metrics, Route};

#[test]
fn counters_exist_before_anything_happened() {
    let text = Metrics::new().unwrap().render();
    for line in [
        "eidos_http_requests_total{method=\"GET\",path=\"/v1/recipe\",status=\"200\"} 0",
        "eidos_http_requests_total{method=\"GET\",path=\"/v1/recipe\",status=\"500\"} 0",
        "eidos_rate_limit_rejects_total 0",
        "eidos_panic_recoveries_total 0",
        "eidos_http_requests_in_flight 0",
        "eidos_cache_requests_total{result=\"revalidated\"} 0",
        "eidos_rules_reloads_total{result=\"failure\"} 0",
        "eidos_snapshots_received_total 0",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(text.contains("process_cpu_seconds_total"));
}

#[test]
fn what_happened_is_counted() {
    let metrics = Metrics::new().unwrap();
    metrics.request_started();
    metrics.request_started();
    metrics.request_finished(MethodLabel::Get, Route::Recipe, 200, 0.000_02);
    metrics.cache(CacheResult::Hit);
    metrics.rules_published("1", "sha256:a", ["eks"]);
    metrics.rules_published("2", "sha256:b", ["eks", "gke"]);
    metrics.matched(["eks", "unheard"]).count();
    let living = metrics.matched(["eks"]);
    living.count();
    living.count();
    metrics.upkeep();
    let text = metrics.render();
    for line in [
        "eidos_http_requests_in_flight 1",
        "eidos_http_request_duration_seconds_bucket{method=\"GET\",path=\"/v1/recipe\",le=\"0.00005\"} 1",
        "eidos_cache_requests_total{result=\"hit\"} 1",
        "eidos_rules_info{version=\"2\",digest=\"sha256:b\"} 1",
        "eidos_rules_overlays 2",
        "eidos_recipe_rule_matches_total{overlay=\"eks\"} 3",
        "eidos_recipe_rule_matches_total{overlay=\"other\"} 1",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(
        !text.contains("sha256:a"),
        "an earlier rule base is in\n{text}"
    );
}

#[test]
fn no_client_can_grow_a_series() {
    let metrics = Metrics::new().unwrap();
    let lines = |metrics: &Metrics| metrics.render().lines().count();
    for number in 0..50 {
        let route = Route::of(&format!("/x{number}"));
        let method = MethodLabel::of(&format!("FOO{number}"));
        metrics.request_started();
        metrics.request_finished(method, route, 404, 0.001);
    }
    let names: Vec<String> = (0..500).map(|number| format!("overlay-{number}")).collect();
    metrics.rules_published("1", "d", names.iter().map(String::as_str));
    metrics.matched(names.iter().map(String::as_str)).count();
    assert!(lines(&metrics) < 1500, "{}", lines(&metrics));
    assert!(metrics.render().contains("{overlay=\"other\"} 300"));
}

#[test]
fn paths_find_their_route() {
    for route in Route::ALL {
        if route != Route::Unmatched {
            assert_eq!(Route::of(route.pattern()), route);
        }
    }
    assert_eq!(Route::of("/docs/swagger-ui.css"), Route::Docs);
    assert_eq!(Route::of("/docsx"), Route::Unmatched);
    assert_eq!(Route::of("/v1/recipe/"), Route::Unmatched);
}
