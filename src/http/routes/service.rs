//! What the service says about itself: `/`, `/health`, `/ready`, `/metrics`.

use actix_web::{HttpResponse, web};

use crate::http::error::ApiError;
use crate::http::format::JSON;
use crate::http::state::State;
use crate::metrics::{MethodLabel, Route};
use crate::wire::{Format, IndexDocument, RouteDocument, RulesSummary, StatusDocument, encode};

/// The text format that Prometheus reads.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(in crate::http) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/health")
                .route(web::get().to(health))
                .route(web::head().to(health)),
        )
        .service(
            web::resource("/ready")
                .route(web::get().to(ready))
                .route(web::head().to(ready)),
        )
        .service(
            web::resource("/metrics")
                .route(web::get().to(metrics))
                .route(web::head().to(metrics)),
        )
        .service(
            web::resource("/")
                .route(web::get().to(index))
                .route(web::head().to(index)),
        );
}

async fn health() -> Result<HttpResponse, ApiError> {
    status(StatusDocument::HEALTHY)
}

async fn ready(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    if state.is_draining() {
        return Err(ApiError::Draining);
    }
    status(StatusDocument::READY)
}

fn status(document: StatusDocument) -> Result<HttpResponse, ApiError> {
    json(&document)
}

fn json<T: serde::Serialize>(document: &T) -> Result<HttpResponse, ApiError> {
    let bytes = encode(Format::Json, document).map_err(ApiError::defect)?;
    Ok(HttpResponse::Ok().content_type(JSON).body(bytes))
}

async fn metrics(state: web::Data<State>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(PROMETHEUS)
        .body(state.metrics.render())
}

async fn index(state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let routes: Vec<RouteDocument> = Route::ALL.into_iter().filter_map(listed).collect();
    let revision = state.publisher.current();
    let rules = revision.rules();
    json(&IndexDocument {
        service: "eidos-api-server",
        version: env!("CARGO_PKG_VERSION"),
        rules: RulesSummary {
            version: rules.version(),
            digest: rules.digest(),
            overlays: rules.overlay_count(),
        },
        routes: &routes,
    })
}

fn listed(route: Route) -> Option<RouteDocument> {
    let does = match route {
        Route::Index => "this list",
        Route::Recipe => "what an environment should run; also for a posted snapshot",
        Route::Recipes => "up to 256 recipes at once",
        Route::Query => "one value of a recipe",
        Route::Bundle => {
            "files that bring a recipe's operators to a cluster; also for a posted recipe"
        }
        Route::Rules => "parameters, overlays and advisories that answers are made of",
        Route::Validate => "a posted snapshot against the recipe for it",
        Route::Drift => "what differs between two posted snapshots",
        Route::Health => "whether the process runs",
        Route::Ready => "whether requests should be sent here",
        Route::Metrics => "metrics for Prometheus",
        Route::OpenapiJson | Route::OpenapiYaml => "the API description",
        Route::Docs => "the API description to read and try",
        Route::Unmatched => return None,
    };
    Some(RouteDocument {
        methods: route
            .methods()
            .iter()
            .map(|method| MethodLabel::name(*method))
            .collect(),
        path: route.pattern(),
        does,
    })
}
