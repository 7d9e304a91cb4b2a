//! Shared texts as a list.

use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Shared texts as a list.
#[derive(Debug)]
pub(super) struct Texts<'a>(pub(super) &'a [Arc<str>]);

impl Serialize for Texts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|text| &**text))
    }
}
