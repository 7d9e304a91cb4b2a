//! Clients that want more than their share: many, slow, or never satisfied.

use std::io::{ErrorKind, Write};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use super::process::{Connection, Server};

/// The longest of some requests of a client that behaves.
fn served(server: &Server) -> Duration {
    let mut connection = server.connect();
    let once = |number: usize| {
        let started = Instant::now();
        let answer = connection.get(&format!("/v1/recipe?gpu=h100&k8s=1.{number}"));
        assert_eq!(answer.status, 200);
        started.elapsed()
    };
    (0..50).map(once).max().unwrap()
}

#[test]
fn hundreds_of_slow_clients_delay_nobody() {
    let server = Server::start(&[("READ_TIMEOUT", "3s"), ("RATE_LIMIT", "0")]);
    served(&server);
    let before = server.resident();
    let mut slow: Vec<Connection> = (0..400).map(|_| server.connect()).collect();
    let head = b"GET /v1/recipe?gpu=h100 HTTP/1.1\r\nHost: t\r\nX: ";
    let mut longest = Duration::ZERO;
    for byte in head {
        // Half of them say nothing at all.
        slow.iter_mut()
            .step_by(2)
            .for_each(|connection| connection.send(&[*byte]));
        if *byte == b'/' {
            longest = longest.max(served(&server));
        }
    }
    let grown = server.resident().saturating_sub(before);
    eprintln!("400 slow clients: {grown} KiB, others waited {longest:?} at most");
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    assert!(grown < 400 * 64, "{grown} KiB for 400 connections");
    for connection in &mut slow {
        assert_eq!(connection.read().map(|answer| answer.status), Some(408));
        assert!(connection.is_closed());
    }
}

#[test]
fn a_client_that_never_reads_holds_little_and_is_let_go() {
    let server = Server::start(&[("WRITE_TIMEOUT", "1s"), ("RATE_LIMIT", "0")]);
    served(&server);
    // Long enough to be read on a thread of its own, which takes time.
    let body = format!(r#"{{"x":"{}"}}"#, "x".repeat(100_000));
    let post = format!(
        "POST /v1/recipe HTTP/1.1\r\nHost:t\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let shortest = "GET / HTTP/1.1\r\nHost:t\r\n\r\n".repeat(10_000);
    for (what, asks) in [
        (
            "long answers",
            "GET /openapi.json HTTP/1.1\r\nHost:t\r\n\r\n".repeat(100),
        ),
        ("short requests", shortest.clone()),
        ("requests behind a body", post + &shortest),
    ] {
        let before = server.resident();
        let mut greedy: Vec<Connection> = (0..4).map(|_| server.connect()).collect();
        let started = Instant::now();
        for connection in &mut greedy {
            let error = loop {
                if let Err(error) = connection.stream().write_all(asks.as_bytes()) {
                    break error;
                }
            };
            let gone = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe];
            assert!(gone.contains(&error.kind()), "{what}: {error}");
        }
        assert!(started.elapsed() >= Duration::from_millis(500), "{what}");
        let grown = server.resident().saturating_sub(before);
        eprintln!(
            "{what}: let go after {:?}; {grown} KiB more",
            started.elapsed()
        );
        assert!(grown < 8 << 10, "{what}: {grown} KiB");
        served(&server);
    }
}

#[test]
fn a_half_closed_connection_gets_its_answers() {
    let server = Server::start(&[]);
    let one = "GET /v1/recipe?gpu=h100 HTTP/1.1\r\nHost: t\r\n\r\n";
    let mut connection = server.connect();
    connection.send(one.repeat(3).as_bytes());
    connection.stream().shutdown(Shutdown::Write).unwrap();
    for number in 0..3 {
        let answer = connection
            .read()
            .unwrap_or_else(|| panic!("no answer {number}"));
        assert_eq!(answer.status, 200);
    }
    assert!(connection.is_closed());

    let mut half = server.connect();
    half.send(b"POST /v1/recipe HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    half.stream().shutdown(Shutdown::Write).unwrap();
    // The rest cannot come any more, so this ends long before READ_TIMEOUT.
    let started = Instant::now();
    if let Some(answer) = half.read() {
        assert_eq!(answer.status, 400);
    }
    assert!(half.is_closed());
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[test]
fn requests_sent_far_ahead_are_all_answered_in_order_and_little_is_held() {
    const ALL: usize = 20_000;
    let server = Server::start(&[("RATE_LIMIT", "0")]);
    served(&server);
    let before = server.resident();
    let mut connection = server.connect();
    let ask = |number: usize| {
        let minor = number % 30;
        format!(
            "GET /v1/recipe?k8s=1.{minor} HTTP/1.1\r\nHost: t\r\nX-Request-Id: {number}\r\n\r\n"
        )
    };
    let mut sending = connection.stream().try_clone().unwrap();
    let sender = thread::spawn(move || {
        let all: String = (0..ALL).map(ask).collect();
        sending.write_all(all.as_bytes()).unwrap();
    });
    // Until nothing more goes either way.
    thread::sleep(Duration::from_millis(500));
    for number in 0..ALL {
        let answer = connection
            .read()
            .unwrap_or_else(|| panic!("no answer {number}"));
        assert_eq!(answer.header("x-request-id"), number.to_string());
        assert_eq!(answer.status, 200);
    }
    sender.join().unwrap();
    let grown = server.resident().saturating_sub(before);
    assert!(grown < 8 << 10, "{grown} KiB");
}

#[test]
fn a_chunk_beyond_the_limit_is_refused() {
    let server = Server::start(&[("MAX_BODY_BYTES", "64KiB"), ("READ_TIMEOUT", "2s")]);
    let post = |body: &[u8]| {
        let mut connection = server.connect();
        connection.send(b"POST /v1/recipe HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
        connection.send(body);
        let answer = connection.read().expect("an answer");
        (
            answer.status,
            answer.json()["code"].as_str().unwrap().to_owned(),
        )
    };
    let too_large = (413, "PAYLOAD_TOO_LARGE".to_owned());
    let invalid = (400, "INVALID_REQUEST".to_owned());
    // One chunk, many chunks, and one that lies about what will come.
    let one = [&b"20000\r\n"[..], &b" ".repeat(0x20000), b"\r\n0\r\n\r\n"].concat();
    assert_eq!(post(&one), too_large);
    let small = [&b"400\r\n"[..], &[b' '; 0x400], b"\r\n"].concat();
    assert_eq!(post(&small.repeat(100)), too_large);
    assert_eq!(
        post(&[&b"fffffff0\r\n"[..], &b" ".repeat(0x20000)].concat()),
        too_large
    );
    assert_eq!(post(b"fffffffffffffffff\r\n{}"), invalid);
    assert_eq!(post(b"-1\r\n{}"), invalid);
    assert_eq!(post(b"2\r\n{}XX"), invalid);
    // A chunk whose extension never ends is a body that never comes.
    assert_eq!(post(&[&b"2;"[..], &b"x".repeat(0x20000)].concat()).0, 408);
    assert_eq!(server.get("/health").status, 200);
}
