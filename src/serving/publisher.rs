//! The one place where the served revision is read and replaced.

use std::sync::Arc;

use arc_swap::{ArcSwap, Guard};

use super::revision::Revision;
use crate::rules::RuleBase;

/// Holds the served revision. Readers never wait, and keep what they loaded
/// for as long as they use it.
#[derive(Debug)]
pub struct Publisher {
    current: ArcSwap<Revision>,
    capacity: u64,
}

impl Publisher {
    /// Starts with a first rule base; each revision may keep `capacity` bytes
    /// of answers.
    #[must_use]
    pub fn new(rules: RuleBase, capacity: u64) -> Self {
        Self {
            current: ArcSwap::from_pointee(Revision::new(rules, capacity)),
            capacity,
        }
    }

    /// The served revision. Load it once a request and use it throughout.
    #[must_use]
    pub fn current(&self) -> Guard<Arc<Revision>> {
        self.current.load()
    }

    /// The same, for whoever waits for something before its request is answered.
    #[must_use]
    pub fn current_owned(&self) -> Arc<Revision> {
        self.current.load_full()
    }

    /// Serves another rule base from now on, with no answers kept.
    pub fn publish(&self, rules: RuleBase) -> Arc<Revision> {
        let revision = Arc::new(Revision::new(rules, self.capacity));
        self.current.store(Arc::clone(&revision));
        revision
    }
}
