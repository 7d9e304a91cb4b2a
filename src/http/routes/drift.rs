//! `/v1/drift`: what differs between two snapshots.

use actix_web::{HttpRequest, HttpResponse, Resource, web};

use super::recipe::note_event;
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
    let shared = web::Data::clone(&state);
    let compare = move |bytes: &[u8], sent_as| {
        let both = read_drift(bytes, sent_as)?;
        let (baseline, current) = (&both.baseline.readings, &both.current.readings);
        let revision = shared.publisher.current();
        let changes = changes(baseline, current, revision.rules().profile(), &[]);
        encode(format, &DriftDocument::new(&changes)).map_err(ApiError::defect)
    };
    let bytes = body::read(&request, payload, &state, compare).await?;
    note_event(&request, "drift_compared")?;
    Ok(HttpResponse::Ok()
        .content_type(media_type(format))
        .body(bytes))
}
