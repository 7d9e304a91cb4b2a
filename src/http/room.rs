//! Room for bodies: how many bytes all clients together make the service hold.
//!
//! A rate limit bounds how often a client asks, not how slowly it sends: 60
//! bodies of the largest size, each a byte short of its end, would fill a pod.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes that may still be held.
#[derive(Debug)]
pub(super) struct Room(AtomicUsize);

/// Bytes of one body, given back when dropped.
#[derive(Debug)]
pub(super) struct Held {
    room: Arc<Room>,
    bytes: usize,
}

impl Room {
    /// Room for `bytes`.
    pub(super) const fn new(bytes: usize) -> Self {
        Self(AtomicUsize::new(bytes))
    }

    /// A body of which nothing has arrived.
    pub(super) const fn enter(self: Arc<Self>) -> Held {
        Held {
            room: self,
            bytes: 0,
        }
    }
}

impl Held {
    /// Whether there was room for `more` bytes of this body.
    pub(super) fn grow(&mut self, more: usize) -> bool {
        let take = |left: usize| left.checked_sub(more);
        let taken = self
            .room
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        if taken.is_ok() {
            self.bytes += more;
        }
        taken.is_ok()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.0.fetch_add(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Room;

    #[test]
    fn room_is_given_back_whole() {
        let room = Arc::new(Room::new(10));
        let mut first = Arc::clone(&room).enter();
        let mut second = Arc::clone(&room).enter();
        assert!(first.grow(4) && second.grow(6) && first.grow(0));
        assert!(!first.grow(1) && !second.grow(usize::MAX));
        drop(first);
        assert!(second.grow(4) && !second.grow(1));
        drop(second);
        assert!(room.enter().grow(10));
    }
}
