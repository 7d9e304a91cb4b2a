//! Starting, logging, draining.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use super::process::{Connection, Server};

#[test]
fn it_is_ready_at_once() {
    // The shortest of three: what is measured is the server, not its neighbours.
    let fastest = (0..3).map(|_| {
        let server = Server::start(&[]);
        assert_eq!(server.get("/ready").status, 200);
        server.took
    });
    let fastest = fastest.min().unwrap();
    let limit = if cfg!(debug_assertions) { 500 } else { 50 };
    assert!(fastest < Duration::from_millis(limit), "{fastest:?}");
}

#[test]
fn each_request_leaves_one_line() {
    let server = Server::start(&[]);
    let mut connection = server.connect();
    connection.send(
        b"GET /v1/recipe?gpu=h100&service=eks HTTP/1.1\r\nHost: t\r\nX-Request-Id: r-1\r\n\r\n",
    );
    let answer = connection.read().unwrap();
    let line = server.event("recipe_generated");
    assert_eq!(line["request_id"], "r-1");
    assert_eq!(line["method"], "GET");
    assert_eq!(line["path"], "/v1/recipe");
    assert_eq!(line["status"], 200);
    assert_eq!(line["params"], "service=eks&gpu=h100");
    assert_eq!(line["cache"], "miss");
    assert_eq!(line["client"], "127.0.0.1");
    assert_eq!(
        line["rules_digest"],
        answer.json()["metadata"]["rules-digest"]
    );
    let rules = answer.json()["matchedRules"].as_array().unwrap().len();
    assert_eq!(line["matched_rules"], rules);
    assert_eq!(
        line["measurements"],
        answer.json()["measurements"].as_array().unwrap().len()
    );
    assert!(line["duration_ms"].as_f64().unwrap() > 0.0);
    assert!(line["time"].as_str().unwrap().ends_with('Z'));
    server.get("/nowhere");
    let line = server.event("request");
    assert_eq!(
        (&line["status"], &line["level"]),
        (&404.into(), &"INFO".into())
    );
    assert!(line["error"].as_str().unwrap().contains("/nowhere"));
}

#[test]
fn no_line_is_lost_at_the_end() {
    let server = Server::start(&[("RATE_LIMIT", "0"), ("DRAIN_DELAY", "0s")]);
    let mut connection = server.connect();
    for number in 0..300 {
        let head = format!(
            "GET /v1/recipe?gpu=h100 HTTP/1.1\r\nHost: t\r\nX-Request-Id: r-{number}\r\n\r\n"
        );
        connection.send(head.as_bytes());
        assert_eq!(connection.read().unwrap().status, 200);
    }
    server.signal("-TERM");
    for number in 0..300 {
        let line = server.event("recipe_generated");
        assert_eq!(line["request_id"], format!("r-{number}"));
    }
}

#[test]
fn a_termination_signal_drains() {
    let mut server = Server::start(&[("DRAIN_DELAY", "500ms"), ("SHUTDOWN_TIMEOUT", "5s")]);
    let mut kept = server.connect();
    assert_eq!(kept.get("/ready").status, 200);
    let mut half = server.connect();
    half.send(b"POST /v1/recipe HTTP/1.1\r\nHost: t\r\nContent-Type: application/yaml\r\nContent-Length: 30\r\n\r\nkind: Recipe");
    server.signal("-TERM");
    server.event("draining");

    let answer = kept.get("/ready");
    assert_eq!((answer.status, answer.header("connection")), (503, "close"));
    assert_eq!(answer.json()["code"], "SERVICE_UNAVAILABLE");
    assert!(kept.is_closed());
    let late = server.get("/v1/recipe?gpu=h100");
    assert_eq!((late.status, late.header("connection")), (200, "close"));
    half.send(b"Criteria\nspec: {}\n");
    let answer = half
        .read()
        .expect("a request whose head was read is answered");
    assert_eq!(
        answer.status,
        200,
        "{:?}",
        String::from_utf8_lossy(&answer.body)
    );
    assert_eq!(server.exit(), 0);
}

const DRAIN: Duration = Duration::from_secs(1);

/// Asks until nobody listens any more; the ids of the requests that were answered.
fn ask_until_the_end(address: SocketAddr, client: usize) -> BTreeSet<String> {
    let mut answered = BTreeSet::new();
    let mut number = 0;
    while let Ok(mut connection) = Connection::try_to(address) {
        let mut last: Option<Instant> = None;
        loop {
            number += 1;
            let id = format!("{client}-{number}");
            let body = if number % 4 == 0 {
                "{\"kind\":\"RecipeCriteria\",\"spec\":{}}"
            } else {
                ""
            };
            let method = if body.is_empty() { "GET" } else { "POST" };
            connection.send(
                format!(
                    "{method} /v1/recipe?gpu=h100&k8s=1.{} HTTP/1.1\r\nHost: t\r\nX-Request-Id: {id}\r\n\
                     Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
                    number % 50,
                    body.len()
                )
                .as_bytes(),
            );
            let Some(answer) = connection.read() else {
                // What is sent on a new connection may come too late to be read, and
                // who is silent for the whole drain is not told to go. Others are.
                let silent = last.is_none_or(|last| last.elapsed() >= DRAIN);
                assert!(
                    silent,
                    "{id} was sent on a kept connection and not answered"
                );
                break;
            };
            assert_eq!((answer.status, answer.header("x-request-id")), (200, &*id));
            answered.insert(id);
            last = Some(Instant::now());
            if answer.header("connection") == "close" {
                break;
            }
        }
    }
    answered
}

#[test]
fn a_termination_signal_under_full_load_leaves_no_request_unanswered() {
    let mut server = Server::start(&[("DRAIN_DELAY", "1s"), ("RATE_LIMIT", "0")]);
    let address = server.address;
    let clients: Vec<_> = (0..16)
        .map(|client| thread::spawn(move || ask_until_the_end(address, client)))
        .collect();
    // Every client is being served when the signal comes.
    (0..64).for_each(|_| drop(server.event("recipe_generated")));
    server.signal("-TERM");
    let mut lines: Vec<_> = server.rest_of_log();
    assert_eq!(server.exit(), 0);
    let answered: BTreeSet<String> = clients
        .into_iter()
        .flat_map(|client| client.join().unwrap())
        .collect();
    let draining = lines.iter().position(|line| line["event"] == "draining");
    let after = lines.split_off(draining.unwrap());
    let logged: BTreeSet<&str> = after
        .iter()
        .filter_map(|line| line["request_id"].as_str())
        .collect();
    assert!(
        logged.len() > 50,
        "only {} requests while draining",
        logged.len()
    );
    // Whoever is in the log had its head read, and the log itself is whole.
    let silent: Vec<&&str> = logged
        .iter()
        .filter(|id| !answered.contains(**id))
        .collect();
    assert!(silent.is_empty(), "read but not answered: {silent:?}");
    eprintln!(
        "{} answered, {} of them while draining",
        answered.len(),
        logged.len()
    );
}

#[test]
fn an_idle_connection_does_not_delay_the_end() {
    let mut server = Server::start(&[("DRAIN_DELAY", "0"), ("SHUTDOWN_TIMEOUT", "15s")]);
    let mut idle = server.connect();
    assert_eq!(idle.get("/health").status, 200);
    let started = std::time::Instant::now();
    server.signal("-TERM");
    assert_eq!(server.exit(), 0);
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut server = Server::start(&[("DRAIN_DELAY", "60s")]);
    server.signal("-TERM");
    server.event("draining");
    server.signal("-INT");
    assert_eq!(server.exit(), 0);
}
