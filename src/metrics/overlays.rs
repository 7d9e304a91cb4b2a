//! How often each overlay took part in an answer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};

use metrics::{Counter, counter};

use super::names;

/// Overlays with a series of their own; later ones share `other`.
const NAMED: usize = 200;

/// The counters, by the names of overlays.
pub(super) struct Overlays {
    named: RwLock<HashMap<Box<str>, Counter>>,
    other: Counter,
    /// What answers that still exist have counted.
    answers: Mutex<Vec<Weak<Matched>>>,
}

/// The overlays in one answer. It is given many times, so that it counts that for
/// itself: its overlays are told when someone asks, or when it goes.
#[derive(Default)]
pub struct Matched {
    overlays: Box<[Counter]>,
    given: AtomicU64,
}

impl Overlays {
    pub(super) fn new(other: Counter) -> Self {
        Self {
            named: RwLock::default(),
            other,
            answers: Mutex::default(),
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

    pub(super) fn matched<'o>(&self, overlays: impl IntoIterator<Item = &'o str>) -> Arc<Matched> {
        let named = self.named.read().unwrap_or_else(PoisonError::into_inner);
        let counter = |overlay| named.get(overlay).unwrap_or(&self.other).clone();
        let matched = Arc::new(Matched {
            overlays: overlays.into_iter().map(counter).collect(),
            given: AtomicU64::new(0),
        });
        drop(named);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() == answers.capacity() {
            // Room is made by forgetting before it is made by growing.
            answers.retain(|answer| answer.strong_count() > 0);
            let living = answers.len();
            answers.reserve(living.max(64));
        }
        answers.push(Arc::downgrade(&matched));
        matched
    }

    /// Tells the overlays what was counted for them.
    pub(super) fn settle(&self) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.retain(|answer| {
            let living = answer.upgrade();
            living.inspect(|answer| answer.settle()).is_some()
        });
    }
}

impl Matched {
    /// The answer was given once more.
    pub fn count(&self) {
        self.given.fetch_add(1, Ordering::Relaxed);
    }

    fn settle(&self) {
        let given = self.given.swap(0, Ordering::Relaxed);
        if given > 0 {
            for overlay in &self.overlays {
                overlay.increment(given);
            }
        }
    }

    /// How many overlays there are in the answer.
    #[must_use]
    pub const fn overlays(&self) -> usize {
        self.overlays.len()
    }

    /// Bytes held.
    #[must_use]
    pub fn size(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.overlays)
    }
}

impl Drop for Matched {
    fn drop(&mut self) {
        self.settle();
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

#[cfg(test)]
mod tests {
    use metrics::Counter;

    use super::Overlays;

    #[test]
    fn answers_that_are_gone_are_forgotten() {
        let overlays = Overlays::new(Counter::noop());
        let living: Vec<_> = (0..100).map(|_| overlays.matched(["eks"])).collect();
        for _ in 0..100_000 {
            overlays.matched(["gke"]).count();
        }
        assert!(overlays.answers.lock().unwrap().capacity() < 1000);
        overlays.settle();
        assert_eq!(overlays.answers.lock().unwrap().len(), living.len());
    }
}
