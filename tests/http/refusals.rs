//! What is malformed is named, and nothing else happens.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use super::support::{get, post, send, service};

async fn message(uri: &str) -> String {
    let app = service(&[]).await;
    let error = get(&app, uri).await.error(400, "INVALID_REQUEST");
    error["message"].as_str().unwrap().to_owned()
}

#[actix_web::test]
async fn every_problem_of_a_query_is_named_at_once() {
    let app = service(&[]).await;
    let reply = get(
        &app,
        "/v1/recipe?gup=h100&os=ubunt&service=eks&env=gke&k8s=1.x&context=maybe",
    )
    .await;
    let error = reply.error(400, "INVALID_REQUEST");
    let errors = error["details"]["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 5, "{error}");
    assert_eq!(errors[0]["parameter"], "gup");
    assert_eq!(errors[0]["nearest"], "gpu");
    assert_eq!(errors[1]["given"], "ubunt");
    assert_eq!(errors[1]["nearest"], "ubuntu");
    assert!(
        errors[1]["allowed"]
            .as_array()
            .unwrap()
            .contains(&"rhel".into())
    );
    assert_eq!(
        errors[2]["reason"],
        "is another name of `service`, which is given already"
    );
    assert_eq!(errors[3]["parameter"], "k8s");
    assert_eq!(errors[4]["given"], "maybe");
}

#[actix_web::test]
async fn of_countless_problems_the_first_ones_are_named() {
    let app = service(&[]).await;
    let names: Vec<String> = (0..1500).map(|number| format!("a{number}")).collect();
    let reply = get(&app, &format!("/v1/bundle?{}", names.join("&"))).await;
    let error = reply.error(400, "INVALID_REQUEST");
    assert_eq!(error["details"]["errors"].as_array().unwrap().len(), 10);
    let message = error["message"].as_str().unwrap();
    assert!(message.ends_with("no more than these were looked for"));
    assert!(reply.body.len() < 16 << 10, "{}", reply.body.len());
}

#[actix_web::test]
async fn each_route_takes_its_own_parameters() {
    assert!(
        message("/v1/recipe?selector=K8s.server.version")
            .await
            .contains("`selector`")
    );
    assert!(
        message("/v1/rules?gpu=h100")
            .await
            .contains("allowed: format")
    );
    assert!(
        message("/v1/query?selector=K8s.server.version&explain=true")
            .await
            .contains("explain")
    );
    assert!(
        message("/v1/recipe?format=xml")
            .await
            .contains("json, yaml")
    );
}

#[actix_web::test]
async fn versions_that_are_none_are_refused() {
    for version in [
        "-1.0",
        "1..2",
        "v",
        "1.2.3.4",
        "99999999999999999999",
        "1.2-",
        "1.2-a%20b",
        "abc",
    ] {
        assert!(
            message(&format!("/v1/recipe?k8s={version}"))
                .await
                .starts_with("k8s: `"),
            "{version}"
        );
    }
    let long = format!("1.2-{}", "x".repeat(65));
    assert!(message(&format!("/v1/recipe?k8s={long}")).await.len() < 400);
}

#[actix_web::test]
async fn hostile_query_strings_are_shortened_and_cleaned() {
    assert!(message("/v1/recipe?os=%ff").await.contains("not UTF-8"));
    let nul = message("/v1/recipe?os=ubuntu%00").await;
    assert!(nul.contains('\u{fffd}') && !nul.contains('\0'));
    let long = message(&format!("/v1/recipe?os={}", "u".repeat(8000))).await;
    assert!(long.len() < 300, "{}", long.len());
    let many = "a=1&".repeat(2000);
    let app = service(&[]).await;
    get(&app, &format!("/v1/recipe?{many}"))
        .await
        .error(400, "INVALID_REQUEST");
}

#[actix_web::test]
async fn unknown_paths_and_methods_have_their_own_errors() {
    let app = service(&[]).await;
    for uri in [
        "/nowhere",
        "/v1",
        "/v1/",
        "/v1/recipe/",
        "/v2/recipe",
        "/favicon.ico",
        "/%ff",
        "/v1/%ff",
    ] {
        get(&app, uri).await.error(404, "NOT_FOUND");
    }
    for (given, nearest) in [
        ("/v1/recip", json!("/v1/recipe")),
        ("/v1/recipess", json!("/v1/recipes")),
        ("/v1/bundle/", json!("/v1/bundle")),
        ("/unmatched", Value::Null),
    ] {
        let error = get(&app, given).await.error(404, "NOT_FOUND");
        assert_eq!(error["details"]["nearest"], nearest, "{given}");
    }
    for (uri, method, allow) in [
        ("/v1/recipe", Method::PUT, "GET, HEAD, POST"),
        ("/v1/recipe", Method::DELETE, "GET, HEAD, POST"),
        ("/v1/recipe", Method::OPTIONS, "GET, HEAD, POST"),
        ("/v1/recipes", Method::GET, "POST"),
        ("/v1/query", Method::POST, "GET, HEAD"),
        ("/health", Method::POST, "GET, HEAD"),
        ("/metrics", Method::PATCH, "GET, HEAD"),
        ("/", Method::POST, "GET, HEAD"),
        ("/docs/", Method::POST, "GET, HEAD"),
        ("/openapi.json", Method::POST, "GET, HEAD"),
        (
            "/v1/recipe",
            Method::from_bytes(b"BREW").unwrap(),
            "GET, HEAD, POST",
        ),
    ] {
        let reply = send(&app, TestRequest::default().method(method.clone()).uri(uri)).await;
        let error = reply.error(405, "METHOD_NOT_ALLOWED");
        assert_eq!(reply.header("allow"), allow, "{method} {uri}");
        assert_eq!(error["details"]["method"], method.as_str());
    }
    let long = Method::from_bytes("X".repeat(5000).as_bytes()).unwrap();
    let reply = send(&app, TestRequest::default().method(long).uri("/health")).await;
    let error = reply.error(405, "METHOD_NOT_ALLOWED");
    assert!(error["message"].as_str().unwrap().len() < 200, "{error}");
}

#[actix_web::test]
async fn a_slip_is_told_as_what_it_is() {
    let app = service(&[]).await;
    for (uri, says) in [
        (
            "/v1/recipe?gpu=h100&gpu=a100",
            "gpu: `a100` is given more than once",
        ),
        (
            "/v1/recipe?env=eks&service=gke",
            "service: `gke` is another name of `env`, which is given already",
        ),
        (
            "/v1/recipe?gpu=h100&accelerator=a100",
            "accelerator: `a100` is another name of `gpu`, which is given already",
        ),
        (
            "/v1/query?gpu=h100&selector=k8s.image.gpu-operator",
            "did you mean `K8s.image.gpu-operator`?",
        ),
    ] {
        let error = get(&app, uri).await.error(400, "INVALID_REQUEST");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
    }
    let packed = TestRequest::post()
        .uri("/v1/recipe")
        .insert_header(("content-type", "application/json"))
        .insert_header(("content-encoding", "gzip"))
        .set_payload("{}");
    let error = send(&app, packed)
        .await
        .error(415, "UNSUPPORTED_MEDIA_TYPE");
    let message = error["message"].as_str().unwrap();
    assert!(message.starts_with("a compressed body"), "{message}");
}

#[actix_web::test]
async fn a_body_must_say_what_it_is() {
    let app = service(&[]).await;
    let without = TestRequest::post().uri("/v1/recipe").set_payload("{}");
    send(&app, without)
        .await
        .error(415, "UNSUPPORTED_MEDIA_TYPE");
    for content_type in [
        "text/html",
        "application/xml",
        "nonsense",
        "application/json; charset=latin1",
        "text/plain",
    ] {
        let reply = post(&app, "/v1/recipe", content_type, "{}").await;
        reply.error(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let packed = TestRequest::post()
        .uri("/v1/recipe")
        .insert_header(("content-type", "application/json"))
        .insert_header(("content-encoding", "gzip"))
        .set_payload("x");
    let error = send(&app, packed)
        .await
        .error(415, "UNSUPPORTED_MEDIA_TYPE");
    assert!(error["message"].as_str().unwrap().contains("gzip"));
    let lying = post(&app, "/v1/recipe", "application/json", "kind: Snapshot").await;
    lying.error(400, "INVALID_REQUEST");
}

#[actix_web::test]
async fn hostile_bodies_are_refused_with_a_place() {
    let app = service(&[]).await;
    let bomb = "a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n".to_owned();
    let deep_yaml = format!("kind: {}", "[".repeat(100));
    let deep_json = format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100));
    for (content_type, body, says) in [
        ("application/yaml", bomb, "anchors"),
        ("application/yaml", deep_yaml, "deep"),
        ("application/json", deep_json, "deep"),
        (
            "application/yaml",
            "kind: Snapshot\nkind: Snapshot\n".to_owned(),
            "given twice",
        ),
        (
            "application/json",
            "{\"kind\":\"Snapshot\",\"kind\":\"Snapshot\"}".to_owned(),
            "given twice",
        ),
        (
            "application/json",
            "{\"kind\":\"Snapsho\"}".to_owned(),
            "did you mean `Snapshot`?",
        ),
        ("application/json", "\0".to_owned(), "expected a value"),
        ("application/yaml", String::new(), "empty"),
        (
            "application/json",
            "{\"kind\":\"RecipeCriteria\",\"spec\":{\"gpu\":\"h10\"}}".to_owned(),
            "did you mean `h100`?",
        ),
    ] {
        let error = post(&app, "/v1/recipe", content_type, body)
            .await
            .error(400, "INVALID_REQUEST");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(says), "{message}");
    }
    let utf8 = post(
        &app,
        "/v1/recipe",
        "application/yaml",
        b"kind: \xff".to_vec(),
    )
    .await;
    assert!(
        utf8.error(400, "INVALID_REQUEST")["message"]
            .as_str()
            .unwrap()
            .contains("not UTF-8")
    );
}

#[actix_web::test]
async fn a_body_has_a_largest_size() {
    let app = service(&[]).await;
    let reply = post(&app, "/v1/recipe", "application/yaml", vec![b'x'; 5 << 20]).await;
    let error = reply.error(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(error["details"]["limit"], 4 << 20);
    let app = service(&[("MAX_BODY_BYTES", "10")]).await;
    post(&app, "/v1/recipes", "application/json", "[{},{},{},{}]")
        .await
        .error(413, "PAYLOAD_TOO_LARGE");
}
