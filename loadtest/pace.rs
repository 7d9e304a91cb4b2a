//! Requests at a fixed rate, and how long each took from when it was due: a
//! server that stalls cannot hide it by being asked less (no coordinated
//! omission). One thread that never sleeps, because a timer is later than most
//! answers.
//!
//! `pace ADDRESS METHOD PATH RATE SECONDS` prints the latencies as one JSON
//! object, in microseconds. At rate 0 each connection asks again as soon as it is
//! answered.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const CONNECTIONS: usize = 64;

type Fallible<T> = Result<T, Box<dyn Error>>;

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, method, path, rate, seconds] = arguments.as_slice() else {
        return Err("usage: pace ADDRESS METHOD PATH RATE SECONDS".into());
    };
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
    let mut idle = (0..CONNECTIONS)
        .map(|_| Connection::open(address))
        .collect::<Fallible<Vec<_>>>()?;
    let mut busy: Vec<Connection> = Vec::with_capacity(CONNECTIONS);
    let rate: u32 = rate.parse()?;
    let interval = Duration::from_secs(1).checked_div(rate);
    let time = Duration::from_secs(seconds.parse()?);
    let mut buffer = vec![0; 1 << 16];
    let mut waiting: VecDeque<Instant> = VecDeque::new();
    let mut taken: Vec<Duration> = Vec::new();
    let start = Instant::now();
    let mut asked = 0;
    let mut over = false;
    while !(over && waiting.is_empty() && busy.is_empty()) {
        let now = Instant::now();
        over = now - start >= time;
        let due = interval.map_or(now, |interval| start + interval * asked);
        let wanted = interval.is_some() || waiting.is_empty();
        if !over && wanted && due <= now {
            waiting.push_back(due);
            asked += 1;
        }
        while !waiting.is_empty()
            && let Some(mut connection) = idle.pop()
        {
            connection.due = waiting.pop_front().unwrap_or(start);
            connection.stream.write_all(request.as_bytes())?;
            busy.push(connection);
        }
        let mut place = 0;
        while let Some(connection) = busy.get_mut(place) {
            if connection.is_answered(method, &mut buffer)? {
                taken.push(connection.due.elapsed());
                idle.push(busy.swap_remove(place));
            } else {
                place += 1;
            }
        }
    }
    taken.sort_unstable();
    let at = |permille: usize| {
        let place = taken.len().saturating_sub(1) * permille / 1000;
        taken.get(place).copied().unwrap_or_default().as_micros()
    };
    writeln!(
        io::stdout(),
        r#"{{"count": {}, "p50": {}, "p99": {}, "p99.9": {}, "most": {}}}"#,
        taken.len(),
        at(500),
        at(990),
        at(999),
        at(1000)
    )?;
    Ok(())
}

struct Connection {
    stream: TcpStream,
    due: Instant,
    received: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> Fallible<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            due: Instant::now(),
            received: Vec::with_capacity(1 << 16),
        })
    }

    /// Reads what has arrived; whether that is the whole answer.
    fn is_answered(&mut self, method: &str, buffer: &mut [u8]) -> Fallible<bool> {
        match self.stream.read(buffer) {
            Ok(0) => return Err("the server closed a connection".into()),
            Ok(length) => self
                .received
                .extend_from_slice(buffer.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let Some(expected) = whole(method, &self.received)? else {
            return Ok(false);
        };
        let answered = self.received.len() >= expected;
        if answered {
            self.received.clear();
        }
        Ok(answered)
    }
}

/// The length of head and body, once the head is there.
fn whole(method: &str, received: &[u8]) -> Fallible<Option<usize>> {
    let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(None);
    };
    let head = std::str::from_utf8(received.get(..end).unwrap_or_default())?;
    if !head.starts_with("HTTP/1.1 200") {
        return Err(format!("not answered with 200:\n{head}").into());
    }
    if method == "HEAD" {
        return Ok(Some(end + 4));
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    Ok(Some(end + 4 + length.ok_or("no content-length")?))
}
