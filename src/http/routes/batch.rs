//! `/v1/recipes`: many queries at once.

use actix_web::{HttpRequest, HttpResponse, Resource, web};
use jiff::Timestamp;

use super::recipe::{note_event, recipe};
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::format::{media_type, of_answer};
use crate::http::middleware::{Exchange, charge};
use crate::http::parameters::{Ask, Switch, pairs};
use crate::http::state::State;
use crate::model::{Recipe, Trace};
use crate::rules::RuleBase;
use crate::wire::{
    BatchAnswer, BatchItem, ErrorBody, RecipeDocument, RecipeOptions, encode, read_batch,
};

const QUERY_SWITCHES: &[Switch] = &[Switch::Context, Switch::Explain, Switch::Strict];

pub(in crate::http) fn resource() -> Resource {
    web::resource("/recipes").route(web::post().to(post))
}

async fn post(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let mut whole = Ask::default();
    whole.read(&pairs(request.query_string())?, None, &[Switch::Format])?;
    let written = of_answer(&request, whole.format)?;
    let understand = |bytes: &[u8], format| Ok(read_batch(bytes, format)?);
    let batch = body::read(&request, payload, &state, understand).await?;
    charge(&request, &state, batch.queries.len().saturating_sub(1))?;
    note_event(&request, "batch_generated")?;

    let revision = state.publisher.current();
    let answers: Vec<Result<Answered, ApiError>> = batch
        .queries
        .iter()
        .map(|query| answer(revision.rules(), query))
        .collect();
    let id = Exchange::note(&request, |exchange| {
        exchange.id.to_str().unwrap_or_default().to_owned()
    })?;
    let items = answers.iter().map(|answer| item(answer, &id)).collect();
    let bytes = encode(written, &BatchAnswer { items }).map_err(ApiError::defect)?;
    Ok(HttpResponse::Ok()
        .content_type(media_type(written))
        .body(bytes))
}

struct Answered {
    recipe: Recipe,
    context: bool,
    trace: Option<Trace>,
}

fn answer(rules: &RuleBase, query: &[(String, String)]) -> Result<Answered, ApiError> {
    let mut ask = Ask::default();
    ask.read(query, Some(rules.vocabulary()), QUERY_SWITCHES)?;
    Ok(Answered {
        recipe: recipe(rules, &ask)?,
        context: ask.context,
        trace: ask.explain.then(|| rules.trace(&ask.query)),
    })
}

fn item<'a>(answer: &'a Result<Answered, ApiError>, id: &str) -> BatchItem<'a> {
    match answer {
        Ok(answered) => BatchItem::Recipe(RecipeDocument::new(
            &answered.recipe,
            RecipeOptions {
                context: answered.context,
                trace: answered.trace.as_ref(),
            },
        )),
        Err(error) => {
            let now = format!("{:.3}", Timestamp::now());
            let mut body = ErrorBody::new(error.code(), error.to_string(), id.to_owned(), now);
            body.details = error.details();
            BatchItem::Error(body)
        }
    }
}
