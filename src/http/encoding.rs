//! Which content coding a client takes.

use actix_web::HttpMessage;
use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, Header};

use crate::serving::Encoding;

/// Best first: brotli is smallest, and zstd is faster to read than gzip.
const SERVED: [(ContentEncoding, Encoding); 3] = [
    (ContentEncoding::Brotli, Encoding::Brotli),
    (ContentEncoding::Zstd, Encoding::Zstd),
    (ContentEncoding::Gzip, Encoding::Gzip),
];

/// The coding to answer with. A client that takes none of ours, not even plain
/// bytes, gets plain bytes: RFC 9110, section 12.5.3, leaves that to the server.
pub(super) fn negotiate(request: &impl HttpMessage) -> Encoding {
    let Some(given) = request.headers().get(header::ACCEPT_ENCODING) else {
        return Encoding::Identity;
    };
    // What browsers, curl and Python's requests send.
    match given.as_bytes() {
        b"gzip, deflate" | b"gzip" | b"deflate, gzip" => return Encoding::Gzip,
        b"gzip, deflate, br" | b"gzip, deflate, br, zstd" | b"deflate, gzip, br, zstd" | b"br" => {
            return Encoding::Brotli;
        }
        b"" | b"identity" => return Encoding::Identity,
        _ => {}
    }
    let Ok(accepted) = AcceptEncoding::parse(request) else {
        return Encoding::Identity;
    };
    let codings = [
        header::Encoding::brotli(),
        header::Encoding::zstd(),
        header::Encoding::gzip(),
        header::Encoding::identity(),
    ];
    match accepted.negotiate(codings.iter()) {
        Some(header::Encoding::Known(chosen)) => SERVED
            .iter()
            .find(|(coding, _)| *coding == chosen)
            .map_or(Encoding::Identity, |(_, encoding)| *encoding),
        _ => Encoding::Identity,
    }
}

/// The name in `Content-Encoding`, none for plain bytes.
pub(super) const fn name(encoding: Encoding) -> Option<&'static str> {
    match encoding {
        Encoding::Identity => None,
        Encoding::Brotli => Some("br"),
        Encoding::Zstd => Some("zstd"),
        Encoding::Gzip => Some("gzip"),
    }
}
