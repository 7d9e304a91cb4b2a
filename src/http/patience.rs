//! How long a connection may keep us waiting: with a request that it began, or
//! with none at all.
//!
//! The framework times the first head of a connection and no later one, and sets a
//! timer after every answer. Here a timer rings now and then as long as the
//! connection lives, whatever goes over it.

use std::future::Future;
use std::mem;
use std::pin::{Pin, pin};
use std::task::Context;
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep, sleep};

/// Rings until an idle connection is closed, at least. It closes one ring late at
/// most, because the timer does not start anew with every answer.
const RINGS: u32 = 4;

/// What is waited for on one connection, and since how many rings.
#[derive(Debug)]
pub(super) struct Patience {
    limits: Limits,
    /// None until the connection is waited for.
    timer: Option<Pin<Box<Sleep>>>,
    /// More of a request is to come, as far as is known.
    begun: bool,
    /// Something happened since the last ring that waiting begins anew after.
    stirred: bool,
    /// Rings in a row without that.
    quiet: u32,
}

/// The longest waits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// For the rest of a head.
    pub(super) read: Duration,
    /// For the next request.
    pub(super) idle: Duration,
}

impl Limits {
    /// Between two rings.
    fn period(self) -> Duration {
        let shortest = self.read.min(self.idle / RINGS);
        shortest.max(Duration::from_millis(1))
    }
}

impl Patience {
    pub(super) const fn new(limits: Limits) -> Self {
        Self {
            limits,
            timer: None,
            begun: false,
            stirred: false,
            quiet: 0,
        }
    }

    /// The client sent something. What it sends of a request that it began earlier
    /// does not make us wait longer.
    pub(super) const fn heard(&mut self) {
        if !self.begun {
            self.begun = true;
            self.stirred = true;
        }
    }

    /// The client took some of an answer.
    pub(super) const fn answered(&mut self) {
        self.begun = false;
        self.stirred = true;
    }

    /// Whether this is where patience ends; if not, the task is woken at the next
    /// ring. Nobody loses patience while it is us who are `working`.
    pub(super) fn ends(&mut self, context: &mut Context<'_>, working: bool) -> bool {
        let period = self.limits.period();
        let timer = match &mut self.timer {
            // It wakes the task that polled it: a connection stays in one.
            Some(timer) if !timer.is_elapsed() => return false,
            Some(timer) => {
                let begins_anew = mem::take(&mut self.stirred) || working;
                self.quiet = if begins_anew { 0 } else { self.quiet + 1 };
                let limit = if self.begun {
                    self.limits.read
                } else {
                    self.limits.idle
                };
                if period * self.quiet >= limit {
                    return true;
                }
                timer.as_mut().reset(Instant::now() + period);
                timer
            }
            none => none.insert(Box::pin(sleep(period))),
        };
        // A task that did much in one turn is told to wait without being set down
        // for the ring.
        let ring = pin!(unconstrained(timer.as_mut()));
        if ring.poll(context).is_ready() {
            context.waker().wake_by_ref();
        }
        false
    }
}
