//! `/v1/query`: one value of a recipe.

use actix_web::{HttpRequest, HttpResponse, Resource, web};

use super::recipe::{facts, recipe};
use crate::http::error::{ApiError, shown};
use crate::http::format::{Shape, VALUES, negotiate};
use crate::http::parameters::{Ask, Switch, pairs};
use crate::http::respond::{Reply, kept_or};
use crate::http::state::State;
use crate::model::{QueryProblem, Recipe, Selector, Setting, nearest};
use crate::serving::Answer;
use crate::wire::{QueryDocument, encode};

/// What a query takes beside the environment.
pub(in crate::http) const SWITCHES: &[Switch] = &[
    Switch::Selector,
    Switch::Context,
    Switch::Strict,
    Switch::Format,
];

/// The most paths that an error lists.
const LISTED: usize = 20;

pub(in crate::http) fn resource() -> Resource {
    web::resource("/query")
        .route(web::get().to(get))
        .route(web::head().to(get))
}

async fn get(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let revision = state.publisher.current();
    let rules = revision.rules();
    let mut ask = Ask::default();
    ask.read(
        &pairs(request.query_string())?,
        Some(rules.vocabulary()),
        SWITCHES,
    )?;
    let Some((given, selector)) = ask.selector.take() else {
        return Err(missing_selector());
    };
    let shape = negotiate(&request, ask.format, VALUES)?;
    let params = ask.query.canonical(rules.vocabulary());
    let key = format!("query{}{} {given}?{params}", shape.letter(), ask.options());
    let (answer, cache) = kept_or(&revision, &key, || {
        let recipe = recipe(rules, &ask)?;
        let Some(setting) = recipe.get(&selector) else {
            return Err(no_value(&given, &selector, &recipe));
        };
        let bytes = write(setting, ask.context, shape)?;
        let facts = facts(&recipe, &params, &state.metrics);
        Ok(Answer::new(shape.content_type(), &bytes, facts))
    })?;
    let reply = Reply {
        revision: &revision,
        key: Some(&key),
        answer,
        cache,
        event: "value_selected",
    };
    reply.send(&request, &state)
}

fn write(setting: &Setting, context: bool, shape: Shape) -> Result<Vec<u8>, ApiError> {
    match shape {
        // The other shapes are not served here.
        Shape::Bare | Shape::Archive => Ok(format!("{}\n", setting.value.text()).into_bytes()),
        Shape::Document(format) => {
            encode(format, &QueryDocument::new(setting, context)).map_err(ApiError::defect)
        }
    }
}

fn missing_selector() -> ApiError {
    ApiError::Parameters(vec![QueryProblem {
        parameter: "selector".to_owned(),
        given: None,
        reason: "is missing".to_owned(),
        allowed: vec!["type.subtype.key, such as K8s.image.gpu-operator".to_owned()],
        nearest: None,
    }])
}

/// What there is instead: the keys of the same subtype, else of the same type.
fn no_value(given: &str, selector: &Selector, recipe: &Recipe) -> ApiError {
    let paths = |kept: &dyn Fn(&Setting) -> bool| {
        let settings = recipe.settings.iter().filter(|setting| kept(setting));
        settings
            .map(|setting| setting.path.to_string())
            .collect::<Vec<_>>()
    };
    let mut available = paths(&|setting| selector.key_in(&setting.path.subtype).is_some());
    if available.is_empty() {
        available = paths(&|setting| setting.path.kind == selector.kind());
    }
    let near = nearest(given, available.iter().map(String::as_str)).map(str::to_owned);
    available.truncate(LISTED);
    if let Some(near) = near {
        available.retain(|path| *path != near);
        available.insert(0, near);
    }
    ApiError::NoValue {
        selector: shown(given),
        available,
    }
}
