//! A server process of a test's own, and a client that sends bytes as they are.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// Long enough for any machine; nothing waits this long when all is well.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn command(settings: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_eidos-api-server"));
    command
        .env_clear()
        .envs([("HOST", "127.0.0.1"), ("PORT", "0"), ("WORKERS", "2")]);
    command.envs(settings.iter().copied());
    command
}

/// A running server; killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    pub took: Duration,
    lines: Receiver<Value>,
}

impl Server {
    pub fn start(settings: &[(&str, &str)]) -> Self {
        Self::run(&mut command(settings))
    }

    /// With what `ulimit` is told, such as `-n 64`.
    pub fn start_limited(limit: &str, settings: &[(&str, &str)]) -> Self {
        let server = command(settings);
        let mut shell = Command::new("/bin/sh");
        shell
            .args(["-c", &format!("ulimit {limit} && exec \"$0\"")])
            .arg(server.get_program())
            .env_clear()
            .envs(
                server
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        Self::run(&mut shell)
    }

    fn run(command: &mut Command) -> Self {
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = follow(child.stdout.take().unwrap());
        let serving = await_event(&lines, "serving");
        Self {
            child,
            address: serving["address"].as_str().unwrap().parse().unwrap(),
            took: started.elapsed(),
            lines,
        }
    }

    /// The next line of the log with this event.
    pub fn event(&self, name: &str) -> Value {
        await_event(&self.lines, name)
    }

    /// What is left of the log, once the server has ended.
    pub fn rest_of_log(&self) -> Vec<Value> {
        self.lines.iter().collect()
    }

    /// Resident memory in KiB, from the `/proc` of a process of our own.
    pub fn resident(&self) -> u64 {
        resident(self.child.id())
    }

    pub fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([name, &id])
                .status()
                .unwrap()
                .success()
        );
    }

    /// The exit code, once it has exited.
    pub fn exit(&mut self) -> i32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(started.elapsed() < PATIENCE, "the server does not exit");
            thread::yield_now();
        }
    }

    pub fn connect(&self) -> Connection {
        Connection::to(self.address)
    }

    pub fn get(&self, path: &str) -> Answer {
        self.connect().get(path)
    }
}

/// Resident memory in KiB of a process that a test started.
pub fn resident(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.unwrap().trim().trim_end_matches(" kB");
    kib.parse().unwrap()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(out: ChildStdout) -> Receiver<Value> {
    let (send, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(out).lines().map_while(Result::ok) {
            let parsed = serde_json::from_str(&line).unwrap_or(Value::String(line));
            if send.send(parsed).is_err() {
                break;
            }
        }
    });
    lines
}

fn await_event(lines: &Receiver<Value>, name: &str) -> Value {
    let mut seen = Vec::new();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) if line["event"] == name => return line,
            Ok(line) => seen.push(line),
            Err(error) => panic!("no `{name}` in the log ({error}): {seen:#?}"),
        }
    }
}

/// One connection that is kept.
pub struct Connection {
    reader: BufReader<TcpStream>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        let found = self
            .headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

impl Connection {
    pub fn to(address: SocketAddr) -> Self {
        Self::try_to(address).unwrap()
    }

    pub fn try_to(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self {
            reader: BufReader::new(stream),
        })
    }

    pub fn stream(&mut self) -> &mut TcpStream {
        self.reader.get_mut()
    }

    pub fn send(&mut self, bytes: &[u8]) {
        // A server that has heard enough may have hung up already.
        let _ = self.reader.get_mut().write_all(bytes);
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: t\r\n\r\n").as_bytes());
        self.read().unwrap_or_else(|| panic!("no answer to {path}"))
    }

    /// The next answer; `None` when the connection was closed instead.
    pub fn read(&mut self) -> Option<Answer> {
        let mut line = String::new();
        if self.reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let status = line.split(' ').nth(1)?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            self.reader.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let length = headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
        let length: usize = length.map_or(0, |(_, length)| length.parse().unwrap());
        let mut body = vec![0; length];
        self.reader.read_exact(&mut body).ok()?;
        Some(Answer {
            status,
            headers,
            body,
        })
    }

    /// Whether it is closed, in as long as reading may take, and nothing more came.
    pub fn is_closed(&mut self) -> bool {
        match self.reader.read(&mut [0]) {
            Ok(read) => read == 0,
            Err(error) => error.kind() != io::ErrorKind::WouldBlock,
        }
    }
}
