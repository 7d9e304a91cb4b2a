//! The API description, to read by programs and by people.
//!
//! Swagger UI comes out of the binary: `/docs/` works without a network.

use std::future::ready;
use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::Config;

use super::no_route;
use crate::http::error::ApiError;
use crate::http::format::media_type;
use crate::http::openapi;
use crate::http::respond::{Reply, kept_or};
use crate::http::state::State;
use crate::serving::{Answer, Facts, Revision};
use crate::wire::{Format, encode};

pub(in crate::http) fn configure(config: &mut web::ServiceConfig) {
    let description = |path: &str, format| {
        let get = move |request: HttpRequest, state: web::Data<State>| {
            ready(describe(&request, &state, format))
        };
        web::resource(path)
            .route(web::get().to(get))
            .route(web::head().to(get))
    };
    config
        .service(description("/openapi.json", Format::Json))
        .service(description("/openapi.yaml", Format::Yaml))
        .service(
            web::resource("/docs")
                .route(web::get().to(redirect))
                .route(web::head().to(redirect)),
        )
        .service(
            web::resource("/docs/{file:.*}")
                .route(web::get().to(page))
                .route(web::head().to(page)),
        );
}

fn describe(
    request: &HttpRequest,
    state: &State,
    format: Format,
) -> Result<HttpResponse, ApiError> {
    let key = match format {
        Format::Json => "openapi.json",
        Format::Yaml => "openapi.yaml",
    };
    let make = |revision: &Revision| {
        let document = openapi::document(revision.rules()).map_err(ApiError::defect)?;
        let bytes = encode(format, &document).map_err(ApiError::defect)?;
        Ok(Answer::new(media_type(format), &bytes, Facts::default()))
    };
    kept(request, state, key, make)
}

async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect()
        .insert_header((header::LOCATION, "docs/"))
        .finish()
}

async fn page(request: HttpRequest, state: web::Data<State>) -> Result<HttpResponse, ApiError> {
    let file = request.match_info().query("file");
    let file = if file.is_empty() { "index.html" } else { file };
    // Relative, so that the page also works below an ingress path.
    let config = Config::from("../openapi.json")
        .try_it_out_enabled(true)
        .display_request_duration(true)
        .deep_linking(true)
        .validator_url("none");
    let Some(found) = utoipa_swagger_ui::serve(file, Arc::new(config)).map_err(ApiError::defect)?
    else {
        return Err(no_route(&request));
    };
    let content_type = match file.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "png" => "image/png",
        _ => "application/octet-stream",
    };
    let key = format!("docs/{file}");
    kept(&request, &state, &key, |_| {
        Ok(Answer::new(content_type, &found.bytes, Facts::default()))
    })
}

fn kept(
    request: &HttpRequest,
    state: &State,
    key: &str,
    make: impl FnOnce(&Revision) -> Result<Answer, ApiError>,
) -> Result<HttpResponse, ApiError> {
    let revision = state.publisher.current();
    let (answer, cache) = kept_or(&revision, key, || make(&revision))?;
    let reply = Reply {
        revision: &revision,
        key: Some(key),
        answer,
        cache,
        event: "description_read",
    };
    reply.send(request, state)
}
