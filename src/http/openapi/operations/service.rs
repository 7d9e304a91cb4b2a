//! What the service says about itself.

use utoipa::openapi::path::OperationBuilder;
use utoipa::openapi::response::ResponsesBuilder;

use super::{Described, READ, by_status, json_of};
use crate::http::openapi::answers::{self, Success};
use crate::metrics::Route;
use crate::wire::{EncodeError, ErrorCode, StatusDocument};

pub(super) fn about() -> Result<Vec<Described>, EncodeError> {
    let operation = |id: &str,
                     summary: &str,
                     description: &str,
                     schema: &str,
                     example,
                     errors: &[ErrorCode]| {
        let success = Success {
            description,
            schema,
            example,
            also: &[],
            headers: &[],
        };
        let responses = ResponsesBuilder::new().response("200", success.response());
        OperationBuilder::new()
            .tag("service")
            .operation_id(Some(id))
            .summary(Some(summary))
            .responses(by_status(responses, errors, false))
            .build()
    };
    let healthy = Some(json_of(&StatusDocument::HEALTHY)?);
    let ready = Some(json_of(&StatusDocument::READY)?);
    let internal = [ErrorCode::InternalError];
    let draining = [ErrorCode::InternalError, ErrorCode::ServiceUnavailable];
    let metrics = OperationBuilder::new()
        .tag("service")
        .operation_id(Some("getMetrics"))
        .summary(Some("Metrics for Prometheus"))
        .responses(by_status(
            ResponsesBuilder::new().response(
                "200",
                answers::plain("Prometheus' text format.", "text/plain"),
            ),
            &internal,
            false,
        ));
    let index = operation(
        "getIndex",
        "What runs here",
        "The service and its routes.",
        "Index",
        None,
        &internal,
    );
    let health = operation(
        "getHealth",
        "Whether the process runs",
        "It does.",
        "Status",
        healthy,
        &internal,
    );
    let readiness = operation(
        "getReady",
        "Whether requests should be sent here",
        "They should.",
        "Status",
        ready,
        &draining,
    );
    Ok(vec![
        (Route::Index.pattern(), READ.to_vec(), index),
        (Route::Health.pattern(), READ.to_vec(), health),
        (Route::Ready.pattern(), READ.to_vec(), readiness),
        (Route::Metrics.pattern(), READ.to_vec(), metrics.build()),
    ])
}

pub(super) fn description() -> Vec<Described> {
    let operation = |id: &str, content_type: &str| {
        let responses = ResponsesBuilder::new()
            .response("200", answers::description(content_type))
            .response("304", answers::not_modified());
        OperationBuilder::new()
            .tag("service")
            .operation_id(Some(id))
            .summary(Some("The API description"))
            .responses(by_status(responses, &[ErrorCode::InternalError], false))
            .build()
    };
    let json = operation("getOpenapiJson", "application/json");
    let yaml = operation("getOpenapiYaml", "application/yaml");
    vec![
        (Route::OpenapiJson.pattern(), READ.to_vec(), json),
        (Route::OpenapiYaml.pattern(), READ.to_vec(), yaml),
    ]
}
