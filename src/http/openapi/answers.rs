//! Answers and errors, with their headers and examples.

use serde_json::{Value, json};
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref};

use crate::wire::ErrorCode;

/// Headers of several answers, described once.
const HEADERS: [(&str, Type, &str); 10] = [
    (
        "X-Request-Id",
        Type::String,
        "The request's id: the client's own, or a new one.",
    ),
    (
        "X-RateLimit-Limit",
        Type::Integer,
        "Requests at once; absent where there is no limit.",
    ),
    ("X-RateLimit-Remaining", Type::Integer, "Requests left now."),
    (
        "X-RateLimit-Reset",
        Type::Integer,
        "Unix time in seconds when all are left again.",
    ),
    (
        "ETag",
        Type::String,
        "Strong validator; send it back as `If-None-Match`.",
    ),
    (
        "Cache-Control",
        Type::String,
        "How long the answer may be kept.",
    ),
    ("Retry-After", Type::Integer, "Seconds to wait, 1 to 10."),
    (
        "Content-Location",
        Type::String,
        "The GET that gives the same bytes.",
    ),
    ("WWW-Authenticate", Type::String, "`Bearer`."),
    (
        "Content-Disposition",
        Type::String,
        "The name to save it as.",
    ),
];

fn header(name: &str) -> Header {
    let found = HEADERS.iter().find(|(known, _, _)| *known == name);
    let (_, kind, description) = found.unwrap_or(&("", Type::String, ""));
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(kind.clone())))
        .description(Some(*description))
        .build()
}

fn with_headers(mut response: ResponseBuilder, names: &[&str]) -> ResponseBuilder {
    for name in names {
        response = response.header(*name, header(name));
    }
    response
}

const LIMITED: [&str; 3] = [
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
];

/// Headers of an answer that is made anew each time.
pub(super) const FRESH: &[&str] = &LIMITED;

/// Headers of an answer that may be kept.
pub(super) const KEPT: &[&str] = &[
    "ETag",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
];

/// Headers of an answer that is also found elsewhere.
pub(super) const LOCATED: &[&str] = &[
    "Content-Location",
    "ETag",
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
];

/// What an operation answers when all is well.
pub(super) struct Success<'a> {
    pub(super) description: &'a str,
    pub(super) schema: &'a str,
    pub(super) example: Option<Value>,
    /// Media types beside JSON.
    pub(super) also: &'a [&'a str],
    /// Headers beside those that every answer has.
    pub(super) headers: &'a [&'a str],
}

impl Success<'_> {
    /// The 200.
    pub(super) fn response(&self) -> Response {
        let content = |example: Option<Value>| {
            ContentBuilder::new()
                .schema(Some(Ref::from_schema_name(self.schema)))
                .example(example)
                .build()
        };
        let mut response = ResponseBuilder::new()
            .description(self.description)
            .content("application/json", content(self.example.clone()));
        for media_type in self.also {
            let content = if *media_type == "text/plain" {
                text()
            } else {
                content(None)
            };
            response = response.content(*media_type, content);
        }
        let response = with_headers(response, &["X-Request-Id", "Cache-Control"]);
        with_headers(response, self.headers).build()
    }
}

/// A 200 that is a zip.
pub(super) fn archive(description: &str, headers: &[&str]) -> Response {
    let bytes = ObjectBuilder::new().schema_type(Type::String);
    let content = ContentBuilder::new()
        .schema(Some(bytes.content_media_type("application/zip")))
        .build();
    let response = ResponseBuilder::new()
        .description(description)
        .content("application/zip", content);
    let always = ["X-Request-Id", "Cache-Control", "Content-Disposition"];
    with_headers(with_headers(response, &always), headers).build()
}

/// A 200 that is this very document.
pub(super) fn description(content_type: &str) -> Response {
    let any = ObjectBuilder::new().schema_type(Type::Object);
    let content = ContentBuilder::new().schema(Some(any)).build();
    let response = ResponseBuilder::new()
        .description("This document.")
        .content(content_type, content);
    with_headers(response, &["X-Request-Id", "Cache-Control", "ETag"]).build()
}

fn text() -> utoipa::openapi::Content {
    let schema = ObjectBuilder::new().schema_type(Type::String);
    ContentBuilder::new().schema(Some(schema)).build()
}

/// A 200 in some other media type.
pub(super) fn plain(description: &str, content_type: &str) -> Response {
    let response = ResponseBuilder::new()
        .description(description)
        .content(content_type, text());
    with_headers(response, &["X-Request-Id", "Cache-Control"]).build()
}

/// The 304.
pub(super) fn not_modified() -> Response {
    let response = ResponseBuilder::new().description("The client has this answer already.");
    with_headers(response, &["X-Request-Id", "ETag", "Cache-Control"]).build()
}

/// The same without a body, for HEAD.
pub(super) fn without_body(response: &Response) -> Response {
    let mut response = response.clone();
    response.content.clear();
    response
}

/// All errors of one status.
pub(super) fn error(codes: &[ErrorCode], limited: bool) -> Response {
    let names: Vec<String> = codes
        .iter()
        .map(|code| format!("`{}`", code.code()))
        .collect();
    let code = codes.first().copied().unwrap_or(ErrorCode::InternalError);
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Error")))
        .example(Some(example(code, limited)))
        .build();
    let response = ResponseBuilder::new()
        .description(names.join(" or "))
        .content("application/json", content);
    let mut headers = vec!["X-Request-Id"];
    if limited {
        headers.extend(LIMITED);
    }
    match code {
        ErrorCode::RateLimitExceeded | ErrorCode::ServiceUnavailable => headers.push("Retry-After"),
        ErrorCode::Unauthorized => headers.push("WWW-Authenticate"),
        _ => {}
    }
    with_headers(response, &headers).build()
}

fn example(code: ErrorCode, limited: bool) -> Value {
    let (message, details) = match code {
        ErrorCode::InvalidRequest => (
            "gpu: `h10` is not a known value; allowed: h100, a100, any; did you mean `h100`?",
            json!({"errors": [{
                "parameter": "gpu",
                "given": "h10",
                "reason": "is not a known value",
                "allowed": ["h100", "a100", "any"],
                "nearest": "h100",
            }]}),
        ),
        ErrorCode::Unauthorized => (
            "an API key is needed; send it as `Authorization: Bearer KEY`",
            json!({}),
        ),
        ErrorCode::NotFound => (
            "the recipe has no value `K8s.image.gpu-operater`",
            json!({"selector": "K8s.image.gpu-operater", "available": ["K8s.image.gpu-operator"]}),
        ),
        ErrorCode::NoMatchingRule => (
            "no rule covers `service=gke&gpu=l40`: its coverage is base",
            json!({"query": "service=gke&gpu=l40", "coverage": "base", "nearest": ["service=gke&gpu=h100"]}),
        ),
        ErrorCode::NotAcceptable => (
            "`Accept: text/html` leaves no format; served are application/json, application/yaml",
            json!({"given": "text/html", "allowed": ["application/json", "application/yaml"]}),
        ),
        ErrorCode::RequestTimeout => ("the body did not arrive within 10 s", json!({})),
        ErrorCode::PayloadTooLarge => (
            "the body is larger than 4194304 bytes",
            json!({"limit": 4_194_304}),
        ),
        ErrorCode::UnsupportedMediaType => (
            "`Content-Type: text/html` is not read; send application/json or application/yaml",
            json!({}),
        ),
        ErrorCode::RateLimitExceeded => (
            "too many requests: at most 100 a second and 200 at once",
            json!({"limit": 100, "burst": 200}),
        ),
        ErrorCode::MethodNotAllowed => (
            "`PUT` is not answered here; allowed are GET, HEAD, POST",
            json!({"method": "PUT", "allowed": ["GET", "HEAD", "POST"]}),
        ),
        ErrorCode::InternalError => (
            "something went wrong here; the log has more under this request id",
            json!({}),
        ),
        // What the rate limit is around reads bodies; `/ready` does not.
        ErrorCode::ServiceUnavailable if limited => (
            "the service has no room for more bodies at the moment",
            json!({}),
        ),
        ErrorCode::ServiceUnavailable => ("the service is shutting down", json!({})),
    };
    json!({
        "code": code.code(),
        "message": message,
        "details": details,
        "requestId": "0d6fb1a8-4f0e-4c9c-a6a8-6c1b3c1f8f53",
        "timestamp": "2026-11-23T09:30:00Z",
        "retryable": code.retryable(),
    })
}
