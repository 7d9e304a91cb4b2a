//! How long the server waits for a client.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::process::Server;

const MOMENT: Duration = Duration::from_millis(50);

#[test]
fn no_head_may_take_longer_than_the_first() {
    let server = Server::start(&[("READ_TIMEOUT", "300ms"), ("IDLE_TIMEOUT", "1h")]);
    let mut connection = server.connect();
    assert_eq!(connection.get("/health").status, 200);
    // A byte now and then, and never the end of it.
    let started = Instant::now();
    connection.send(b"GET /health HTTP/1.1\r\nHost: t\r\nX: ");
    let stream = connection.stream();
    stream.set_read_timeout(Some(MOMENT)).unwrap();
    while !connection.is_closed() {
        assert!(started.elapsed() < Duration::from_secs(10));
        connection.send(b"x");
    }
    assert!(started.elapsed() >= Duration::from_millis(250));
}

#[test]
fn an_idle_connection_is_closed_and_a_busy_one_is_not() {
    let server = Server::start(&[("IDLE_TIMEOUT", "400ms")]);
    let mut busy = server.connect();
    let mut idle = server.connect();
    assert_eq!(idle.get("/health").status, 200);
    let started = Instant::now();
    for _ in 0..30 {
        assert_eq!(busy.get("/v1/recipe?gpu=h100").status, 200);
        sleep(MOMENT);
    }
    assert!(idle.is_closed());
    assert!(busy.is_closed());
    assert!(started.elapsed() >= Duration::from_millis(1800));
}

#[test]
fn a_body_has_its_own_time_after_the_head() {
    let server = Server::start(&[("IDLE_TIMEOUT", "200ms"), ("READ_TIMEOUT", "4s")]);
    let mut connection = server.connect();
    let head = "POST /v1/recipes HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n";
    // Each in less than READ_TIMEOUT, both together in more.
    for piece in head.as_bytes().chunks(8) {
        connection.send(piece);
        sleep(2 * MOMENT);
    }
    for byte in br#"[{"gpu":"h100"}]"# {
        connection.send(&[*byte]);
        sleep(4 * MOMENT);
    }
    assert_eq!(connection.read().map(|answer| answer.status), Some(200));
}
