//! `/v1/rules`: what answers are made of.

use actix_web::{HttpRequest, HttpResponse, Resource, web};

use crate::http::error::ApiError;
use crate::http::format::{media_type, of_answer};
use crate::http::parameters::{Ask, Switch, pairs};
use crate::http::respond::{Reply, kept_or};
use crate::http::state::State;
use crate::serving::{Answer, Facts};
use crate::wire::{RulesDocument, encode};

pub(in crate::http) fn resource() -> Resource {
    web::resource("/rules")
        .route(web::get().to(get))
        .route(web::head().to(get))
}

async fn get(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let mut ask = Ask::default();
    ask.read(&pairs(request.query_string())?, None, &[Switch::Format])?;
    let format = of_answer(&request, ask.format)?;
    let revision = state.publisher.current();
    let key = format!("rules {format:?}");
    let (answer, cache) = kept_or(&revision, &key, || {
        let listed = RulesDocument::new(revision.rules());
        let bytes = encode(format, &listed).map_err(ApiError::defect)?;
        Ok(Answer::new(media_type(format), &bytes, Facts::default()))
    })?;
    let reply = Reply {
        revision: &revision,
        key: Some(&key),
        answer,
        cache,
        event: "rules_listed",
    };
    reply.send(&request, &state)
}
