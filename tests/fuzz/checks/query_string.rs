//! Requests as they come in: the part of a target behind `/v1/`, query string
//! included. Every answer is a document or the error envelope, the same twice.

use std::sync::Arc;

use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{AppConfig, Service, ServiceFactory};
use actix_web::http::Uri;
use actix_web::rt::System;
use actix_web::test::TestRequest;
use actix_web::web::{Bytes, Data};
use eidos::http::{State, build_service};
use eidos::rules::compile;
use eidos::settings::Settings;
use eidos::telemetry::Stream;

type Ask = Box<dyn Fn(&str) -> (u16, Bytes)>;

thread_local! {
    // Never dropped: the framework looks at its own thread locals when it is.
    static SERVICE: &'static Ask = Box::leak(Box::new(service()));
}

fn service() -> Ask {
    let texts = eidos::library::embedded();
    let rules = compile(&texts.files, &texts.defaults, &texts.digest)
        .expect("the shipped rules compile")
        .rules;
    let unlimited = |name: &str| (name == "RATE_LIMIT").then(|| "0".to_owned());
    let settings = Settings::from_lookup(unlimited).expect("defaults are settings");
    let log = Arc::new(Stream::new(std::io::sink()));
    let state = State::new(settings, rules, None, log).expect("a state of good settings");
    let system = System::new();
    let made = build_service(Data::new(state)).new_service(AppConfig::default());
    let service = system.block_on(made).expect("a service of a good state");
    Box::new(move |target| {
        let request = TestRequest::get().uri(target).to_request();
        system.block_on(async {
            let response = match service.call(request).await {
                Ok(response) => response.map_body(|_, body| body.boxed()),
                Err(error) => error.error_response().into(),
            };
            let status = response.status().as_u16();
            let body = to_bytes(response.into_body()).await;
            (status, body.expect("a body in memory"))
        })
    })
}

/// The part of a request's target behind `/v1/`.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let target = format!("/v1/{text}");
    // What is no target at all, the server refuses before this code sees it.
    if target.parse::<Uri>().is_err() {
        return;
    }
    SERVICE.with(|ask| {
        let (status, body) = ask(&target);
        match status {
            200 => assert_eq!(ask(&target), (status, body), "two answers to {target}"),
            400 | 404 | 405 | 406 => {
                let error: serde_json::Value = serde_json::from_slice(&body).unwrap();
                assert!(error["code"].is_string(), "{error}");
                assert!(body.len() < 16 << 10, "an error of {} bytes", body.len());
            }
            other => panic!("{other} for {target}"),
        }
    });
}
