//! A stream of lines that are gathered and written together.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes that can gather. Half of it is written at once, less on [`Stream::flush`].
const CAPACITY: usize = 64 << 10;

/// Where log lines go.
pub struct Stream {
    gathered: Mutex<Gathered>,
}

struct Gathered {
    lines: Vec<u8>,
    out: Box<dyn Write + Send>,
}

impl Stream {
    /// A stream into `out`.
    #[must_use]
    pub fn new(out: impl Write + Send + 'static) -> Self {
        Self {
            gathered: Mutex::new(Gathered {
                lines: Vec::with_capacity(CAPACITY),
                out: Box::new(out),
            }),
        }
    }

    /// Adds one line that `write` appends to a buffer of this thread, so that
    /// others do not wait while it is put together.
    pub fn add(&self, write: impl FnOnce(&mut Vec<u8>)) {
        thread_local! {
            static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
        }
        LINE.with_borrow_mut(|line| {
            line.clear();
            write(line);
            self.line(line);
        });
    }

    /// Adds one line, which brings its own line end.
    pub fn line(&self, line: &[u8]) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.lines.extend_from_slice(line);
        if gathered.lines.len() >= CAPACITY / 2 {
            gathered.write();
        }
    }

    /// Writes what has gathered.
    pub fn flush(&self) {
        let mut gathered = self.gathered.lock().unwrap_or_else(PoisonError::into_inner);
        gathered.write();
    }
}

impl Gathered {
    /// A log that cannot be written must not stop the service: the lines are
    /// dropped.
    fn write(&mut self) {
        let written = self
            .out
            .write_all(&self.lines)
            .and_then(|()| self.out.flush());
        drop(written);
        self.lines.clear();
    }
}

/// The same stream for events, which are rare and matter: they do not wait.
#[derive(Debug, Clone)]
pub struct Events(pub Arc<Stream>);

impl Write for Events {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.line(bytes);
        self.0.flush();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush();
        Ok(())
    }
}

impl std::fmt::Debug for Stream {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Stream").finish_non_exhaustive()
    }
}
