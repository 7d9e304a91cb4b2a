//! `/v1/drift`: what differs between two snapshots.

use actix_web::{HttpRequest, HttpResponse, Resource, web};

use super::recipe::{defect, note_event};
use crate::diff::changes;
use crate::http::body;
use crate::http::error::ApiError;
use crate::http::format::{media_type, of_answer};
use crate::http::parameters::{Ask, Switch, pairs};
use crate::http::state::State;
use crate::wire::{DriftDocument, encode, read_drift};

pub(in crate::http) fn resource() -> Resource {
    web::resource("/drift").route(web::post().to(post))
}

async fn post(
    request: HttpRequest,
    payload: web::Payload,
    state: web::Data<State>,
) -> Result<HttpResponse, ApiError> {
    let mut ask = Ask::default();
    ask.read(&pairs(request.query_string())?, None, &[Switch::Format])?;
    let format = of_answer(&request, ask.format)?;
    let both = body::read(&request, payload, &state, read_drift).await?;
    note_event(&request, "drift_compared");

    let revision = state.publisher.current();
    let profile = revision.rules().profile();
    let changes = changes(
        &both.baseline.readings,
        &both.current.readings,
        profile,
        &[],
    );
    let bytes = encode(format, &DriftDocument::new(&changes)).map_err(defect)?;
    Ok(HttpResponse::Ok()
        .content_type(media_type(format))
        .body(bytes))
}
