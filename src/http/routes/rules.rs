//! `/v1/rules`: what answers are made of.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, Resource, web};

use super::recipe::defect;
use crate::http::error::ApiError;
use crate::http::format::{DOCUMENTS, Shape, negotiate};
use crate::http::parameters::{Ask, Switch, pairs};
use crate::http::respond::Reply;
use crate::http::state::State;
use crate::metrics::CacheResult;
use crate::serving::{Answer, Facts};
use crate::wire::{Format, RulesDocument, encode};

pub(in crate::http) fn resource() -> Resource {
    web::resource("/rules")
        .route(web::get().to(get))
        .route(web::head().to(get))
}

async fn get(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let mut ask = Ask::default();
    ask.read(&pairs(request.query_string())?, None, &[Switch::Format])?;
    let shape = negotiate(&request, ask.format, DOCUMENTS)?;
    let format = match shape {
        Shape::Document(format) => format,
        Shape::Bare => Format::Json,
    };
    let revision = state.publisher.current();
    let key = format!("rules{}", shape.letter());
    let (answer, cache) = match revision.remembered(&key) {
        Some(answer) => (answer, CacheResult::Hit),
        None => {
            let document = RulesDocument::new(revision.rules());
            let bytes = encode(format, &document).map_err(defect)?;
            let answer = Arc::new(Answer::new(shape.content_type(), bytes, Facts::default()));
            revision.remember(&key, &answer);
            (answer, CacheResult::Miss)
        }
    };
    let reply = Reply {
        revision: &revision,
        key: &key,
        answer: &answer,
        cache,
        event: "rules_listed",
        params: None,
    };
    reply.send(&request, &state)
}
