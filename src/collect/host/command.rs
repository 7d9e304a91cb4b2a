//! Runs a command with a limit of time and of output.
//!
//! The command gets an empty environment, so that no key of this process
//! reaches it, and a process group of its own, so that all of it can be ended.
//! What its output means is left to the caller.

use std::fs::File;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::Host;

/// How often a command that has closed its output is asked whether it ended.
const PAUSE: Duration = Duration::from_millis(2);

/// What a command answered.
#[derive(Debug)]
pub struct Output {
    /// Its standard output.
    pub text: Vec<u8>,
    /// Its exit status; `None` when a signal ended it.
    pub code: Option<i32>,
}

/// Why a command has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It could not be started.
    #[error("`{0}` cannot be run: {1}")]
    Start(String, String),
    /// It was ended, because it took too long.
    #[error("`{0}` did not end within {1:?}")]
    TooSlow(String, Duration),
    /// It was ended, because it wrote too much.
    #[error("`{0}` wrote more than {1} bytes")]
    TooMuch(String, u64),
}

impl Host {
    /// Whether a program, by its real path, names its own interpreter.
    #[must_use]
    pub fn is_script(program: &Path) -> bool {
        let mut start = [0; 2];
        let read = File::open(program).and_then(|mut file| file.read_exact(&mut start));
        read.is_ok() && &start == b"#!"
    }

    /// Runs `program`, a real path, and waits for its end.
    ///
    /// # Errors
    /// When it does not start, or overruns `time` or `bytes` and had to be ended.
    pub fn command(
        program: &Path,
        arguments: &[String],
        time: Duration,
        bytes: u64,
    ) -> Result<Output, CommandError> {
        let name = || program.display().to_string();
        let start = |error: &std::io::Error| CommandError::Start(name(), error.to_string());
        let deadline = Instant::now() + time;
        let mut child = Command::new(program)
            .args(arguments)
            .env_clear()
            .env("LC_ALL", "C")
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| start(&error))?;
        let (sender, receiver) = mpsc::channel();
        let output = child.stdout.take();
        let reader = thread::Builder::new()
            .name("command".to_owned())
            // Nobody listens any more once the time is over.
            .spawn(move || sender.send(output.map(|output| read(output, bytes))));
        if let Err(error) = reader {
            end(&mut child);
            return Err(start(&error));
        }
        let text = match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            Ok(text) => text.unwrap_or_default(),
            Err(_) => {
                end(&mut child);
                return Err(CommandError::TooSlow(name(), time));
            }
        };
        if text.len() as u64 > bytes {
            end(&mut child);
            return Err(CommandError::TooMuch(name(), bytes));
        }
        match wait(&mut child, deadline) {
            Some(status) => Ok(Output {
                text,
                code: status.code(),
            }),
            None => {
                end(&mut child);
                Err(CommandError::TooSlow(name(), time))
            }
        }
    }
}

/// At most one byte more than allowed, to tell that there was more.
fn read(output: ChildStdout, bytes: u64) -> Vec<u8> {
    let mut text = Vec::new();
    // What was read before an error is judged like any other output.
    let _ = output.take(bytes.saturating_add(1)).read_to_end(&mut text);
    text
}

fn wait(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) => thread::sleep(PAUSE),
            Err(_) => return None,
        }
    }
    None
}

/// Kills the command and all that it started, and takes its status, so that no
/// zombie stays behind.
fn end(child: &mut Child) {
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process_group(group, Signal::KILL);
    }
    let _ = child.kill();
    let _ = child.wait();
}
