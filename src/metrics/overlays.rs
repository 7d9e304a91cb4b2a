//! How often each overlay took part in an answer.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use metrics::{Counter, counter};

use super::names;

/// Overlays with a series of their own; later ones share `other`.
const NAMED: usize = 200;

/// The counters, by the names of overlays.
pub(super) struct Overlays {
    named: RwLock<HashMap<Box<str>, Counter>>,
    other: Counter,
}

/// The counters of the overlays in one answer. They are looked up when it is made,
/// because it is given many times.
#[derive(Clone, Default)]
pub struct Matched(Box<[Counter]>);

impl Overlays {
    pub(super) fn new(other: Counter) -> Self {
        Self {
            named: RwLock::default(),
            other,
        }
    }

    /// Registers the overlays of a new rule base with the current recorder, and
    /// says how many they are.
    pub(super) fn name<'o>(&self, overlays: impl IntoIterator<Item = &'o str>) -> u32 {
        let mut named = self.named.write().unwrap_or_else(PoisonError::into_inner);
        let mut count = 0;
        for overlay in overlays {
            count += 1;
            if named.len() < NAMED && !named.contains_key(overlay) {
                let counter = counter!(names::RULE_MATCHES, "overlay" => overlay.to_owned());
                named.insert(overlay.into(), counter);
            }
        }
        count
    }

    pub(super) fn matched<'o>(&self, overlays: impl IntoIterator<Item = &'o str>) -> Matched {
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        let counter = |overlay| named.get(overlay).unwrap_or(&self.other).clone();
        Matched(overlays.into_iter().map(counter).collect())
    }
}

impl Matched {
    /// The answer was given once more.
    pub fn count(&self) {
        for counter in &self.0 {
            counter.increment(1);
        }
    }

    /// How many overlays there are in the answer.
    #[must_use]
    pub const fn overlays(&self) -> usize {
        self.0.len()
    }

    /// Bytes held.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of_val(&*self.0)
    }
}

impl std::fmt::Debug for Matched {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_tuple("Matched")
            .field(&self.overlays())
            .finish()
    }
}
