//! When to try again, and when to give up.
//!
//! Waits double and are spread at random, so that a thousand nodes that were
//! refused together do not come back together.

use std::thread;
use std::time::{Duration, Instant};

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What time it is, and how to let it pass.
pub trait Clock {
    /// Time since some moment that stays the same.
    fn now(&self) -> Duration;
    /// Does nothing for a while.
    fn sleep(&self, time: Duration);
}

/// The clock of the system, which nobody sets back.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock(Instant);

impl Default for SystemClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) {
        thread::sleep(time);
    }
}

/// Whether a failed attempt is worth another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// It will fail in the same way.
    Never,
    /// After a while.
    Backoff,
    /// Not before this has passed: the other side said so.
    After(Duration),
}

/// Failures that know whether another attempt makes sense.
pub trait Retryable {
    /// Whether, and when.
    fn again(&self) -> Again;
}

/// Attempts until one succeeds, fails for good, or the time is over.
#[derive(Clone, Copy)]
pub struct Retry<'a> {
    clock: &'a dyn Clock,
    deadline: Duration,
}

impl<'a> Retry<'a> {
    /// Tries for this long from now on.
    #[must_use]
    pub fn within(clock: &'a dyn Clock, time: Duration) -> Self {
        Self {
            clock,
            deadline: clock.now().saturating_add(time),
        }
    }

    /// Runs `attempt` at least once. `waiting` hears of each failure that is
    /// followed by another attempt, and of the wait between them.
    ///
    /// # Errors
    /// The last failure.
    pub fn run<T, E: Retryable>(
        &self,
        mut attempt: impl FnMut() -> Result<T, E>,
        mut waiting: impl FnMut(&E, Duration),
    ) -> Result<T, E> {
        let mut backoff = FIRST_WAIT;
        loop {
            let error = match attempt() {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let least = match error.again() {
                Again::Never => return Err(error),
                Again::Backoff => Duration::ZERO,
                Again::After(time) => time,
            };
            let wait = least.saturating_add(jittered(backoff));
            if self.clock.now().saturating_add(wait) > self.deadline {
                return Err(error);
            }
            waiting(&error, wait);
            self.clock.sleep(wait);
            backoff = backoff.saturating_mul(2).min(LONGEST_WAIT);
        }
    }
}

/// Between half of it and all of it.
fn jittered(time: Duration) -> Duration {
    time.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use super::{Again, Clock, Retry, Retryable};
    use std::cell::{Cell, RefCell};
    use std::time::Duration;

    #[derive(Default)]
    struct Hands {
        now: Cell<Duration>,
        slept: RefCell<Vec<Duration>>,
    }

    impl Clock for Hands {
        fn now(&self) -> Duration {
            self.now.get()
        }

        fn sleep(&self, time: Duration) {
            self.now.set(self.now.get() + time);
            self.slept.borrow_mut().push(time);
        }
    }

    struct Failure(Again);

    impl Retryable for Failure {
        fn again(&self) -> Again {
            self.0
        }
    }

    /// Fails `failures` times in this way, and says how often it was tried and how
    /// long it waited.
    fn check(again: Again, failures: usize, seconds: u64) -> (bool, usize, Vec<Duration>) {
        let hands = Hands::default();
        let mut attempts = 0;
        let outcome = Retry::within(&hands, Duration::from_secs(seconds)).run(
            || {
                attempts += 1;
                if attempts > failures {
                    Ok(())
                } else {
                    Err(Failure(again))
                }
            },
            |_, _| {},
        );
        (outcome.is_ok(), attempts, hands.slept.into_inner())
    }

    #[test]
    fn waits_double_within_their_spread() {
        let (done, attempts, slept) = check(Again::Backoff, 9, 3600);
        assert!(done);
        assert_eq!(attempts, 10);
        let mut most = Duration::from_millis(500);
        for wait in slept {
            assert!(wait >= most / 2 && wait <= most, "{wait:?} of {most:?}");
            most = (most * 2).min(Duration::from_secs(30));
        }
    }

    #[test]
    fn what_the_other_side_asks_for_is_kept() {
        let (done, _, slept) = check(Again::After(Duration::from_secs(7)), 3, 3600);
        assert!(done);
        assert_eq!(slept.len(), 3);
        assert!(slept.iter().all(|wait| *wait > Duration::from_secs(7)));
    }

    #[test]
    fn nothing_is_tried_after_the_time_is_over() {
        let (done, attempts, slept) = check(Again::Backoff, usize::MAX, 10);
        assert!(!done);
        assert!(attempts > 3);
        assert!(slept.iter().sum::<Duration>() <= Duration::from_secs(10));
        // Not even a wait is worth its while then.
        let (done, attempts, slept) = check(Again::After(Duration::from_secs(60)), 5, 10);
        assert_eq!((done, attempts, slept), (false, 1, vec![]));
    }

    #[test]
    fn what_fails_for_good_is_tried_once() {
        assert_eq!(check(Again::Never, 5, 3600), (false, 1, vec![]));
    }

    #[test]
    fn no_time_still_means_one_attempt() {
        assert_eq!(check(Again::Backoff, 0, 0), (true, 1, vec![]));
    }
}
