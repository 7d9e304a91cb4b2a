//! `/v1/bundle`: the files that bring a recipe's operators to a cluster.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Resource, web};

use super::recipe::{facts, recipe};
use crate::archive::pack;
use crate::bundle::{Choices, bundle};
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::format::{ARCHIVES, ZIP, negotiate};
use crate::http::parameters::{Ask, BUNDLE_SWITCHES, Switch, pairs};
use crate::http::respond::{Reply, kept_or};
use crate::http::state::State;
use crate::metrics::CacheResult;
use crate::model::Recipe;
use crate::serving::Answer;
use crate::wire::{read_recipe, recipe_file};

/// What a query takes beside the environment and the choices.
pub(in crate::http) const SWITCHES: [Switch; 2] = [Switch::Context, Switch::Strict];
const EVENT: &str = "bundle_generated";

pub(in crate::http) fn resource() -> Resource {
    web::resource("/bundle")
        .route(web::get().to(get))
        .route(web::head().to(get))
        .route(web::post().to(post))
}

async fn get(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let revision = state.publisher.current();
    let rules = revision.rules();
    let mut ask = Ask::default();
    let switches = [&SWITCHES[..], &BUNDLE_SWITCHES].concat();
    ask.read(
        &pairs(request.query_string())?,
        Some(rules.vocabulary()),
        &switches,
    )?;
    negotiate(&request, None, ARCHIVES)?;
    let params = ask.query.canonical(rules.vocabulary());
    let key = format!("bundle{} {:?}?{params}", ask.options(), ask.bundle);
    let (answer, cache) = kept_or(&revision, &key, || {
        let mut recipe = recipe(rules, &ask)?;
        // As `eidos bundle` does with a recipe that was made without reasons.
        if !ask.context {
            recipe
                .settings
                .iter_mut()
                .for_each(|one| one.context = None);
        }
        answer(&recipe, &state, &ask.bundle, Some(&params))
    })?;
    let reply = Reply {
        revision: &revision,
        key: Some(&key),
        answer,
        cache,
        event: EVENT,
    };
    Ok(named(reply.send(&request, &state)?))
}

async fn post(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let mut ask = Ask::default();
    ask.read(&pairs(request.query_string())?, None, &BUNDLE_SWITCHES)?;
    negotiate(&request, None, ARCHIVES)?;
    let shared = web::Data::clone(&state);
    let understand = move |bytes: &[u8], format| {
        let recipe = read_recipe(bytes, format)?;
        answer(&recipe, &shared, &ask.bundle, None)
    };
    let answer = Arc::new(body::read(&request, payload, &state, understand).await?);
    let revision = state.publisher.current();
    let reply = Reply {
        revision: &revision,
        key: None,
        answer,
        cache: CacheResult::Miss,
        event: EVENT,
    };
    Ok(named(reply.send(&request, &state)?))
}

fn answer(
    recipe: &Recipe,
    state: &State,
    choices: &Choices,
    params: Option<&str>,
) -> Result<Answer, ApiError> {
    let document = recipe_file(recipe).map_err(ApiError::defect)?;
    let files = bundle(recipe, &document, choices)?;
    let packed = pack(&files).map_err(ApiError::defect)?;
    // A recipe that was posted may name any overlays.
    let facts = params.map(|params| facts(recipe, params, &state.metrics));
    let facts = facts.unwrap_or_default();
    Ok(Answer::packed(ZIP, &packed, facts))
}

/// What a browser saves it as.
fn named(mut response: HttpResponse) -> HttpResponse {
    let name = HeaderValue::from_static("attachment; filename=\"bundle.zip\"");
    response
        .headers_mut()
        .insert(header::CONTENT_DISPOSITION, name);
    response
}
