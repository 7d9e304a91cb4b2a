//! The errors of the HTTP contract: one table of codes, one envelope.
//!
//! Which failure gets which code is decided where requests are answered.

use serde::Serialize;

/// What went wrong, in the words that clients program against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// Something in the request cannot be understood.
    InvalidRequest,
    /// No API key, or an unknown one.
    Unauthorized,
    /// No such path.
    NotFound,
    /// Nothing specific is known, and the client asked for no less.
    NoMatchingRule,
    /// The path exists for other methods.
    MethodNotAllowed,
    /// No format that the client accepts.
    NotAcceptable,
    /// The request took too long to arrive.
    RequestTimeout,
    /// The body is too large.
    PayloadTooLarge,
    /// The body is neither JSON nor YAML.
    UnsupportedMediaType,
    /// Too many requests.
    RateLimitExceeded,
    /// A defect of the service.
    InternalError,
    /// Draining, or full of other clients' bodies.
    ServiceUnavailable,
}

impl ErrorCode {
    /// Every code, in the order of the contract.
    pub const ALL: [Self; 12] = [
        Self::InvalidRequest,
        Self::Unauthorized,
        Self::NotFound,
        Self::NoMatchingRule,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::RequestTimeout,
        Self::PayloadTooLarge,
        Self::UnsupportedMediaType,
        Self::RateLimitExceeded,
        Self::InternalError,
        Self::ServiceUnavailable,
    ];

    /// The table: code, status, whether the same request may succeed later.
    const fn row(self) -> (&'static str, u16, bool) {
        match self {
            Self::InvalidRequest => ("INVALID_REQUEST", 400, false),
            Self::Unauthorized => ("UNAUTHORIZED", 401, false),
            Self::NotFound => ("NOT_FOUND", 404, false),
            Self::NoMatchingRule => ("NO_MATCHING_RULE", 404, false),
            Self::MethodNotAllowed => ("METHOD_NOT_ALLOWED", 405, false),
            Self::NotAcceptable => ("NOT_ACCEPTABLE", 406, false),
            Self::RequestTimeout => ("REQUEST_TIMEOUT", 408, true),
            Self::PayloadTooLarge => ("PAYLOAD_TOO_LARGE", 413, false),
            Self::UnsupportedMediaType => ("UNSUPPORTED_MEDIA_TYPE", 415, false),
            Self::RateLimitExceeded => ("RATE_LIMIT_EXCEEDED", 429, true),
            Self::InternalError => ("INTERNAL_ERROR", 500, true),
            Self::ServiceUnavailable => ("SERVICE_UNAVAILABLE", 503, true),
        }
    }

    /// The code as sent.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        self.row().1
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn retryable(self) -> bool {
        self.row().2
    }
}

impl Serialize for ErrorCode {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

#[cfg(feature = "server")]
impl utoipa::PartialSchema for ErrorCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(Self::ALL.map(Self::code)))
            .description(Some(
                "What went wrong, in the words that clients program against.",
            ))
            .into()
    }
}

#[cfg(feature = "server")]
impl utoipa::ToSchema for ErrorCode {}

/// The body of every error.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Error))]
pub struct ErrorBody {
    /// What went wrong.
    pub code: ErrorCode,
    /// The same in a sentence, with what was given and what is allowed.
    pub message: String,
    /// Facts that a program can use; which ones depends on the code.
    pub details: serde_json::Map<String, serde_json::Value>,
    /// The request's id, also in `X-Request-Id` and the log.
    pub request_id: String,
    /// When the error was answered.
    #[cfg_attr(feature = "server", schema(format = DateTime))]
    pub timestamp: String,
    /// Whether the same request may succeed later.
    retryable: bool,
}

impl ErrorBody {
    /// An error body; `timestamp` is RFC 3339.
    #[must_use]
    pub fn new(code: ErrorCode, message: String, request_id: String, timestamp: String) -> Self {
        let details = serde_json::Map::new();
        Self {
            code,
            message,
            details,
            request_id,
            timestamp,
            retryable: code.retryable(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorBody, ErrorCode};

    #[test]
    fn the_envelope_is_the_contract() {
        let mut body = ErrorBody::new(
            ErrorCode::RateLimitExceeded,
            "too many requests".into(),
            "r-1".into(),
            "2026-11-23T00:00:00Z".into(),
        );
        body.details.insert("limit".to_owned(), 100.into());
        assert_eq!(
            serde_json::to_string(&body).unwrap(),
            r#"{"code":"RATE_LIMIT_EXCEEDED","message":"too many requests","details":{"limit":100},"requestId":"r-1","timestamp":"2026-11-23T00:00:00Z","retryable":true}"#
        );
    }

    #[test]
    fn codes_are_unique_and_all_listed() {
        let mut codes = ErrorCode::ALL.map(ErrorCode::code).to_vec();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
        assert_eq!(
            ErrorCode::ALL
                .iter()
                .filter(|code| code.retryable())
                .count(),
            4
        );
    }
}
