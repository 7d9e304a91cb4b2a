//! The images of a recipe as a document.

use serde::Serialize;

use crate::bundle::{Image, Images, Unresolved};

/// What a recipe's images are pulled as.
#[derive(Debug, Serialize)]
pub struct ImagesDocument<'a> {
    images: Vec<ImageDocument<'a>>,
    unresolved: Vec<UnresolvedDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct ImageDocument<'a> {
    path: &'a str,
    image: &'a str,
    origin: &'a str,
}

#[derive(Debug, Serialize)]
struct UnresolvedDocument<'a> {
    path: &'a str,
    tag: &'a str,
    reason: &'a str,
}

impl<'a> ImagesDocument<'a> {
    /// The document of a list of images.
    #[must_use]
    pub fn new(found: &'a Images) -> Self {
        Self {
            images: found.images.iter().map(ImageDocument::from).collect(),
            unresolved: found
                .unresolved
                .iter()
                .map(UnresolvedDocument::from)
                .collect(),
        }
    }
}

impl<'a> From<&'a Image> for ImageDocument<'a> {
    fn from(image: &'a Image) -> Self {
        Self {
            path: &image.path,
            image: &image.reference,
            origin: &image.origin,
        }
    }
}

impl<'a> From<&'a Unresolved> for UnresolvedDocument<'a> {
    fn from(pin: &'a Unresolved) -> Self {
        Self {
            path: &pin.path,
            tag: &pin.tag,
            reason: &pin.reason,
        }
    }
}
