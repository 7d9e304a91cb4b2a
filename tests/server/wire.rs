//! Bytes that no well-meant client sends.

use std::time::Instant;

use super::process::Server;

#[test]
fn hostile_heads_get_an_answer_and_the_server_lives() {
    let server = Server::start(&[("READ_TIMEOUT", "500ms")]);
    let many = "X: 1\r\n".repeat(2000);
    for (what, bytes) in [
        ("an invalid escape", b"GET /%ff HTTP/1.1\r\nHost: t\r\n\r\n".to_vec()),
        ("raw bytes in the path", b"GET /\xff\xfe HTTP/1.1\r\nHost: t\r\n\r\n".to_vec()),
        ("a NUL", b"GET /\0 HTTP/1.1\r\nHost: t\r\n\r\n".to_vec()),
        ("a long path", format!("GET /v1/recipe?os={} HTTP/1.1\r\nHost: t\r\n\r\n", "u".repeat(9000)).into_bytes()),
        ("many headers", format!("GET / HTTP/1.1\r\nHost: t\r\n{many}\r\n").into_bytes()),
        ("a huge header", format!("GET / HTTP/1.1\r\nHost: t\r\nX: {}\r\n\r\n", "x".repeat(200_000)).into_bytes()),
        ("no request at all", b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n".to_vec()),
        ("two lengths", b"POST /v1/recipe HTTP/1.1\r\nHost: t\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx".to_vec()),
        ("a length and chunks", b"POST /v1/recipe HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n".to_vec()),
        ("dots in the path", b"GET /docs/../../etc/passwd HTTP/1.1\r\nHost: t\r\n\r\n".to_vec()),
        ("a star", b"OPTIONS * HTTP/1.1\r\nHost: t\r\n\r\n".to_vec()),
    ] {
        let mut connection = server.connect();
        connection.send(&bytes);
        let answer = connection.read().unwrap_or_else(|| panic!("no answer to {what}"));
        assert!((400..500).contains(&answer.status), "{what}: {}", answer.status);
        if !answer.body.is_empty() {
            assert!(answer.json()["code"].is_string(), "{what}");
        }
        assert_eq!(server.get("/health").status, 200, "after {what}");
    }
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    assert!(metrics.contains("eidos_panic_recoveries_total 0\n"));
}

#[test]
fn a_slow_client_is_not_waited_for() {
    let server = Server::start(&[("READ_TIMEOUT", "300ms")]);
    let started = Instant::now();
    let mut head = server.connect();
    head.send(b"GET / HTTP/1.1\r\nHos");
    let mut body = server.connect();
    body.send(b"POST /v1/recipe HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
    assert_eq!(head.read().map(|answer| answer.status), Some(408));
    let answer = body.read().unwrap();
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (408, Some("REQUEST_TIMEOUT"))
    );
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn requests_can_be_sent_ahead() {
    let server = Server::start(&[]);
    let mut connection = server.connect();
    let one = b"GET /health HTTP/1.1\r\nHost: t\r\n\r\n";
    connection.send(&one.repeat(50));
    for _ in 0..50 {
        assert_eq!(connection.read().unwrap().status, 200);
    }
}

#[test]
fn a_body_beyond_the_limit_ends_early() {
    let server = Server::start(&[]);
    let mut connection = server.connect();
    connection.send(b"POST /v1/recipe HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: 999999999\r\n\r\n");
    let answer = connection.read().unwrap();
    assert_eq!(
        (answer.status, answer.json()["code"].as_str()),
        (413, Some("PAYLOAD_TOO_LARGE"))
    );
}
