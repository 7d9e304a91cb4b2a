//! GET: what users ask, and what they get.

use actix_web::test::TestRequest;

use super::support::{get, send, service};

const SEED: &str = "/v1/recipe?os=ubuntu&gpu=h100&service=eks&intent=training";

#[actix_web::test]
async fn the_guides_query_gets_what_its_pipeline_reads() {
    let app = service(&[]).await;
    let reply = get(&app, SEED).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    assert!(reply.text().ends_with("}\n"));
    let recipe = reply.json();
    assert_eq!(recipe["kind"], "Recipe");
    assert_eq!(recipe["apiVersion"], "recipe.dgxc.io/v1");
    assert_eq!(recipe["coverage"]["level"], "validated");
    assert!(!recipe["measurements"].as_array().unwrap().is_empty());
    assert!(!recipe["matchedRules"].as_array().unwrap().is_empty());
    let k8s: Vec<_> = recipe["measurements"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|measurement| measurement["type"] == "K8s")
        .collect();
    assert_eq!(k8s.len(), 1);
    let images: Vec<_> = k8s[0]["subtypes"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|subtype| subtype["subtype"] == "image")
        .collect();
    assert_eq!(images.len(), 1);
    assert_eq!(images[0]["data"]["gpu-operator"], "v25.3.0");
    assert!(images[0].get("context").is_none());
}

#[actix_web::test]
async fn the_environments_that_pipelines_ask_for_in_parallel_all_answer() {
    let app = service(&[]).await;
    for query in [
        "os=ubuntu&gpu=h100&service=eks",
        "os=ubuntu&gpu=gb200&service=gke",
        "os=rhel&gpu=a100&service=aks",
        "os=ubuntu&gpu=h100",
        "",
    ] {
        let reply = get(&app, &format!("/v1/recipe?{query}")).await;
        assert_eq!(reply.status, 200, "{query}");
    }
    let recipe = get(&app, "/v1/recipe?os=rhel&gpu=a100&service=aks")
        .await
        .json();
    let advisories = recipe["advisories"].as_array().unwrap();
    assert!(
        advisories
            .iter()
            .any(|advisory| advisory["id"] == "AKS-RHEL")
    );
}

#[actix_web::test]
async fn spelling_does_not_change_the_answer() {
    let app = service(&[]).await;
    let expected = get(&app, SEED).await;
    for same in [
        "/v1/recipe?intent=training&service=eks&gpu=h100&os=ubuntu",
        "/v1/recipe?os=Ubuntu&accelerator=H100&env=EKS&intent=training&",
        "/v1/recipe?os=%20ubuntu%20&gpu=h100&service=eks&intent=training&k8s=any&kernel=",
        "/v1/recipe?os=ubuntu&gpu=h100&service=eks&intent=training&context=false&format=json",
    ] {
        let reply = get(&app, same).await;
        assert_eq!(reply.body, expected.body, "{same}");
        assert_eq!(reply.header("etag"), expected.header("etag"));
    }
}

#[actix_web::test]
async fn versions_keep_their_spelling_and_a_plus_stands_for_itself() {
    let app = service(&[]).await;
    let reply = get(
        &app,
        "/v1/recipe?osv=24.04&k8s=v1.33.5+k3s1&kernel=6.8.0-1028-aws",
    )
    .await;
    assert_eq!(
        reply.json()["request"],
        serde_json::json!({"osv": "24.04", "kernel": "6.8.0-1028-aws", "k8s": "v1.33.5+k3s1"})
    );
}

#[actix_web::test]
async fn context_explains_each_value_and_explain_names_its_overlay() {
    let app = service(&[]).await;
    let recipe = get(&app, &format!("{SEED}&context=1&explain=TRUE"))
        .await
        .json();
    for measurement in recipe["measurements"].as_array().unwrap() {
        for subtype in measurement["subtypes"].as_array().unwrap() {
            let data = subtype["data"].as_object().unwrap();
            let context = subtype["context"].as_object().unwrap();
            assert!(data.keys().eq(context.keys()), "{subtype}");
        }
    }
    let operator = recipe["explanation"]
        .as_array()
        .unwrap()
        .iter()
        .find(|explained| explained["path"] == "K8s.image.gpu-operator")
        .unwrap();
    assert_eq!(operator["overlay"], "eks-h100");
    assert_eq!(operator["overrode"][0]["overlay"], "base");
    assert!(
        operator["at"]
            .as_str()
            .unwrap()
            .starts_with("overlays/eks.yaml:")
    );
    assert!(recipe["nearMisses"].is_array());
}

#[actix_web::test]
async fn a_query_outside_a_constraint_is_answered_with_an_advisory() {
    let app = service(&[]).await;
    let recipe = get(&app, &format!("{SEED}&k8s=1.35")).await.json();
    let found = recipe["advisories"].as_array().unwrap().iter();
    let constraint: Vec<_> = found
        .filter(|advisory| advisory["id"] == "CONSTRAINT")
        .collect();
    assert_eq!(constraint.len(), 1, "{recipe}");
    assert_eq!(constraint[0]["severity"], "error");
    assert!(
        constraint[0]["message"]
            .as_str()
            .unwrap()
            .contains(">=1.30 <1.34")
    );
}

#[actix_web::test]
async fn strict_refuses_what_no_rule_covers() {
    let app = service(&[]).await;
    assert_eq!(get(&app, &format!("{SEED}&strict=true")).await.status, 200);
    assert_eq!(get(&app, "/v1/recipe?strict=true").await.status, 200);
    let uri = "/v1/recipe?service=gke&gpu=l40&os=ubuntu&intent=training&strict=true";
    let error = get(&app, uri).await.error(404, "NO_MATCHING_RULE");
    assert_eq!(error["details"]["coverage"], "base");
    let nearest = error["details"]["nearest"].as_array().unwrap();
    assert!(!nearest.is_empty());
    for near in nearest {
        let covered = get(
            &app,
            &format!("/v1/recipe?{}&strict=true", near.as_str().unwrap()),
        )
        .await;
        assert_eq!(covered.status, 200, "{near}");
    }
}

#[actix_web::test]
async fn one_value_comes_bare_or_as_a_document() {
    let app = service(&[]).await;
    let uri = "/v1/query?service=eks&gpu=h100&selector=K8s.image.gpu-operator";
    let reply = get(&app, uri).await;
    assert_eq!(
        reply.text(),
        "{\"selector\":\"K8s.image.gpu-operator\",\"value\":\"v25.3.0\"}\n"
    );
    let bare = send(
        &app,
        TestRequest::get()
            .uri(uri)
            .insert_header(("accept", "text/plain")),
    )
    .await;
    assert_eq!(bare.text(), "v25.3.0\n");
    assert_eq!(bare.header("content-type"), "text/plain; charset=utf-8");
    assert_ne!(bare.header("etag"), reply.header("etag"));
    let dotted = get(
        &app,
        "/v1/query?selector=SystemD.containerd.service.LimitNOFILE",
    )
    .await;
    assert_eq!(dotted.json()["value"], "18446744073709551615");
    let sysctl = get(&app, "/v1/query?selector=OS.sysctl./proc/sys/vm/swappiness").await;
    assert_eq!(sysctl.status, 200);
}

#[actix_web::test]
async fn a_value_that_is_not_there_is_answered_with_what_is() {
    let app = service(&[]).await;
    let reply = get(&app, "/v1/query?selector=K8s.image.gpu-operater").await;
    let error = reply.error(404, "NOT_FOUND");
    assert_eq!(error["details"]["available"][0], "K8s.image.gpu-operator");
    let error = get(&app, "/v1/query?gpu=h100")
        .await
        .error(400, "INVALID_REQUEST");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("`selector` is missing")
    );
    let error = get(&app, "/v1/query?selector=gpu-operator")
        .await
        .error(400, "INVALID_REQUEST");
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("K8s.image.gpu-operator")
    );
}

#[actix_web::test]
async fn the_rules_are_listed() {
    let app = service(&[]).await;
    let rules = get(&app, "/v1/rules").await.json();
    assert_eq!(rules["overlays"][0]["name"], "base");
    let gpus = &rules["parameters"][5];
    assert_eq!(gpus["name"], "gpu");
    assert!(
        gpus["values"]
            .as_array()
            .unwrap()
            .iter()
            .any(|value| value["name"] == "gb200")
    );
    assert!(rules["sources"].as_array().unwrap().len() > 5);
}

#[actix_web::test]
async fn the_service_describes_itself() {
    let app = service(&[]).await;
    let index = get(&app, "/").await.json();
    assert_eq!(index["service"], "eidos-api-server");
    assert_eq!(index["version"], env!("CARGO_PKG_VERSION"));
    assert!(
        index["rules"]["digest"]
            .as_str()
            .unwrap()
            .starts_with("sha256:")
    );
    for route in index["routes"].as_array().unwrap() {
        if route["methods"].as_array().unwrap().contains(&"GET".into()) {
            let path = route["path"].as_str().unwrap();
            let suffix = if path == "/v1/query" {
                "?selector=K8s.server.version"
            } else {
                ""
            };
            assert_eq!(
                get(&app, &format!("{path}{suffix}")).await.status,
                200,
                "{path}"
            );
        }
    }
    assert_eq!(
        get(&app, "/health").await.text(),
        "{\"status\":\"healthy\"}\n"
    );
    assert_eq!(get(&app, "/ready").await.text(), "{\"status\":\"ready\"}\n");
    let metrics = get(&app, "/metrics").await;
    assert!(metrics.text().contains("eidos_http_requests_total"));
    assert!(
        metrics
            .header("content-type")
            .starts_with("text/plain; version=0.0.4")
    );
}

#[actix_web::test]
async fn the_page_to_try_requests_comes_out_of_the_binary() {
    let app = service(&[]).await;
    let redirect = get(&app, "/docs").await;
    assert_eq!(
        (redirect.status, redirect.header("location")),
        (308, "docs/")
    );
    let page = get(&app, "/docs/").await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    for part in [
        "swagger-ui.css",
        "swagger-ui-bundle.js",
        "swagger-initializer.js",
    ] {
        assert!(page.text().contains(part), "{part}");
        assert_eq!(get(&app, &format!("/docs/{part}")).await.status, 200);
    }
    let start = get(&app, "/docs/swagger-initializer.js").await;
    assert!(start.text().contains("../openapi.json"));
    get(&app, "/docs/nothing.js").await.error(404, "NOT_FOUND");
    get(&app, "/docs/../Cargo.toml")
        .await
        .error(404, "NOT_FOUND");
}
