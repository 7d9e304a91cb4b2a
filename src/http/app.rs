//! All routes and what stands around them, for `main` and for tests.

use actix_cors::Cors;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, Error, web};
use tracing_actix_web::TracingLogger;

use super::error::ApiError;
use super::middleware::{admit, cors, exchange};
use super::routes;
use super::state::State;
use crate::settings::LogLevel;

/// The service over `state`. Middleware is listed innermost first.
pub fn build_app(
    state: web::Data<State>,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let origins = &state.settings.cors_allowed_origins;
    let cors: Condition<Cors> = Condition::new(!origins.is_empty(), cors(origins));
    // A real span costs as much as the rest of a cached answer. Above `debug`
    // nobody would see it.
    let spans = Condition::new(
        state.settings.log_level >= LogLevel::Debug,
        TracingLogger::default(),
    );
    let (around_all, around_v1) = (web::Data::clone(&state), web::Data::clone(&state));
    // What users ask for stands first: routes are tried in order.
    let versioned = web::scope("/v1")
        .service(routes::recipe::resource())
        .service(routes::query::resource())
        .service(routes::batch::resource())
        .service(routes::bundle::resource())
        .service(routes::rules::resource())
        .service(routes::validate::resource())
        .service(routes::drift::resource())
        .default_service(web::to(routes::not_found))
        .wrap(from_fn(move |request, next| {
            admit(web::Data::clone(&around_v1), request, next)
        }));
    App::new()
        .app_data(state)
        .app_data(
            web::PathConfig::default()
                .error_handler(|error, _| ApiError::Malformed(error.to_string()).into()),
        )
        .service(versioned)
        .configure(routes::service::configure)
        .configure(routes::docs::configure)
        .default_service(web::to(routes::not_found))
        .wrap(cors)
        .wrap(from_fn(move |request, next| {
            exchange(web::Data::clone(&around_all), request, next)
        }))
        .wrap(spans)
}
