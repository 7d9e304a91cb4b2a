//! One way to start the service and one to ask it.

use std::path::Path;
use std::sync::Arc;

use actix_http::{Request, Response};
use actix_web::body::{MessageBody, to_bytes};
use actix_web::dev::{AppConfig, Service, ServiceFactory};
use actix_web::http::header::HeaderMap;
use actix_web::test::TestRequest;
use actix_web::{Error, web};
use eidos::http::{ApiKeys, State, build_service};
use eidos::library;
use eidos::rules::{RuleBase, compile};
use eidos::settings::Settings;
use eidos::telemetry::Stream;
use serde_json::Value;

/// What a file of keys says of the key `secret`: `printf %s secret | sha256sum`.
pub const SECRET: &str = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

/// The shipped rule base.
pub fn shipped() -> RuleBase {
    let texts = library::embedded();
    compile(&texts.files, &texts.defaults, &texts.digest)
        .unwrap()
        .rules
}

pub fn settings(pairs: &[(&'static str, &str)]) -> Settings {
    let lookup = |name| {
        let found = pairs.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Settings::from_lookup(lookup).unwrap()
}

/// A state over the shipped rule base with some settings.
pub fn state(pairs: &[(&'static str, &str)]) -> web::Data<State> {
    state_with_log(pairs, Arc::new(Stream::new(std::io::sink())))
}

/// The same, with a log.
pub fn state_with_log(pairs: &[(&'static str, &str)], log: Arc<Stream>) -> web::Data<State> {
    let settings = settings(pairs);
    let keys = settings
        .api_keys_file
        .as_deref()
        .map(|path: &Path| ApiKeys::read(path).unwrap());
    web::Data::new(State::new(settings, shipped(), keys, log).unwrap())
}

/// The service over a state.
pub async fn over(
    state: web::Data<State>,
) -> impl Service<Request, Response = Response<impl MessageBody>, Error = Error> {
    let service = build_service(state).new_service(AppConfig::default());
    service.await.unwrap()
}

/// The service with some settings and no rate limit unless one is set.
pub async fn service(
    pairs: &[(&'static str, &str)],
) -> impl Service<Request, Response = Response<impl MessageBody>, Error = Error> {
    let mut all = vec![("RATE_LIMIT", "0")];
    all.splice(0..0, pairs.iter().copied());
    over(state(&all)).await
}

/// What came back.
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: web::Bytes,
}

impl Reply {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {:?}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The envelope, checked whole.
    pub fn error(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{:?}", self.body);
        let body = self.json();
        assert_eq!(body["code"], code);
        assert_eq!(self.header("content-type"), "application/json");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(body["requestId"], self.header("x-request-id"));
        assert_eq!(body.as_object().unwrap().len(), 6, "{body}");
        assert!(
            body["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
        assert!(body["details"].is_object());
        assert!(
            body["timestamp"]
                .as_str()
                .unwrap()
                .parse::<jiff::Timestamp>()
                .is_ok()
        );
        assert_eq!(body["retryable"], matches!(status, 408 | 429 | 500 | 503));
        body
    }
}

/// Sends one request.
pub async fn send<S, B>(service: &S, request: TestRequest) -> Reply
where
    S: Service<Request, Response: Into<Response<B>>, Error = Error>,
    B: MessageBody,
{
    let address = "192.0.2.7:4711".parse().unwrap();
    let (status, headers, body) = match service.call(request.peer_addr(address).to_request()).await
    {
        Ok(response) => {
            let response = response.into();
            let (status, headers) = (response.status(), response.headers().clone());
            let body = to_bytes(response.into_body()).await;
            (status, headers, body.map_err(|_| ()).unwrap())
        }
        Err(error) => {
            let (response, body) = error.error_response().into_parts();
            let body = to_bytes(body).await.unwrap();
            (response.status(), response.headers().clone(), body)
        }
    };
    Reply {
        status: status.as_u16(),
        headers,
        body,
    }
}

pub async fn get<S, B>(service: &S, uri: &str) -> Reply
where
    S: Service<Request, Response: Into<Response<B>>, Error = Error>,
    B: MessageBody,
{
    send(service, TestRequest::get().uri(uri)).await
}

/// Posts a text.
pub async fn post<S, B>(
    service: &S,
    uri: &str,
    content_type: &str,
    body: impl Into<web::Bytes>,
) -> Reply
where
    S: Service<Request, Response: Into<Response<B>>, Error = Error>,
    B: MessageBody,
{
    let request = TestRequest::post()
        .uri(uri)
        .insert_header(("content-type", content_type))
        .set_payload(body);
    send(service, request).await
}

/// Headers that are the same whenever the answer is.
pub fn comparable(headers: &HeaderMap) -> Vec<(String, String)> {
    let mut pairs: Vec<_> = headers
        .iter()
        .filter(|(name, _)| *name != "x-request-id")
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    pairs.sort();
    pairs
}
