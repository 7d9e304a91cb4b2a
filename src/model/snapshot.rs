//! What was measured on a node, and nothing else.

use std::collections::BTreeMap;

use super::{Path, Reading, Selector};

/// Readings of one node, by path, and the document's own metadata.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Metadata as written, such as `source-node`.
    pub metadata: BTreeMap<String, String>,
    /// Every reading.
    pub readings: BTreeMap<Path, Reading>,
}

impl Snapshot {
    /// The reading that a selector names.
    #[must_use]
    pub fn get(&self, selector: &Selector) -> Option<&Reading> {
        selector.paths().find_map(|path| self.readings.get(&path))
    }
}
