//! One operation a route and method.

mod bundle;
mod nodes;
mod service;

use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder};
use utoipa::openapi::response::{Response, ResponsesBuilder};
use utoipa::openapi::security::SecurityRequirement;

use super::answers::{self, Success};
use super::{bodies, inputs};
use crate::http::parameters::Switch;
use crate::http::routes::{query, recipe};
use crate::metrics::Route;
use crate::model::{Query, Selector};
use crate::rules::RuleBase;
use crate::wire::{
    EncodeError, ErrorCode, Format, QueryDocument, RecipeDocument, RecipeOptions, encode,
};

/// A path, the methods that share an operation, and the operation.
pub(super) type Described = (&'static str, Vec<HttpMethod>, Operation);

const READ: [HttpMethod; 2] = [HttpMethod::Get, HttpMethod::Head];

/// Every operation of the service.
pub(super) fn all(rules: &RuleBase) -> Result<Vec<Described>, EncodeError> {
    let mut found = vec![
        recipe(rules)?,
        posted_recipe(rules)?,
        batch(),
        value(rules)?,
    ];
    found.extend(bundle::both(rules));
    found.push(listing());
    found.extend(nodes::all(rules));
    found.extend(service::about()?);
    found.extend(service::description());
    Ok(found)
}

/// GET and HEAD differ in the id, and HEAD answers without a body.
pub(super) fn for_method(operation: &Operation, method: &HttpMethod) -> Operation {
    let mut operation = operation.clone();
    if *method == HttpMethod::Head {
        operation.operation_id = operation.operation_id.map(|id| format!("{id}Head"));
        operation.tags = Some(vec!["head".to_owned()]);
        for response in operation.responses.responses.values_mut() {
            if let RefOr::T(response) = response {
                *response = answers::without_body(response);
            }
        }
    }
    operation
}

fn recipe(rules: &RuleBase) -> Result<Described, EncodeError> {
    let success = Success {
        description: "The recipe.",
        schema: "Recipe",
        example: Some(recipe_example(rules)?),
        also: &["application/yaml"],
        headers: answers::KEPT,
    };
    let operation = OperationBuilder::new()
        .tag("recipes")
        .operation_id(Some("getRecipe"))
        .summary(Some("What an environment should run"))
        .description(Some(
            "Parameters that are left out, empty or `any` are open; values may be written in any \
             case. An environment that no rule covers is answered all the same, and `coverage` says so.",
        ))
        .parameters(Some(inputs::environment(rules.vocabulary())))
        .parameters(Some(inputs::switches(recipe::SWITCHES)))
        .responses(limited(&success, &[ErrorCode::NoMatchingRule, ErrorCode::NotAcceptable]));
    Ok((Route::Recipe.pattern(), READ.to_vec(), keyed(operation)))
}

fn posted_recipe(rules: &RuleBase) -> Result<Described, EncodeError> {
    let success = Success {
        description: "The recipe. `notes` says what the snapshot left unclear.",
        schema: "Recipe",
        example: Some(recipe_example(rules)?),
        also: &["application/yaml"],
        headers: answers::LOCATED,
    };
    let operation = OperationBuilder::new()
        .tag("recipes")
        .operation_id(Some("postRecipe"))
        .summary(Some("What a measured node should run"))
        .description(Some(
            "Query parameters fill what the body does not say, and win over it.",
        ))
        .parameters(Some(inputs::environment(rules.vocabulary())))
        .parameters(Some(inputs::switches(recipe::SWITCHES)))
        .request_body(Some(bodies::document_body()))
        .responses(with_body(
            &success,
            &[ErrorCode::NoMatchingRule, ErrorCode::NotAcceptable],
        ));
    Ok((
        Route::Recipe.pattern(),
        vec![HttpMethod::Post],
        keyed(operation),
    ))
}

fn batch() -> Described {
    let success = Success {
        description: "One item a query, in order: a recipe or an error.",
        schema: "BatchAnswer",
        example: None,
        also: &["application/yaml"],
        headers: answers::FRESH,
    };
    let operation = OperationBuilder::new()
        .tag("recipes")
        .operation_id(Some("postRecipes"))
        .summary(Some("Many recipes at once"))
        .description(Some(
            "Each query counts against the rate limit as if it came alone.",
        ))
        .parameters(Some(inputs::switches(&[Switch::Format])))
        .request_body(Some(bodies::batch_body()))
        .responses(with_body(&success, &[ErrorCode::NotAcceptable]));
    (
        Route::Recipes.pattern(),
        vec![HttpMethod::Post],
        keyed(operation),
    )
}

fn value(rules: &RuleBase) -> Result<Described, EncodeError> {
    let recipe = rules.recipe(&Query::default());
    let selector = Selector::parse("K8s.image.gpu-operator");
    let setting = selector.and_then(|selector| recipe.get(&selector));
    let example = setting
        .map(|setting| json_of(&QueryDocument::new(setting, false)))
        .transpose()?;
    let success = Success {
        description: "The value.",
        schema: "Value",
        example,
        also: &["application/yaml", "text/plain"],
        headers: answers::KEPT,
    };
    let operation = OperationBuilder::new()
        .tag("recipes")
        .operation_id(Some("getValue"))
        .summary(Some("One value of a recipe"))
        .description(Some(
            "With `Accept: text/plain` the bare value and a line end.",
        ))
        .parameters(Some(inputs::environment(rules.vocabulary())))
        .parameters(Some(inputs::switches(query::SWITCHES)))
        .responses(limited(
            &success,
            &[
                ErrorCode::NotFound,
                ErrorCode::NoMatchingRule,
                ErrorCode::NotAcceptable,
            ],
        ));
    Ok((Route::Query.pattern(), READ.to_vec(), keyed(operation)))
}

fn listing() -> Described {
    let success = Success {
        description: "The rule base.",
        schema: "Rules",
        example: None,
        also: &["application/yaml"],
        headers: answers::KEPT,
    };
    let operation = OperationBuilder::new()
        .tag("rules")
        .operation_id(Some("getRules"))
        .summary(Some("What answers are made of"))
        .description(Some(
            "Parameters with their values, overlays with keys and sources, advisories.",
        ))
        .parameters(Some(inputs::switches(&[Switch::Format])))
        .responses(limited(&success, &[ErrorCode::NotAcceptable]));
    (Route::Rules.pattern(), READ.to_vec(), keyed(operation))
}

/// A key may be needed or not: that is the operator's choice.
fn keyed(operation: OperationBuilder) -> Operation {
    let none: [&str; 0] = [];
    operation
        .securities(Some([
            SecurityRequirement::default(),
            SecurityRequirement::new("bearer", none),
        ]))
        .build()
}

const ALWAYS: [ErrorCode; 4] = [
    ErrorCode::InvalidRequest,
    ErrorCode::Unauthorized,
    ErrorCode::RateLimitExceeded,
    ErrorCode::InternalError,
];

fn limited(success: &Success<'_>, errors: &[ErrorCode]) -> ResponsesBuilder {
    let kept = success.headers == answers::KEPT;
    answered(success.response(), kept, errors)
}

/// One good answer, which may be kept or not, and the errors of every route.
fn answered(success: Response, kept: bool, errors: &[ErrorCode]) -> ResponsesBuilder {
    let mut responses = ResponsesBuilder::new().response("200", success);
    if kept {
        responses = responses.response("304", answers::not_modified());
    }
    let codes: Vec<ErrorCode> = ALWAYS.iter().chain(errors).copied().collect();
    by_status(responses, &codes, true)
}

const OF_BODIES: [ErrorCode; 4] = [
    ErrorCode::RequestTimeout,
    ErrorCode::PayloadTooLarge,
    ErrorCode::UnsupportedMediaType,
    ErrorCode::ServiceUnavailable,
];

fn with_body(success: &Success<'_>, errors: &[ErrorCode]) -> ResponsesBuilder {
    let codes: Vec<ErrorCode> = errors.iter().chain(&OF_BODIES).copied().collect();
    limited(success, &codes)
}

fn by_status(
    mut responses: ResponsesBuilder,
    codes: &[ErrorCode],
    limited: bool,
) -> ResponsesBuilder {
    for code in codes {
        let same: Vec<ErrorCode> = codes
            .iter()
            .copied()
            .filter(|other| other.status() == code.status())
            .collect();
        let limited = limited && *code != ErrorCode::InternalError;
        responses = responses.response(code.status().to_string(), answers::error(&same, limited));
    }
    responses
}

/// A recipe of the rule base that is being served: an example cannot go stale.
fn recipe_example(rules: &RuleBase) -> Result<Value, EncodeError> {
    let mut query = Query::default();
    for (parameter, value) in [
        (crate::model::Parameter::Service, "eks"),
        (crate::model::Parameter::Gpu, "h100"),
    ] {
        // A private rule base may not have these values.
        let _ = query.set(rules.vocabulary(), parameter, value);
    }
    let recipe = rules.recipe(&query);
    json_of(&RecipeDocument::new(&recipe, RecipeOptions::default()))
}

fn json_of<T: serde::Serialize>(document: &T) -> Result<Value, EncodeError> {
    let bytes = encode(Format::Json, document)?;
    Ok(serde_json::from_slice(&bytes)?)
}
