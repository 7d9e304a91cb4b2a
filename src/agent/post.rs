//! Posting a snapshot, after those that an earlier run could not post.
//!
//! With a spool, a snapshot is on the disk before anything is sent, so that it
//! outlives this process; what is sent is read back from there.

use std::path::PathBuf;
use std::time::Duration;

use crate::client::service::{Media, Request, Service, ServiceError};
use crate::client::{Clock, Retry};

use super::exit::Failure;
use super::options::Post;
use super::say;
use super::spool::{Spool, forget};

/// Whom to ask, and for how long.
pub(super) struct Poster<'a> {
    pub(super) service: &'a Service,
    pub(super) post: &'a Post,
    pub(super) clock: &'a dyn Clock,
    pub(super) retry_for: Duration,
}

impl Poster<'_> {
    /// Posts what waits, oldest first, and then this snapshot; returns the answer
    /// to it.
    pub(super) fn deliver(&self, snapshot: &[u8]) -> Result<Vec<u8>, Failure> {
        let retry = Retry::within(self.clock, self.retry_for);
        let Some(folder) = &self.post.spool else {
            let answer = self.send(retry, snapshot);
            return answer.map_err(|error| Failure::NotPosted {
                error: Box::new(error),
                kept: None,
            });
        };
        let spool = Spool::at(folder);
        // A spool that is full or broken is no reason not to post.
        let kept = spool.keep(snapshot);
        let own = kept.as_ref().ok();
        let outcome = match self.deliver_waiting(retry, &spool, own) {
            Ok(()) => self.send(retry, snapshot),
            Err(error) => Err(error),
        };
        match (outcome, kept) {
            (Ok(answer), Ok(path)) => {
                forget_aloud(&path);
                Ok(answer)
            }
            (Ok(answer), Err(error)) => {
                say(&format!("spool: {error}"));
                Ok(answer)
            }
            (Err(error), Ok(path)) => Err(Failure::NotPosted {
                error: Box::new(error),
                kept: Some(path),
            }),
            (Err(error), Err(spool)) => {
                say(&format!("not posted: {error}"));
                Err(spool.into())
            }
        }
    }

    /// An error is one that the next snapshot would meet too.
    fn deliver_waiting(
        &self,
        retry: Retry<'_>,
        spool: &Spool,
        own: Option<&PathBuf>,
    ) -> Result<(), ServiceError> {
        let waiting = spool.waiting().unwrap_or_else(|error| {
            say(&format!("spool: {error}"));
            Vec::new()
        });
        for old in waiting.iter().filter(|old| Some(&old.path) != own) {
            let bytes = match old.read() {
                Ok(Some(bytes)) => bytes,
                Ok(None) => continue,
                Err(error) => {
                    say(&format!("spool: {error}"));
                    continue;
                }
            };
            let path = old.path.display();
            match self.send(retry, &bytes) {
                Ok(_) => {
                    forget_aloud(&old.path);
                    say(&format!("posted `{path}`, which an earlier run kept"));
                }
                Err(error) if error.is_about_the_document() => {
                    say(&format!(
                        "`{path}` stays: {error} (hint: delete it to give it up)"
                    ));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn send(&self, retry: Retry<'_>, snapshot: &[u8]) -> Result<Vec<u8>, ServiceError> {
        let intent = self.post.intent.as_deref().map(|intent| ("intent", intent));
        let request = Request {
            question: self.post.question,
            parameters: intent.as_slice(),
            document: Some((Media::Json, snapshot)),
            answer: Media::Json,
        };
        retry.run(
            || self.service.ask(&request),
            |error: &ServiceError, wait| {
                let seconds = wait.as_secs_f32();
                say(&format!("{error}; again in {seconds:.1} s"));
            },
        )
    }
}

/// Sent, but not forgotten: it is sent again as the same bytes, which is harmless.
fn forget_aloud(path: &std::path::Path) {
    if let Err(error) = forget(path) {
        say(&format!("spool: {error}"));
    }
}
