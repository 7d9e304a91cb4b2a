//! One connection as the framework sees it: bytes come in no faster than
//! answers go out, and a client that keeps us waiting has gone.
//!
//! Left alone, the framework understands 128 KiB of requests ahead. Sent by a
//! client that never reads an answer, that is 27 MiB a connection.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_http::Request;
use actix_web::HttpRequest;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::patience::{Limits, Patience};

/// Bytes after which what has come is understood and answered, before more is
/// read: the longest request of a browser. The framework reads into a buffer of 8
/// KiB, so that at most some 300 of the shortest requests are understood at once.
const AT_ONCE: usize = 2048;

/// A stream that reads a little at a time, and nothing while its client owes us
/// reading, or its last request is still being worked on.
#[derive(Debug)]
pub(super) struct Connection<T> {
    stream: T,
    /// Bytes read since the framework last had its turn.
    taken: usize,
    /// The last write found no room.
    blocked: bool,
    /// A read was refused: to be woken once it would not be.
    waiting: bool,
    patience: Patience,
    intake: Intake,
}

/// What the requests of a connection have to say about its reading.
#[derive(Debug, Clone, Default)]
pub(super) struct Intake(Rc<Turn>);

#[derive(Debug, Default)]
struct Turn {
    paused: Cell<bool>,
    working: Cell<bool>,
}

/// While this lives its connection reads nothing.
pub(super) struct Pause(Intake);

/// While this lives its connection waits for us, and not we for its client.
pub(super) struct Work(Intake);

impl Intake {
    /// Stops reading from the connection of a request until its answer is there.
    pub(super) fn pause(request: &HttpRequest) -> Option<Pause> {
        let intake = request.conn_data::<Self>()?.clone();
        intake.0.paused.set(true);
        Some(Pause(intake))
    }

    /// A request is being worked on.
    pub(super) fn work(request: &Request) -> Option<Work> {
        let intake = request.conn_data::<Self>()?.clone();
        intake.0.working.set(true);
        Some(Work(intake))
    }
}

impl Drop for Pause {
    fn drop(&mut self) {
        self.0.0.paused.set(false);
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.0.working.set(false);
    }
}

impl<T> Connection<T> {
    pub(super) fn new(stream: T, limits: Limits) -> Self {
        Self {
            stream,
            taken: 0,
            blocked: false,
            waiting: false,
            patience: Patience::new(limits),
            intake: Intake::default(),
        }
    }

    /// For the requests of this connection.
    pub(super) fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Reading goes on once a write has found room. A pause ends with an answer, so
    /// that a write follows it too.
    fn written<V>(&mut self, context: &Context<'_>, outcome: Poll<V>) -> Poll<V> {
        self.blocked = outcome.is_pending();
        if outcome.is_ready() && std::mem::take(&mut self.waiting) {
            context.waker().wake_by_ref();
        }
        outcome
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Connection<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.blocked || self.intake.0.paused.get() {
            self.waiting = true;
            return Poll::Pending;
        }
        if self.taken >= AT_ONCE {
            self.taken = 0;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let before = into.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(context, into);
        if outcome.is_pending() {
            self.taken = 0;
            let working = self.intake.0.working.get();
            if self.patience.ends(context, working) {
                // Nothing read stands for the end of what a client sends.
                return Poll::Ready(Ok(()));
            }
        }
        ready!(outcome)?;
        self.patience.heard();
        self.taken += into.filled().len() - before;
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Connection<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.stream).poll_write(context, bytes);
        if outcome.is_ready() {
            self.patience.answered();
        }
        self.written(context, outcome)
    }

    // What TLS has taken may still wait for room.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.stream).poll_flush(context);
        self.written(context, outcome)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
