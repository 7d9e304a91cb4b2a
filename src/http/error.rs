//! Everything that can go wrong with a request, and what the client is told.
//!
//! The body is written by the outermost middleware, which knows the request id.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

use crate::bundle::BundleError;
use crate::model::{CoverageLevel, QueryProblem};
use crate::wire::{DocumentError, ErrorCode};

/// The most problems that one answer names. A query string has room for thousands,
/// each with the list of what is allowed: 8 KB asked were 450 KB answered.
pub(super) const MOST_PROBLEMS: usize = 10;

/// Why a request is not answered with what it asked for.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ApiError {
    /// Parameters that cannot be understood, up to ten of them.
    #[error("{}", sentences(.0))]
    Parameters(Vec<QueryProblem>),
    /// A body that cannot be understood.
    #[error("{0}")]
    Document(#[from] DocumentError),
    /// A recipe or choice that cannot be bundled.
    #[error("{0}")]
    Bundle(#[from] BundleError),
    /// Another part of the request that cannot be understood.
    #[error("{0}")]
    Malformed(String),
    /// No key was sent where one is needed.
    #[error("an API key is needed; send it as `Authorization: Bearer KEY`")]
    KeyMissing,
    /// A key was sent that nobody has.
    #[error("this API key is not known")]
    KeyUnknown,
    /// No route has this path.
    #[error("nothing is served at `{path}`{}", or_near(.nearest.as_deref()))]
    NoRoute {
        /// The path as given, shortened.
        path: String,
        /// The nearest path that is served.
        nearest: Option<&'static str>,
    },
    /// The recipe has no such value.
    #[error("the recipe has no value `{selector}`")]
    NoValue {
        /// The selector as given.
        selector: String,
        /// What there is instead.
        available: Vec<String>,
    },
    /// Nothing specific is known and `strict=true` asked for no less.
    #[error("no rule covers `{query}`: its coverage is {}", .level.name())]
    NoMatchingRule {
        /// The canonical query.
        query: String,
        /// The coverage it has.
        level: CoverageLevel,
        /// Combinations that are covered.
        nearest: Vec<String>,
    },
    /// The route has other methods.
    #[error("`{method}` is not answered here; allowed are {allowed}")]
    MethodNotAllowed {
        /// The method as given.
        method: String,
        /// The methods that are.
        allowed: String,
    },
    /// No format that the client takes.
    #[error("`Accept: {given}` leaves no format; served are {served}")]
    NotAcceptable {
        /// The header as given, shortened.
        given: String,
        /// What is served here.
        served: String,
    },
    /// The body did not arrive in time.
    #[error("the body did not arrive within {seconds} s")]
    BodyTimeout {
        /// The limit.
        seconds: u64,
    },
    /// The body is larger than allowed.
    #[error("the body is larger than {limit} bytes")]
    PayloadTooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The body is in no format that is read.
    #[error("{given}; send application/json or application/yaml")]
    UnsupportedMediaType {
        /// What was said about the body.
        given: String,
    },
    /// The client asked too often.
    #[error("too many requests: at most {rate} a second and {burst} at once")]
    RateLimited {
        /// Requests a second.
        rate: u32,
        /// Requests at once.
        burst: u32,
        /// When to try again.
        retry_after: u64,
    },
    /// A defect of the service, which only the log tells.
    #[error("something went wrong here; the log has more under this request id")]
    Internal(String),
    /// Too many bodies are being received.
    #[error("the service has no room for more bodies at the moment")]
    NoRoom,
    /// The service is about to stop.
    #[error("the service is shutting down")]
    Draining,
}

impl ApiError {
    /// What is our fault and not the client's.
    pub(super) fn defect(cause: impl std::fmt::Display) -> Self {
        Self::Internal(cause.to_string())
    }

    /// As the log tells it.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Internal(cause) => cause.clone(),
            known => known.to_string(),
        }
    }

    /// The code, which brings status and retryability.
    pub(super) const fn code(&self) -> ErrorCode {
        match self {
            Self::Parameters(_) | Self::Document(_) | Self::Bundle(_) | Self::Malformed(_) => {
                ErrorCode::InvalidRequest
            }
            Self::KeyMissing | Self::KeyUnknown => ErrorCode::Unauthorized,
            Self::NoRoute { .. } | Self::NoValue { .. } => ErrorCode::NotFound,
            Self::NoMatchingRule { .. } => ErrorCode::NoMatchingRule,
            Self::MethodNotAllowed { .. } => ErrorCode::MethodNotAllowed,
            Self::NotAcceptable { .. } => ErrorCode::NotAcceptable,
            Self::BodyTimeout { .. } => ErrorCode::RequestTimeout,
            Self::PayloadTooLarge { .. } => ErrorCode::PayloadTooLarge,
            Self::UnsupportedMediaType { .. } => ErrorCode::UnsupportedMediaType,
            Self::RateLimited { .. } => ErrorCode::RateLimitExceeded,
            Self::Internal(_) => ErrorCode::InternalError,
            Self::NoRoom | Self::Draining => ErrorCode::ServiceUnavailable,
        }
    }

    /// Facts that a program can use.
    pub(super) fn details(&self) -> Map<String, Value> {
        let details = match self {
            Self::Parameters(problems) => {
                json!({"errors": problems.iter().map(problem).collect::<Vec<_>>()})
            }
            Self::Document(error) => {
                json!({"line": error.line, "column": error.column, "hint": error.hint})
            }
            Self::NoRoute { path, nearest } => json!({"path": path, "nearest": nearest}),
            Self::NoValue {
                selector,
                available,
            } => json!({"selector": selector, "available": available}),
            Self::NoMatchingRule {
                query,
                level,
                nearest,
            } => json!({"query": query, "coverage": level.name(), "nearest": nearest}),
            Self::MethodNotAllowed { method, allowed } => {
                json!({"method": method, "allowed": allowed.split(", ").collect::<Vec<_>>()})
            }
            Self::NotAcceptable { given, served } => {
                json!({"given": given, "allowed": served.split(", ").collect::<Vec<_>>()})
            }
            Self::PayloadTooLarge { limit } => json!({"limit": limit}),
            Self::RateLimited { rate, burst, .. } => json!({"limit": rate, "burst": burst}),
            Self::Bundle(_)
            | Self::Malformed(_)
            | Self::KeyMissing
            | Self::KeyUnknown
            | Self::BodyTimeout { .. }
            | Self::UnsupportedMediaType { .. }
            | Self::Internal(_)
            | Self::NoRoom
            | Self::Draining => json!({}),
        };
        match details {
            Value::Object(map) => map
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect(),
            _ => Map::new(),
        }
    }

    /// The error behind an answer that the framework made by itself.
    pub(super) fn of_framework(status: StatusCode, said: &str, allowed: Option<&str>) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NoRoute {
                path: String::new(),
                nearest: None,
            },
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed {
                method: shown(said),
                allowed: allowed.unwrap_or_default().to_owned(),
            },
            status if status.is_client_error() => Self::Malformed(shown(said)),
            _ => Self::defect(said),
        }
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// Status and headers; the body comes later.
    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        match self {
            Self::KeyMissing | Self::KeyUnknown => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            Self::RateLimited { retry_after, .. } => {
                response.insert_header((header::RETRY_AFTER, retry_after.to_string()));
            }
            Self::NoRoom | Self::Draining => {
                response.insert_header((header::RETRY_AFTER, "1"));
            }
            Self::MethodNotAllowed { allowed, .. } => {
                response.insert_header((header::ALLOW, allowed.as_str()));
            }
            Self::Parameters(_)
            | Self::Document(_)
            | Self::Bundle(_)
            | Self::Malformed(_)
            | Self::NoRoute { .. }
            | Self::NoValue { .. }
            | Self::NoMatchingRule { .. }
            | Self::NotAcceptable { .. }
            | Self::BodyTimeout { .. }
            | Self::PayloadTooLarge { .. }
            | Self::UnsupportedMediaType { .. }
            | Self::Internal(_) => {}
        }
        let mut response = response.finish();
        // Here the outermost middleware finds it, whatever wraps the answer.
        response.extensions_mut().insert(self.clone());
        response
    }
}

/// The most characters of a client's text that an error repeats.
const SHOWN: usize = 64;

/// A client's text shortened and printable.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

fn sentences(problems: &[QueryProblem]) -> String {
    let mut sentences: Vec<_> = problems.iter().map(sentence).collect();
    if problems.len() >= MOST_PROBLEMS {
        sentences.push("no more than these were looked for".to_owned());
    }
    sentences.join("; ")
}

fn sentence(problem: &QueryProblem) -> String {
    let name = shown(&problem.parameter);
    let mut text = match &problem.given {
        Some(given) => format!("{name}: `{}` {}", shown(given), problem.reason),
        None => format!("parameter `{name}` {}", problem.reason),
    };
    if !problem.allowed.is_empty() {
        text.push_str("; allowed: ");
        text.push_str(&problem.allowed.join(", "));
    }
    if let Some(nearest) = &problem.nearest {
        text.push_str("; did you mean `");
        text.push_str(nearest);
        text.push_str("`?");
    }
    text
}

fn problem(problem: &QueryProblem) -> Value {
    json!({
        "parameter": shown(&problem.parameter),
        "given": problem.given.as_deref().map(shown),
        "reason": problem.reason,
        "allowed": problem.allowed,
        "nearest": problem.nearest,
    })
}

fn or_near(nearest: Option<&str>) -> String {
    nearest
        .map(|path| format!("; did you mean `{path}`?"))
        .unwrap_or_default()
}
