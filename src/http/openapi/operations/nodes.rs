//! Operations on measured nodes.

use utoipa::openapi::path::{HttpMethod, OperationBuilder};

use super::super::answers::{self, Success};
use super::super::{bodies, inputs};
use super::{Described, keyed, with_body};
use crate::http::parameters::Switch;
use crate::metrics::Route;
use crate::rules::RuleBase;
use crate::wire::ErrorCode;

pub(super) fn all(rules: &RuleBase) -> [Described; 2] {
    [validate(rules), drift()]
}

fn validate(rules: &RuleBase) -> Described {
    let success = Success {
        description: "The report. A node that deviates is answered with 200, and `result` says `fail`.",
        schema: "ValidationReport",
        example: None,
        also: &["application/yaml"],
        headers: answers::FRESH,
    };
    let operation = OperationBuilder::new()
        .tag("nodes")
        .operation_id(Some("postValidate"))
        .summary(Some("How far a node is from the recipe for it"))
        .description(Some(
            "Query parameters fill what the snapshot does not say, and win over it.",
        ))
        .parameters(Some(inputs::environment(rules.vocabulary())))
        .parameters(Some(inputs::switches(&[Switch::Format])))
        .request_body(Some(bodies::snapshot_body()))
        .responses(with_body(&success, &[ErrorCode::NotAcceptable]));
    (
        Route::Validate.pattern(),
        vec![HttpMethod::Post],
        keyed(operation),
    )
}

fn drift() -> Described {
    let success = Success {
        description: "The changes, run-time noise left out.",
        schema: "DriftReport",
        example: None,
        also: &["application/yaml"],
        headers: answers::FRESH,
    };
    let operation = OperationBuilder::new()
        .tag("nodes")
        .operation_id(Some("postDrift"))
        .summary(Some("What differs between two snapshots"))
        .parameters(Some(inputs::switches(&[Switch::Format])))
        .request_body(Some(bodies::drift_body()))
        .responses(with_body(&success, &[ErrorCode::NotAcceptable]));
    (
        Route::Drift.pattern(),
        vec![HttpMethod::Post],
        keyed(operation),
    )
}
