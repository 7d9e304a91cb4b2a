//! A defect in a handler costs one answer, not the thread that gave it.

use std::fs;
use std::sync::Arc;

use actix_web::{HttpResponse, web};
use eidos::http::build_app;
use eidos::telemetry::Stream;
use serde_json::{Value, json};

use super::support::{get, state, state_with_log};

#[actix_web::test]
async fn a_panic_is_answered_and_the_next_request_too() {
    let defect = || async {
        assert!(std::hint::black_box(false), "a defect of this test");
        HttpResponse::Ok().finish()
    };
    // A route beside those of the product, behind the same middleware.
    let written = tempfile::NamedTempFile::new().unwrap();
    let log = Arc::new(Stream::new(written.reopen().unwrap()));
    let state = state_with_log(&[], Arc::clone(&log));
    let app = build_app(state).route("/defect", web::get().to(defect));
    let app = actix_web::test::init_service(app).await;
    for count in 1..=3 {
        let reply = get(&app, "/defect").await;
        let error = reply.error(500, "INTERNAL_ERROR");
        assert!(!error.to_string().contains("a defect of"), "{error}");
        assert_eq!(get(&app, "/v1/recipe?gpu=h100").await.status, 200);
        let metrics = get(&app, "/metrics").await;
        let counted = format!("eidos_panic_recoveries_total {count}\n");
        assert!(metrics.text().contains(&counted));
        // The answer says nothing, but leads to the line that does.
        log.flush();
        let lines = fs::read_to_string(written.path()).unwrap();
        let line = lines
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap())
            .find(|line| line["request_id"] == error["requestId"])
            .unwrap();
        assert_eq!(
            (&line["level"], &line["path"]),
            (&json!("ERROR"), &json!("/defect"))
        );
        assert_eq!(line["error"], "a handler panicked");
    }
}

#[test]
fn a_worker_that_met_a_panic_keeps_its_connections() {
    use std::sync::mpsc;

    use crate::server::process::{Connection, PATIENCE};

    let (say, said) = mpsc::channel();
    let running = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async move {
            let state = state(&[("RATE_LIMIT", "0")]);
            let defect = || async {
                assert!(std::hint::black_box(false), "a defect of this test");
                HttpResponse::Ok().finish()
            };
            let server = actix_web::HttpServer::new(move || {
                build_app(state.clone()).route("/defect", web::get().to(defect))
            })
            .workers(1)
            .keep_alive(PATIENCE)
            .client_request_timeout(PATIENCE)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
            let address = server.addrs()[0];
            let server = server.run();
            say.send((address, server.handle())).unwrap();
            server.await.unwrap();
        });
    });
    let (address, handle) = said.recv().unwrap();
    let mut neighbour = Connection::to(address);
    let mut connection = Connection::to(address);
    for _ in 0..10 {
        assert_eq!(neighbour.get("/health").status, 200);
        let answer = connection.get("/defect");
        assert_eq!(answer.status, 500);
        assert_eq!(answer.json()["code"], "INTERNAL_ERROR");
        assert_eq!(answer.json()["requestId"], answer.header("x-request-id"));
        assert_eq!(connection.get("/v1/recipe?gpu=h100").status, 200);
    }
    drop((neighbour, connection));
    actix_web::rt::System::new().block_on(handle.stop(false));
    running.join().unwrap();
}
