//! Caching, formats, encodings, request ids, other origins.

use actix_web::test::TestRequest;

use super::support::{Reply, comparable, get, send, service};

const URI: &str = "/v1/recipe?os=ubuntu&gpu=h100&service=eks";

fn with(name: &str, value: &str) -> TestRequest {
    TestRequest::get().uri(URI).insert_header((name, value))
}

#[actix_web::test]
async fn answers_can_be_kept_for_five_minutes() {
    let app = service(&[]).await;
    for uri in [
        URI,
        "/v1/query?selector=K8s.server.version",
        "/v1/rules",
        "/openapi.json",
        "/openapi.yaml",
    ] {
        let reply = get(&app, uri).await;
        assert_eq!(
            reply.header("cache-control"),
            "public, max-age=300",
            "{uri}"
        );
        assert_eq!(reply.header("vary"), "Accept, Accept-Encoding");
        let tag = reply.header("etag");
        assert!(
            tag.starts_with('"') && tag.ends_with('"') && tag.len() == 34,
            "{tag}"
        );
    }
    for uri in ["/", "/health", "/ready", "/metrics"] {
        let reply = get(&app, uri).await;
        assert_eq!(reply.header("cache-control"), "no-store", "{uri}");
        assert_eq!(reply.header("etag"), "");
    }
    let app = service(&[("CACHE_MAX_AGE", "60")]).await;
    assert_eq!(
        get(&app, URI).await.header("cache-control"),
        "public, max-age=60"
    );
}

#[actix_web::test]
async fn head_has_the_headers_of_get() {
    let app = service(&[]).await;
    for uri in [
        URI,
        "/v1/rules",
        "/v1/query?selector=K8s.server.version",
        "/",
        "/health",
        "/openapi.json",
    ] {
        let got = get(&app, uri).await;
        let head = send(
            &app,
            TestRequest::default()
                .method(actix_web::http::Method::HEAD)
                .uri(uri),
        )
        .await;
        assert_eq!(head.status, 200, "{uri}");
        assert_eq!(comparable(&head.headers), comparable(&got.headers), "{uri}");
    }
}

#[actix_web::test]
async fn what_the_client_has_is_not_sent_again() {
    let app = service(&[]).await;
    let tag = get(&app, URI).await.header("etag").to_owned();
    for given in [
        tag.clone(),
        format!("W/{tag}"),
        format!("\"x\", {tag}"),
        "*".to_owned(),
    ] {
        let reply = send(&app, with("if-none-match", &given)).await;
        assert_eq!(reply.status, 304, "{given}");
        assert!(reply.body.is_empty());
        assert_eq!(reply.header("etag"), tag);
        assert_eq!(reply.header("cache-control"), "public, max-age=300");
        assert_eq!(reply.header("vary"), "Accept, Accept-Encoding");
    }
    for given in ["\"other\"", "", tag.trim_matches('"')] {
        assert_eq!(
            send(&app, with("if-none-match", given)).await.status,
            200,
            "{given}"
        );
    }
    let brotli = with("if-none-match", &tag).insert_header(("accept-encoding", "br"));
    assert_eq!(
        send(&app, brotli).await.status,
        200,
        "the bytes differ with the encoding"
    );
}

fn unpack(reply: &Reply) -> Vec<u8> {
    use std::io::Read;
    let mut out = Vec::new();
    let body = &reply.body[..];
    match reply.header("content-encoding") {
        "br" => brotli::Decompressor::new(body, 4096)
            .read_to_end(&mut out)
            .unwrap(),
        "gzip" => flate2::read::GzDecoder::new(body)
            .read_to_end(&mut out)
            .unwrap(),
        "zstd" => {
            out = zstd::stream::decode_all(body).unwrap();
            0
        }
        "" => {
            out = body.to_vec();
            0
        }
        other => panic!("{other}"),
    };
    out
}

#[actix_web::test]
async fn encodings_carry_the_same_answer_under_different_tags() {
    let app = service(&[]).await;
    let plain = get(&app, URI).await;
    let mut tags = vec![plain.header("etag").to_owned()];
    for (accepted, sent) in [
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.1, gzip;q=0.9", "gzip"),
        ("gzip;q=0", ""),
        ("deflate", ""),
        ("identity", ""),
        ("*", ""),
        ("!!", ""),
    ] {
        let reply = send(&app, with("accept-encoding", accepted)).await;
        assert_eq!(reply.header("content-encoding"), sent, "{accepted}");
        assert_eq!(unpack(&reply), plain.body, "{accepted}");
        tags.push(reply.header("etag").to_owned());
    }
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), 4);
}

#[actix_web::test]
async fn formats_are_negotiated_and_the_parameter_wins() {
    let app = service(&[]).await;
    for (accept, sent) in [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("application/yaml", "application/yaml"),
        ("application/x-yaml", "application/yaml"),
        ("text/yaml", "application/yaml"),
        (
            "text/html, application/yaml;q=0.9, */*;q=0.1",
            "application/yaml",
        ),
        ("application/json;q=0, */*", "application/yaml"),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "application/json",
        ),
    ] {
        let reply = send(&app, with("accept", accept)).await;
        assert_eq!(
            (reply.status, reply.header("content-type")),
            (200, sent),
            "{accept}"
        );
    }
    for accept in [
        "text/html",
        "application/json;q=0",
        "image/*",
        "application/vnd.nvidia.cns.v1+json",
    ] {
        let error = send(&app, with("accept", accept))
            .await
            .error(406, "NOT_ACCEPTABLE");
        assert_eq!(
            error["details"]["allowed"][0], "application/json",
            "{accept}"
        );
    }
    let request = TestRequest::get()
        .uri(&format!("{URI}&format=yaml"))
        .insert_header(("accept", "text/html"));
    let yaml = send(&app, request).await;
    assert_eq!(yaml.header("content-type"), "application/yaml");
    assert!(
        yaml.text().starts_with("---\nkind: Recipe\n"),
        "{}",
        yaml.text()
    );
}

#[actix_web::test]
async fn a_safe_request_id_is_echoed_and_another_is_made() {
    let app = service(&[]).await;
    let longest = "x".repeat(128);
    for id in [
        "abc",
        "0d6fb1a8-4f0e-4c9c-a6a8-6c1b3c1f8f53",
        "A.b_c-1",
        &longest,
    ] {
        let reply = send(&app, with("x-request-id", id)).await;
        assert_eq!(reply.header("x-request-id"), id);
    }
    let too_long = "x".repeat(129);
    for id in ["", "a b", "a\"b", "ü", &too_long, "a/b"] {
        let reply = send(&app, with("x-request-id", id)).await;
        let made = reply.header("x-request-id");
        assert_eq!(made.len(), 36, "{id:?} became {made}");
    }
    let reply = send(
        &app,
        TestRequest::get()
            .uri("/nowhere")
            .insert_header(("x-request-id", "r-7")),
    )
    .await;
    assert_eq!(reply.error(404, "NOT_FOUND")["requestId"], "r-7");
}

#[actix_web::test]
async fn pages_of_named_origins_may_call() {
    let app = service(&[("CORS_ALLOWED_ORIGINS", "https://a.example")]).await;
    let reply = send(&app, with("origin", "https://a.example")).await;
    assert_eq!(
        reply.header("access-control-allow-origin"),
        "https://a.example"
    );
    assert!(
        reply
            .header("access-control-expose-headers")
            .contains("x-request-id")
    );
    let vary: Vec<_> = reply
        .headers
        .get_all("vary")
        .map(|value| value.to_str().unwrap())
        .collect();
    assert_eq!(vary, ["Accept, Accept-Encoding, Origin"]);
    let preflight = TestRequest::default()
        .method(actix_web::http::Method::OPTIONS)
        .uri("/v1/recipe")
        .insert_header(("origin", "https://a.example"))
        .insert_header(("access-control-request-method", "POST"))
        .insert_header((
            "access-control-request-headers",
            "content-type, authorization",
        ));
    let reply = send(&app, preflight).await;
    assert_eq!(reply.status, 200);
    assert!(
        reply
            .header("access-control-allow-methods")
            .contains("POST")
    );
    let stranger = send(&app, with("origin", "https://b.example")).await;
    assert_eq!(stranger.header("access-control-allow-origin"), "");
    let app = service(&[]).await;
    let reply = send(&app, with("origin", "https://a.example")).await;
    assert_eq!(
        (reply.status, reply.header("access-control-allow-origin")),
        (200, "")
    );
}
