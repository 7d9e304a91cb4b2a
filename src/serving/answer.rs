//! One answer as bytes, in the encodings that were asked for so far.

use std::io::Write;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::metrics::Matched;

/// A content coding that answers are kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As it is.
    Identity,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
    /// RFC 1952.
    Gzip,
}

/// A compressor failed, which in-memory compressors do not.
#[derive(Debug, thiserror::Error)]
#[error("an answer cannot be compressed: {0}")]
pub struct EncodingError(#[from] std::io::Error);

/// What logs and metrics say whenever an answer is given.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// The canonical query; none where the answer is about no environment.
    pub params: Option<Box<str>>,
    /// Applied overlays, the base not counted.
    pub matched: Arc<Matched>,
    /// Measurement types in the answer.
    pub measurements: usize,
}

/// An answer that can be sent again and again.
#[derive(Debug)]
pub struct Answer {
    content_type: &'static str,
    body: Bytes,
    /// As sent: strong, quoted, one an encoding.
    tags: [Bytes; 4],
    facts: Facts,
    packed: bool,
    brotli: OnceLock<Bytes>,
    zstd: OnceLock<Bytes>,
    gzip: OnceLock<Bytes>,
}

/// Below this, a compressed answer would not save a packet.
const WORTH_COMPRESSING: usize = 512;

impl Answer {
    /// An answer with its media type.
    #[must_use]
    pub fn new(content_type: &'static str, body: &[u8], facts: Facts) -> Self {
        let hash = hex::encode(Sha256::digest(body));
        let hash = hash.get(..32).unwrap_or(&hash);
        let tag = |suffix: &str| Bytes::from(format!("\"{hash}{suffix}\""));
        Self {
            content_type,
            // A copy as long as the body: what a writer left over would be held
            // and not weighed, and cut off it would leave holes.
            body: Bytes::copy_from_slice(body),
            tags: ["", "-br", "-zstd", "-gzip"].map(tag),
            facts,
            packed: false,
            brotli: OnceLock::new(),
            zstd: OnceLock::new(),
            gzip: OnceLock::new(),
        }
    }

    /// An answer that is compressed already, so that no encoding would make it
    /// smaller.
    #[must_use]
    pub fn packed(content_type: &'static str, body: &[u8], facts: Facts) -> Self {
        Self {
            packed: true,
            ..Self::new(content_type, body, facts)
        }
    }

    /// The media type.
    #[must_use]
    pub const fn content_type(&self) -> &'static str {
        self.content_type
    }

    /// A strong entity tag: the first 128 bits of the body's SHA-256, and the
    /// encoding, because the bytes differ with it.
    #[must_use]
    pub fn tag(&self, encoding: Encoding) -> Bytes {
        let [identity, brotli, zstd, gzip] = &self.tags;
        match encoding {
            Encoding::Identity => identity,
            Encoding::Brotli => brotli,
            Encoding::Zstd => zstd,
            Encoding::Gzip => gzip,
        }
        .clone()
    }

    /// What logs and metrics say whenever it is given.
    #[must_use]
    pub const fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The encoding to send where the client takes this one.
    #[must_use]
    pub fn best(&self, accepted: Encoding) -> Encoding {
        if self.packed || self.body.len() < WORTH_COMPRESSING {
            Encoding::Identity
        } else {
            accepted
        }
    }

    /// Whether the bytes in this encoding exist already.
    #[must_use]
    pub fn has(&self, encoding: Encoding) -> bool {
        self.slot(encoding).is_none_or(|slot| slot.get().is_some())
    }

    /// The bytes in one encoding, made on first demand and then kept. Two
    /// requests may make them at once; both then get the same bytes.
    ///
    /// # Errors
    /// Only when a compressor fails.
    pub fn bytes(&self, encoding: Encoding) -> Result<Bytes, EncodingError> {
        let Some(slot) = self.slot(encoding) else {
            return Ok(self.body.clone());
        };
        if let Some(made) = slot.get() {
            return Ok(made.clone());
        }
        let made = compress(&self.body, encoding)?.into();
        Ok(slot.get_or_init(|| made).clone())
    }

    /// Bytes held, all encodings counted.
    #[must_use]
    pub fn size(&self) -> usize {
        let encoded = [&self.brotli, &self.zstd, &self.gzip];
        let kept = |slot: &OnceLock<Bytes>| slot.get().map_or(0, Bytes::len);
        let tags: usize = self.tags.iter().map(Bytes::len).sum();
        let params = self.facts.params.as_deref().map_or(0, str::len);
        let facts = params + self.facts.matched.size();
        self.body.len() + tags + facts + encoded.into_iter().map(kept).sum::<usize>()
    }

    const fn slot(&self, encoding: Encoding) -> Option<&OnceLock<Bytes>> {
        match encoding {
            Encoding::Identity => None,
            Encoding::Brotli => Some(&self.brotli),
            Encoding::Zstd => Some(&self.zstd),
            Encoding::Gzip => Some(&self.gzip),
        }
    }
}

/// Levels that a request can wait for: on a recipe of 12 KiB gzip 9 takes 0.2 ms,
/// brotli 5 0.8 ms and zstd 9 0.3 ms; brotli 11 would take 10.
fn compress(body: &[u8], encoding: Encoding) -> Result<Vec<u8>, std::io::Error> {
    let mut made = Vec::with_capacity(body.len() / 4);
    match encoding {
        Encoding::Identity => made.extend_from_slice(body),
        Encoding::Brotli => {
            let mut writer = brotli::CompressorWriter::new(&mut made, 4096, 5, 22);
            writer.write_all(body)?;
            drop(writer);
        }
        Encoding::Zstd => made = zstd::bulk::compress(body, 9)?,
        Encoding::Gzip => {
            let level = flate2::Compression::best();
            let mut writer = flate2::write::GzEncoder::new(&mut made, level);
            writer.write_all(body)?;
            writer.finish()?;
        }
    }
    made.shrink_to_fit();
    Ok(made)
}
