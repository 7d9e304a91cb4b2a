//! What a machine runs out of: descriptors, disk, memory.

use std::fs;
use std::net::TcpListener;
use std::process::Stdio;
use std::thread;
use std::time::Instant;

use super::process::{Connection, PATIENCE, Server, command, resident};

#[test]
fn without_descriptors_it_serves_who_is_there_and_later_everyone() {
    let server = Server::start_limited("-n 64", &[]);
    let mut kept = server.connect();
    assert_eq!(kept.get("/health").status, 200);
    // The system takes connections on behalf of the server, which cannot.
    let crowd: Vec<Connection> = (0..100).map(|_| server.connect()).collect();
    for _ in 0..20 {
        assert_eq!(kept.get("/v1/recipe?gpu=h100").status, 200);
        assert_eq!(kept.get("/metrics").status, 200);
    }
    drop(crowd);
    assert_eq!(server.get("/v1/recipe?gpu=h100").status, 200);
    let metrics = String::from_utf8(kept.get("/metrics").body).unwrap();
    assert!(metrics.contains("eidos_panic_recoveries_total 0\n"));
}

#[test]
fn a_low_soft_limit_of_descriptors_is_raised() {
    let server = Server::start_limited("-Sn 64", &[("MAX_CONNECTIONS", "500")]);
    let mut crowd: Vec<Connection> = (0..200).map(|_| server.connect()).collect();
    for connection in &mut crowd {
        assert_eq!(connection.get("/health").status, 200);
    }
}

#[test]
fn a_full_disk_below_the_log_stops_nothing() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let mut child = command(&[("PORT", &port.port().to_string()), ("RATE_LIMIT", "0")])
        .stdout(Stdio::from(full))
        .spawn()
        .unwrap();
    let started = Instant::now();
    let mut connection = loop {
        match Connection::try_to(port) {
            Ok(connection) => break connection,
            Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
        }
        thread::yield_now();
    };
    let before = resident(child.id());
    for number in 0..2000 {
        assert_eq!(
            connection
                .get(&format!("/v1/recipe?k8s=1.{}", number % 9))
                .status,
            200
        );
    }
    // Lines that cannot be written are not kept either.
    let grown = resident(child.id()).saturating_sub(before);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(grown < 16 << 10, "{grown} KiB");
}

#[test]
fn bodies_that_never_end_leave_memory_for_others() {
    let server = Server::start(&[("READ_TIMEOUT", "20s"), ("RATE_LIMIT", "0")]);
    let before = server.resident();
    let length = 4 << 20;
    let head = format!(
        "POST /v1/recipe HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    let almost = vec![b' '; length - 1];
    let mut crowd: Vec<Connection> = (0..64).map(|_| server.connect()).collect();
    for connection in &mut crowd {
        connection.send(head.as_bytes());
        connection.send(&almost);
    }
    let grown = server.resident().saturating_sub(before);
    eprintln!("64 bodies of 4 MiB: {} MiB more", grown >> 10);
    assert!(grown < 64 << 10, "{grown} KiB");
    let full = crowd
        .pop()
        .unwrap()
        .read()
        .expect("the last one is refused");
    assert_eq!((full.status, full.header("retry-after")), (503, "1"));
    assert_eq!(full.json()["code"], "SERVICE_UNAVAILABLE");
    // Who only asks is not concerned, and who sends is not for long.
    assert_eq!(server.get("/v1/recipe?gpu=h100").status, 200);
    drop(crowd);
    let body = "{\"kind\":\"RecipeCriteria\",\"spec\":{}}";
    let small = head.replace(&length.to_string(), &body.len().to_string()) + body;
    let started = Instant::now();
    loop {
        let mut connection = server.connect();
        connection.send(small.as_bytes());
        let answer = connection.read().unwrap();
        if answer.status == 200 {
            break;
        }
        assert_eq!(answer.status, 503, "{answer:?}");
        assert!(started.elapsed() < PATIENCE);
    }
}
