//! Which format a client takes: `format=` first, then `Accept`.

use actix_web::HttpMessage;
use actix_web::HttpRequest;
use actix_web::http::header::{self, Accept, Header, HeaderValue};

use super::error::{ApiError, shown};
use crate::wire::Format;

/// What an answer can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Document(Format),
    /// One value and nothing else.
    Bare,
    /// Several files in one.
    Archive,
}

/// `application/json`, as sent.
pub(super) const JSON: &str = "application/json";
/// Registered by RFC 9512.
pub(super) const YAML: &str = "application/yaml";
/// Several files in one.
pub(super) const ZIP: &str = "application/zip";
/// One bare value.
pub(super) const TEXT: &str = "text/plain; charset=utf-8";

/// The media type a document is sent as.
pub(super) const fn media_type(format: Format) -> &'static str {
    Shape::Document(format).content_type()
}

/// A media type as a header. What nearly all answers are was checked when this was
/// compiled; the others are checked each time.
pub(super) fn header(media_type: &'static str) -> HeaderValue {
    static JSON_HEADER: HeaderValue = HeaderValue::from_static(JSON);
    if media_type == JSON {
        return JSON_HEADER.clone();
    }
    HeaderValue::from_static(media_type)
}

impl Shape {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Document(Format::Json) => JSON,
            Self::Document(Format::Yaml) => YAML,
            Self::Bare => TEXT,
            Self::Archive => ZIP,
        }
    }

    /// Short, for keys of the cache.
    pub(super) const fn letter(self) -> char {
        match self {
            Self::Document(Format::Json) => 'j',
            Self::Document(Format::Yaml) => 'y',
            Self::Bare => 't',
            Self::Archive => 'z',
        }
    }
}

const JSON_DOCUMENT: Shape = Shape::Document(Format::Json);

/// Files in an archive, and nothing else.
pub(super) const ARCHIVES: &[Shape] = &[Shape::Archive];
/// JSON and YAML, the default first.
const DOCUMENTS: &[Shape] = &[Shape::Document(Format::Json), Shape::Document(Format::Yaml)];
/// A document or its one value.
pub(super) const VALUES: &[Shape] = &[
    Shape::Document(Format::Json),
    Shape::Document(Format::Yaml),
    Shape::Bare,
];

/// Media types that name a shape, beside the one it is sent as.
fn names(shape: Shape, essence: &str) -> bool {
    match shape {
        Shape::Document(Format::Json) => essence == "application/json",
        Shape::Document(Format::Yaml) => {
            matches!(
                essence,
                "application/yaml" | "application/x-yaml" | "text/yaml"
            )
        }
        Shape::Bare => essence == "text/plain",
        Shape::Archive => essence == "application/zip",
    }
}

/// The shape to answer with.
pub(super) fn negotiate(
    request: &impl HttpMessage,
    asked: Option<Format>,
    served: &[Shape],
) -> Result<Shape, ApiError> {
    if let Some(format) = asked {
        return Ok(Shape::Document(format));
    }
    let default = served.first().copied().unwrap_or(JSON_DOCUMENT);
    let Some(given) = request.headers().get(header::ACCEPT) else {
        return Ok(default);
    };
    let is_json = default == JSON_DOCUMENT && given.as_bytes() == b"application/json";
    if is_json || given.as_bytes() == b"*/*" {
        return Ok(default);
    }
    let refuse = || {
        let served: Vec<&str> = served.iter().map(|shape| shape.content_type()).collect();
        ApiError::NotAcceptable {
            given: shown(&String::from_utf8_lossy(given.as_bytes())),
            served: served.join(", "),
        }
    };
    let accept = Accept::parse(request).map_err(|_| refuse())?;
    best(&accept, served).ok_or_else(refuse)
}

/// The format to answer a document in.
pub(super) fn of_answer(
    request: &impl HttpMessage,
    asked: Option<Format>,
) -> Result<Format, ApiError> {
    match negotiate(request, asked, DOCUMENTS)? {
        Shape::Document(format) => Ok(format),
        // Not among what is served.
        Shape::Bare | Shape::Archive => Ok(Format::Json),
    }
}

/// The served shape with the highest weight; each takes its weight from the
/// most specific range that names it (RFC 9110, section 12.5.1).
fn best(accept: &Accept, served: &[Shape]) -> Option<Shape> {
    let mut best = None;
    for shape in served.iter().copied() {
        let weight = accept
            .iter()
            .filter_map(|range| {
                let essence = range.item.essence_str();
                let (kind, _) = shape.content_type().split_once('/')?;
                let specific = match essence {
                    "*/*" => 0,
                    _ if essence.strip_suffix("/*") == Some(kind) => 1,
                    _ if names(shape, essence) => 2,
                    _ => return None,
                };
                Some((specific, range.quality))
            })
            .max_by_key(|(specific, _)| *specific);
        if let Some((_, quality)) = weight
            && quality > header::Quality::ZERO
            && best.is_none_or(|(_, before)| quality > before)
        {
            best = Some((shape, quality));
        }
    }
    best.map(|(shape, _)| shape)
}

/// The format of a body, or what is wrong with the headers that describe it.
pub(super) fn of_body(request: &HttpRequest) -> Result<Format, ApiError> {
    let refuse = |given: String| ApiError::UnsupportedMediaType { given };
    let coding = request.headers().get(header::CONTENT_ENCODING);
    if let Some(coding) = coding.filter(|coding| coding.as_bytes() != b"identity") {
        let coding = shown(&String::from_utf8_lossy(coding.as_bytes()));
        return Err(refuse(format!(
            "a compressed body (`Content-Encoding: {coding}`) is not read"
        )));
    }
    let Some(given) = request.headers().get(header::CONTENT_TYPE) else {
        return Err(refuse("the body has no `Content-Type`".to_owned()));
    };
    let given = shown(&String::from_utf8_lossy(given.as_bytes()));
    let Ok(Some(mime)) = request.mime_type() else {
        return Err(refuse(format!("`Content-Type: {given}` cannot be read")));
    };
    if mime
        .get_param("charset")
        .is_some_and(|charset| charset != "utf-8")
    {
        return Err(refuse(format!("`Content-Type: {given}` is not UTF-8")));
    }
    DOCUMENTS
        .iter()
        .find_map(|shape| match shape {
            Shape::Document(format) if names(*shape, mime.essence_str()) => Some(*format),
            _ => None,
        })
        .ok_or_else(|| refuse(format!("`Content-Type: {given}` is not read")))
}
