//! `/v1/recipe`: what an environment should run.

use std::borrow::Cow;
use std::sync::Arc;

use actix_http::Request;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Resource, web};

use crate::assess::{Implied, imply};
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::format::{media_type, of_answer};
use crate::http::middleware::Exchange;
use crate::http::parameters::{Ask, Switch, pairs};
use crate::http::respond::{Reply, kept_or};
use crate::http::state::State;
use crate::metrics::{CacheResult, Metrics};
use crate::model::{CoverageLevel, Query, Recipe};
use crate::rules::RuleBase;
use crate::serving::{Answer, Facts, Revision};
use crate::wire::{Document, Format, RecipeDocument, RecipeOptions, encode, read_document};

/// What a query takes beside the environment.
pub(in crate::http) const SWITCHES: &[Switch] = &[
    Switch::Context,
    Switch::Explain,
    Switch::Strict,
    Switch::Format,
];
/// What a document may say beside the environment.
const DOCUMENT_SWITCHES: &[Switch] = &[Switch::Context, Switch::Explain, Switch::Strict];
const EVENT: &str = "recipe_generated";
const PATH: &str = "/v1/recipe";

pub(in crate::http) fn resource() -> Resource {
    web::resource("/recipe")
        .route(web::get().to(get))
        .route(web::head().to(get))
        .route(web::post().to(post))
}

async fn get(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let revision = state.publisher.current();
    let mut ask = Ask::default();
    let given = pairs(request.query_string())?;
    ask.read(&given, Some(revision.rules().vocabulary()), SWITCHES)?;
    reply(&request, &state, &revision, &ask)
}

/// The kept answer to a query that is spelled as its key is, done with by `give`:
/// reading such a query and writing its key would give the same text again.
pub(in crate::http) fn known<T>(
    request: &Request,
    revision: &Revision,
    give: impl FnOnce(Reply<'_>) -> T,
) -> Option<T> {
    let asks = matches!(*request.method(), Method::GET | Method::HEAD);
    if !asks || request.path() != PATH {
        return None;
    }
    let format = of_answer(request, None).ok()?;
    let key = key(format, request.uri().path_and_query()?.as_str());
    let reply = Reply {
        revision,
        key: Some(&key),
        answer: revision.remembered(&key)?,
        cache: CacheResult::Hit,
        event: EVENT,
    };
    Some(give(reply))
}

/// What an answer is kept under: the canonical target of the request. In JSON it
/// is the key itself, so that nothing is written to look for it.
fn key(format: Format, target: &str) -> Cow<'_, str> {
    match format {
        Format::Json => target.into(),
        Format::Yaml => format!("yaml {target}").into(),
    }
}

/// The path with a query, which may be empty or begin with an option.
fn target(query: &str) -> String {
    match query.trim_start_matches('&') {
        "" => PATH.to_owned(),
        query => format!("{PATH}?{query}"),
    }
}

/// What a document asks. A snapshot takes several times its bytes, and is let go where
/// it was read.
enum Posted {
    Snapshot(Implied),
    Criteria(Vec<(String, String)>),
}

async fn post(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let shared = web::Data::clone(&state);
    let understand = move |bytes: &[u8], format| {
        let revision = shared.publisher.current_owned();
        let posted = match read_document(bytes, format)? {
            Document::Snapshot(snapshot) => {
                Posted::Snapshot(imply(&snapshot, revision.rules().vocabulary()))
            }
            Document::Criteria(criteria) => Posted::Criteria(criteria),
        };
        Ok((posted, revision))
    };
    let (posted, revision) = body::read(&request, payload, &state, understand).await?;
    let vocabulary = revision.rules().vocabulary();
    let mut ask = Ask::default();
    let mut notes = Vec::new();
    match posted {
        Posted::Snapshot(implied) => {
            state.metrics.snapshot_received();
            ask.query = implied.query;
            notes = implied.notes;
        }
        Posted::Criteria(criteria) => {
            ask.read(&criteria, Some(vocabulary), DOCUMENT_SWITCHES)?;
        }
    }
    let given = pairs(request.query_string())?;
    ask.read(&given, Some(vocabulary), SWITCHES)?;
    if notes.is_empty() {
        let mut response = reply(&request, &state, &revision, &ask)?;
        let location = location(&ask, revision.rules());
        if let Ok(location) = HeaderValue::from_str(&location) {
            response
                .headers_mut()
                .insert(header::CONTENT_LOCATION, location);
        }
        return Ok(response);
    }
    // Notes are about this snapshot, not about the query: nothing to keep.
    let format = of_answer(&request, ask.format)?;
    let mut recipe = recipe(revision.rules(), &ask)?;
    recipe.notes = notes;
    let params = ask.query.canonical(vocabulary);
    let answer = Arc::new(answer(
        &recipe,
        &state,
        revision.rules(),
        &ask,
        format,
        &params,
    )?);
    let reply = Reply {
        revision: &revision,
        key: None,
        answer,
        cache: CacheResult::Miss,
        event: EVENT,
    };
    reply.send(&request, &state)
}

/// The GET that gives the same bytes.
fn location(ask: &Ask, rules: &RuleBase) -> String {
    let mut query = ask.query.canonical(rules.vocabulary());
    query.push_str(&ask.options());
    match ask.format {
        Some(Format::Json) => query.push_str("&format=json"),
        Some(Format::Yaml) => query.push_str("&format=yaml"),
        None => {}
    }
    target(&query)
}

fn reply(
    request: &HttpRequest,
    state: &State,
    revision: &Revision,
    ask: &Ask,
) -> Result<HttpResponse, ApiError> {
    let format = of_answer(request, ask.format)?;
    let params = ask.query.canonical(revision.rules().vocabulary());
    let target = target(&(params.clone() + &ask.options()));
    let key = key(format, &target);
    let rules = revision.rules();
    let (answer, cache) = kept_or(revision, &key, || {
        answer(&recipe(rules, ask)?, state, rules, ask, format, &params)
    })?;
    let reply = Reply {
        revision,
        key: Some(&key),
        answer,
        cache,
        event: EVENT,
    };
    reply.send(request, state)
}

/// The recipe, unless `strict` asks for a better one than there is.
pub(in crate::http) fn recipe(rules: &RuleBase, ask: &Ask) -> Result<Recipe, ApiError> {
    let recipe = rules.recipe(&ask.query);
    let level = recipe.coverage.level;
    let uncovered = matches!(level, CoverageLevel::Base | CoverageLevel::Unsupported);
    // An empty query asks for the base, and gets it.
    if ask.strict && uncovered && ask.query != Query::default() {
        return Err(ApiError::NoMatchingRule {
            query: ask.query.canonical(rules.vocabulary()),
            level,
            nearest: rules.nearest_covered(&ask.query),
        });
    }
    Ok(recipe)
}

fn answer(
    recipe: &Recipe,
    state: &State,
    rules: &RuleBase,
    ask: &Ask,
    format: Format,
    params: &str,
) -> Result<Answer, ApiError> {
    let trace = ask.explain.then(|| rules.trace(&ask.query));
    let options = RecipeOptions {
        context: ask.context,
        trace: trace.as_ref(),
    };
    let bytes = encode(format, &RecipeDocument::new(recipe, options)).map_err(ApiError::defect)?;
    let facts = facts(recipe, params, &state.metrics);
    Ok(Answer::new(media_type(format), &bytes, facts))
}

pub(in crate::http) fn facts(recipe: &Recipe, params: &str, metrics: &Metrics) -> Facts {
    let overlays = recipe.overlays.iter().skip(1);
    let mut types: Vec<_> = recipe
        .settings
        .iter()
        .map(|setting| setting.path.kind)
        .collect();
    types.dedup();
    Facts {
        params: Some(params.into()),
        matched: metrics.matched(overlays.map(|name| &**name)),
        measurements: types.len(),
    }
}

/// Says in the log what a handler did that gives no kept answer.
pub(in crate::http) fn note_event(
    request: &HttpRequest,
    event: &'static str,
) -> Result<(), ApiError> {
    Exchange::note(request, |exchange| exchange.event = event)
}
