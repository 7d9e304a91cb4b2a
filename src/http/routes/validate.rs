//! `/v1/validate`: how far a node is from the recipe for it.

use actix_web::{HttpRequest, HttpResponse, Resource, web};

use super::recipe::note_event;
use crate::assess::{Verdict, imply, validate};
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::format::{media_type, of_answer};
use crate::http::parameters::{Ask, Switch, pairs};
use crate::http::state::State;
use crate::model::{Recipe, Snapshot};
use crate::rules::RuleBase;
use crate::wire::{Format, ValidationDocument, encode, read_snapshot};

pub(in crate::http) fn resource() -> Resource {
    web::resource("/validate").route(web::post().to(post))
}

async fn post(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let shared = web::Data::clone(&state);
    let query = request.query_string().to_owned();
    let judge = move |bytes: &[u8], format| {
        let snapshot = read_snapshot(bytes, format)?;
        shared.metrics.snapshot_received();
        judge(&snapshot, &query, shared.publisher.current().rules())
    };
    let judged = body::read(&request, payload, &state, judge).await?;
    note_event(&request, "snapshot_validated")?;

    let format = of_answer(&request, judged.format)?;
    state.metrics.validated(judged.verdict.passed());
    let document = ValidationDocument::new(&judged.verdict, &judged.recipe);
    let bytes = encode(format, &document).map_err(ApiError::defect)?;
    Ok(HttpResponse::Ok()
        .content_type(media_type(format))
        .body(bytes))
}

/// What is left of a snapshot, once it was held against its recipe.
struct Judged {
    verdict: Verdict,
    recipe: Recipe,
    /// As the query says.
    format: Option<Format>,
}

fn judge(snapshot: &Snapshot, query: &str, rules: &RuleBase) -> Result<Judged, ApiError> {
    let implied = imply(snapshot, rules.vocabulary());
    let mut ask = Ask {
        query: implied.query,
        ..Ask::default()
    };
    ask.read(&pairs(query)?, Some(rules.vocabulary()), &[Switch::Format])?;
    let mut recipe = rules.recipe(&ask.query);
    recipe.notes = implied.notes;
    let issues = rules.known_issues(&ask.query, &snapshot.readings);
    Ok(Judged {
        verdict: validate(snapshot, &recipe, issues, rules.profile()),
        recipe,
        format: ask.format,
    })
}
