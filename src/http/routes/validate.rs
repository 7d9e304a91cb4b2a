//! `/v1/validate`: how far a node is from the recipe for it.

use actix_web::{HttpRequest, HttpResponse, Resource, web};

use super::recipe::note_event;
use crate::assess::{imply, validate};
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::format::{media_type, of_answer};
use crate::http::parameters::{Ask, Switch, pairs};
use crate::http::state::State;
use crate::wire::{ValidationDocument, encode, read_snapshot};

pub(in crate::http) fn resource() -> Resource {
    web::resource("/validate").route(web::post().to(post))
}

async fn post(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    // The snapshot waits for this thread: to judge it where it was read, and let it go
    // there, costs half as much again, because its memory is returned each time.
    let understand = |bytes: &[u8], format| Ok(read_snapshot(bytes, format)?);
    let snapshot = body::read(&request, payload, &state, understand).await?;
    state.metrics.snapshot_received();
    note_event(&request, "snapshot_validated")?;

    let revision = state.publisher.current();
    let rules = revision.rules();
    let implied = imply(&snapshot, rules.vocabulary());
    let mut ask = Ask {
        query: implied.query,
        ..Ask::default()
    };
    let given = pairs(request.query_string())?;
    ask.read(&given, Some(rules.vocabulary()), &[Switch::Format])?;
    let format = of_answer(&request, ask.format)?;
    let mut recipe = rules.recipe(&ask.query);
    recipe.notes = implied.notes;
    let issues = rules.known_issues(&ask.query, &snapshot.readings);
    let verdict = validate(&snapshot, &recipe, issues, rules.profile());
    state.metrics.validated(verdict.passed());
    let document = ValidationDocument::new(&verdict, &recipe);
    let bytes = encode(format, &document).map_err(ApiError::defect)?;
    Ok(HttpResponse::Ok()
        .content_type(media_type(format))
        .body(bytes))
}
