//! Who may ask, and how often.

use std::fs;

use actix_web::test::TestRequest;

use super::support::{Reply, SECRET, get, over, post, send, service, state};

const URI: &str = "/v1/recipe?os=ubuntu";

fn number(reply: &Reply, name: &str) -> i64 {
    reply
        .header(name)
        .parse()
        .unwrap_or_else(|_| panic!("{name} of {}", reply.status))
}

#[actix_web::test]
async fn a_client_that_asks_too_often_is_told_when_to_come_back() {
    let app = service(&[("RATE_LIMIT", "1"), ("RATE_BURST", "3")]).await;
    for remaining in [2, 1, 0] {
        let reply = get(&app, URI).await;
        assert_eq!(reply.status, 200);
        assert_eq!(number(&reply, "x-ratelimit-limit"), 3);
        assert_eq!(number(&reply, "x-ratelimit-remaining"), remaining);
    }
    let reply = get(&app, URI).await;
    let error = reply.error(429, "RATE_LIMIT_EXCEEDED");
    assert_eq!(
        error["details"],
        serde_json::json!({"limit": 1, "burst": 3})
    );
    assert!((1..=10).contains(&number(&reply, "retry-after")));
    assert_eq!(number(&reply, "x-ratelimit-limit"), 3);
    assert_eq!(number(&reply, "x-ratelimit-remaining"), 0);
    assert_eq!(reply.header("x-ratelimit-after"), "");
    let now = jiff::Timestamp::now().as_second();
    assert!((now + 2..=now + 4).contains(&number(&reply, "x-ratelimit-reset")));
    assert_eq!(
        get(&app, "/health").await.status,
        200,
        "only /v1/ is limited"
    );
    let metrics = get(&app, "/metrics").await;
    assert!(
        metrics
            .text()
            .contains("eidos_rate_limit_rejects_total 1\n")
    );
}

#[actix_web::test]
async fn everything_below_v1_counts() {
    let app = service(&[("RATE_LIMIT", "1"), ("RATE_BURST", "5")]).await;
    let tag = get(&app, URI).await.header("etag").to_owned();
    let unchanged = TestRequest::get()
        .uri(URI)
        .insert_header(("if-none-match", tag));
    assert_eq!(
        number(&send(&app, unchanged).await, "x-ratelimit-remaining"),
        3
    );
    let head = TestRequest::default()
        .method(actix_web::http::Method::HEAD)
        .uri(URI);
    assert_eq!(number(&send(&app, head).await, "x-ratelimit-remaining"), 2);
    assert_eq!(
        number(&get(&app, "/v1/nowhere").await, "x-ratelimit-remaining"),
        1
    );
    assert_eq!(
        number(
            &get(&app, "/v1/recipe?gpu=x").await,
            "x-ratelimit-remaining"
        ),
        0
    );
    get(&app, "/v1/recipes")
        .await
        .error(429, "RATE_LIMIT_EXCEEDED");
}

#[actix_web::test]
async fn each_query_of_a_batch_counts() {
    let app = service(&[("RATE_LIMIT", "1"), ("RATE_BURST", "10")]).await;
    let reply = post(&app, "/v1/recipes", "application/json", "[{},{},{},{}]").await;
    assert_eq!(
        (reply.status, number(&reply, "x-ratelimit-remaining")),
        (200, 6)
    );
    let reply = post(
        &app,
        "/v1/recipes",
        "application/json",
        "[{},{},{},{},{},{},{},{}]",
    )
    .await;
    reply.error(429, "RATE_LIMIT_EXCEEDED");
    assert!(number(&reply, "retry-after") >= 1);
    // More than fit into any budget take a full one.
    let app = service(&[("RATE_LIMIT", "1"), ("RATE_BURST", "10")]).await;
    let many = format!("[{}]", vec!["{}"; 256].join(","));
    let reply = post(&app, "/v1/recipes", "application/json", many.clone()).await;
    assert_eq!(
        (reply.status, number(&reply, "x-ratelimit-remaining")),
        (200, 0)
    );
    let reply = post(&app, "/v1/recipes", "application/json", many).await;
    reply.error(429, "RATE_LIMIT_EXCEEDED");
}

#[actix_web::test]
async fn addresses_are_told_apart_and_only_a_trusted_proxy_speaks_for_others() {
    let app = service(&[("RATE_LIMIT", "1"), ("RATE_BURST", "1")]).await;
    let from = |client: &str| {
        TestRequest::get()
            .uri(URI)
            .insert_header(("x-forwarded-for", client))
    };
    assert_eq!(send(&app, from("198.51.100.1")).await.status, 200);
    assert_eq!(send(&app, from("198.51.100.2")).await.status, 429);
    let app = service(&[
        ("RATE_LIMIT", "1"),
        ("RATE_BURST", "1"),
        ("TRUSTED_PROXIES", "192.0.2.0/24"),
    ])
    .await;
    assert_eq!(send(&app, from("198.51.100.1")).await.status, 200);
    assert_eq!(send(&app, from("198.51.100.2")).await.status, 200);
    assert_eq!(send(&app, from("198.51.100.1")).await.status, 429);
}

#[actix_web::test]
async fn no_limit_means_no_headers() {
    let app = service(&[]).await;
    for _ in 0..300 {
        assert_eq!(get(&app, URI).await.status, 200);
    }
    assert_eq!(get(&app, URI).await.header("x-ratelimit-limit"), "");
}

#[actix_web::test]
async fn with_keys_only_their_owners_get_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    fs::write(&path, format!("ci:{SECRET}\n")).unwrap();
    let file = path.to_str().unwrap();
    let settings = [("EIDOS_API_KEYS_FILE", file)];
    let app = service(&settings).await;
    let with = |key: &str| {
        TestRequest::get()
            .uri(URI)
            .insert_header(("authorization", key))
    };
    let reply = get(&app, URI).await;
    reply.error(401, "UNAUTHORIZED");
    assert_eq!(reply.header("www-authenticate"), "Bearer");
    for wrong in ["Bearer nope", "Basic c2VjcmV0", "secret", "Bearer"] {
        send(&app, with(wrong)).await.error(401, "UNAUTHORIZED");
    }
    for right in ["Bearer secret", "bearer  secret "] {
        let reply = send(&app, with(right)).await;
        assert_eq!(reply.status, 200, "{right}");
        assert_eq!(reply.header("cache-control"), "private, max-age=300");
        assert_eq!(
            reply.header("vary"),
            "Accept, Accept-Encoding, Authorization"
        );
    }
    for open in [
        "/",
        "/health",
        "/ready",
        "/metrics",
        "/docs/",
        "/openapi.json",
    ] {
        assert_eq!(get(&app, open).await.status, 200, "{open}");
    }
    let open = service(&[]).await;
    assert_eq!(send(&open, with("Bearer anything")).await.status, 200);
}

#[actix_web::test]
async fn a_refused_key_counts_against_the_address_and_an_owner_has_an_own_budget() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    fs::write(&path, format!("ci:{SECRET}\n")).unwrap();
    let file = path.to_str().unwrap();
    let app = over(state(&[
        ("EIDOS_API_KEYS_FILE", file),
        ("RATE_LIMIT", "1"),
        ("RATE_BURST", "2"),
    ]))
    .await;
    for remaining in [1, 0] {
        let reply = get(&app, URI).await;
        reply.error(401, "UNAUTHORIZED");
        assert_eq!(number(&reply, "x-ratelimit-remaining"), remaining);
    }
    get(&app, URI).await.error(429, "RATE_LIMIT_EXCEEDED");
    let owner = TestRequest::get()
        .uri(URI)
        .insert_header(("authorization", "Bearer secret"));
    let reply = send(&app, owner).await;
    assert_eq!(
        (reply.status, number(&reply, "x-ratelimit-remaining")),
        (200, 1)
    );
}
