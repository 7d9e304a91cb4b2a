//! An answer that is kept is given before routes are looked for; nobody can tell
//! by anything but the time it takes.

use std::fs;

use actix_web::http::Method;
use actix_web::test::TestRequest;

use super::support::{SECRET, comparable, get, send, service};

const URI: &str = "/v1/recipe?os=ubuntu&gpu=h100";

fn with(name: &str, value: &str) -> TestRequest {
    TestRequest::get().uri(URI).insert_header((name, value))
}

#[actix_web::test]
async fn it_is_the_answer_that_was_made() {
    for (name, value) in [
        ("accept", "application/json"),
        ("accept", "application/yaml"),
        ("accept-encoding", "gzip"),
        ("accept-encoding", "br"),
    ] {
        let app = service(&[]).await;
        let made = send(&app, with(name, value)).await;
        let kept = send(&app, with(name, value)).await;
        // The same query in another spelling, which is no key.
        let other = with(name, value).uri("/v1/recipe?gpu=H100&os=ubuntu");
        let read = send(&app, other).await;
        for reply in [kept, read] {
            assert_eq!((reply.status, &reply.body), (made.status, &made.body));
            assert_eq!(comparable(&reply.headers), comparable(&made.headers));
        }
    }
}

#[actix_web::test]
async fn it_is_for_those_who_may_ask() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    fs::write(&path, format!("ci:{SECRET}\n")).unwrap();
    let limited = [
        ("EIDOS_API_KEYS_FILE", path.to_str().unwrap()),
        ("RATE_LIMIT", "1"),
        ("RATE_BURST", "2"),
    ];
    let app = service(&limited).await;
    for left in ["1", "0"] {
        let reply = send(&app, with("authorization", "Bearer secret")).await;
        assert_eq!(reply.status, 200);
        assert_eq!(reply.header("x-ratelimit-remaining"), left);
    }
    let reply = send(&app, with("authorization", "Bearer secret")).await;
    reply.error(429, "RATE_LIMIT_EXCEEDED");
    assert_ne!(reply.header("retry-after"), "");
    let reply = get(&app, URI).await;
    reply.error(401, "UNAUTHORIZED");
    assert_eq!(reply.header("x-ratelimit-remaining"), "1");
    send(&app, with("authorization", "Bearer nope"))
        .await
        .error(401, "UNAUTHORIZED");
}

#[actix_web::test]
async fn a_page_of_another_origin_may_read_it() {
    let app = service(&[("CORS_ALLOWED_ORIGINS", "https://a.example")]).await;
    assert_eq!(get(&app, URI).await.status, 200);
    let reply = send(&app, with("origin", "https://a.example")).await;
    let allowed = reply.header("access-control-allow-origin");
    assert_eq!((reply.status, allowed), (200, "https://a.example"));
}

#[actix_web::test]
async fn it_is_given_to_get_and_head_only() {
    let app = service(&[]).await;
    assert_eq!(get(&app, URI).await.status, 200);
    let head = send(&app, TestRequest::get().method(Method::HEAD).uri(URI)).await;
    assert_eq!(head.status, 200);
    let other = send(&app, TestRequest::get().method(Method::DELETE).uri(URI)).await;
    other.error(405, "METHOD_NOT_ALLOWED");
    let elsewhere = get(&app, &URI.replace("recipe", "recipe/")).await;
    elsewhere.error(404, "NOT_FOUND");
}
