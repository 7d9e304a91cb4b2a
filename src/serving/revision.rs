//! One published rule base and the answers it has given so far.

use std::sync::Arc;

use moka::sync::Cache;

use super::answer::Answer;
use crate::rules::RuleBase;

/// A rule base with everything derived from it. The cache lives inside, so that
/// a new revision starts empty and an old answer cannot outlive its rules.
#[derive(Debug)]
pub struct Revision {
    rules: RuleBase,
    /// Seeded, so that nobody can choose keys that collide.
    answers: Cache<Box<str>, Arc<Answer>, foldhash::quality::RandomState>,
}

/// What the cache itself keeps for an entry, estimated from moka's node types:
/// key and value pointers, two queue nodes, a frequency counter.
const ENTRY_OVERHEAD: usize = 256;

impl Revision {
    /// A revision that has answered nothing yet. `capacity` bounds the kept
    /// answers in bytes: keys, headers and every encoding counted.
    #[must_use]
    pub fn new(rules: RuleBase, capacity: u64) -> Self {
        let answers = Cache::builder()
            .max_capacity(capacity)
            .weigher(weight_of)
            .build_with_hasher(foldhash::quality::RandomState::default());
        Self { rules, answers }
    }

    /// The rule base.
    #[must_use]
    pub const fn rules(&self) -> &RuleBase {
        &self.rules
    }

    /// An answer given before.
    #[must_use]
    pub fn remembered(&self, key: &str) -> Option<Arc<Answer>> {
        self.answers.get(key)
    }

    /// Keeps an answer, or weighs a kept one again after it grew an encoding.
    pub fn remember(&self, key: &str, answer: &Arc<Answer>) {
        self.answers.insert(key.into(), Arc::clone(answer));
    }

    /// Bytes of kept answers, as weighed; for tests and debugging.
    #[must_use]
    pub fn weight(&self) -> u64 {
        self.answers.run_pending_tasks();
        self.answers.weighted_size()
    }
}

#[allow(clippy::borrowed_box, reason = "the cache hands out its keys this way")]
fn weight_of(key: &Box<str>, answer: &Arc<Answer>) -> u32 {
    let bytes = key.len() + answer.size() + ENTRY_OVERHEAD;
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
