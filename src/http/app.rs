//! All routes and what stands around them, for `main` and for tests.

use actix_cors::Cors;
use actix_http::{Request, Response};
use actix_service::apply_fn_factory;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{AppConfig, Service, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Condition, from_fn};
use actix_web::{App, Error, web};
use futures_util::future::{Either, TryFutureExt, ready};
use tracing_actix_web::TracingLogger;

use super::connection::Intake;
use super::middleware::{admit, cors, kept, outermost};
use super::routes;
use super::state::State;
use crate::settings::LogLevel;

/// The whole service over `state`: kept answers, and behind them the application.
#[must_use]
pub fn build_service(
    state: web::Data<State>,
) -> impl ServiceFactory<
    Request,
    Config = AppConfig,
    Response = Response<impl MessageBody>,
    Error = Error,
    InitError = (),
> {
    let application = build_app(web::Data::clone(&state));
    apply_fn_factory(
        application,
        move |request: Request, application| match kept::answer(&request, &state) {
            Some(kept) => Either::Left(ready(Ok(kept.map_body(|_, kept| EitherBody::right(kept))))),
            None => {
                let work = Intake::work(&request);
                Either::Right(application.call(request).map_ok(move |response| {
                    drop(work);
                    Response::from(response.map_into_left_body())
                }))
            }
        },
    )
}

/// The application over `state`. Middleware is listed innermost first.
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
        .service(versioned)
        .configure(routes::service::configure)
        .configure(routes::docs::configure)
        .default_service(web::to(routes::not_found))
        .wrap(cors)
        .wrap(from_fn(move |request, next| {
            outermost(web::Data::clone(&around_all), request, next)
        }))
        .wrap(spans)
}
