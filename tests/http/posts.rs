//! POST: snapshots, criteria, batches.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::support::{get, post, service};

/// The snapshots of two real nodes, where they are at hand.
fn real(name: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/snapshots");
    let path: PathBuf = folder.join(format!("{name}.yaml"));
    let found = std::fs::read_to_string(&path).ok();
    if found.is_none() {
        eprintln!("skipped: {} is not here", path.display());
    }
    found
}

#[actix_web::test]
async fn real_snapshots_become_their_query_in_both_formats() {
    let app = service(&[]).await;
    for (name, gpu) in [("h100", "h100"), ("gb200", "gb200")] {
        let Some(yaml) = real(name) else { return };
        let posted = post(
            &app,
            "/v1/recipe?intent=training",
            "application/yaml",
            yaml.clone(),
        )
        .await;
        assert_eq!(posted.status, 200, "{}", posted.text());
        let recipe = posted.json();
        assert_eq!(recipe["request"]["gpu"], gpu);
        assert_eq!(recipe["request"]["service"], "eks");
        assert_eq!(recipe["request"]["os"], "ubuntu");
        assert_eq!(recipe["request"]["osv"], "24.04");
        assert_eq!(recipe["request"]["intent"], "training");
        assert!(recipe.get("notes").is_none(), "{recipe}");

        let location = posted.header("content-location");
        let same = get(&app, location).await;
        assert_eq!(posted.body, same.body, "{location}");
        assert_eq!(posted.header("etag"), same.header("etag"));
        assert_eq!(posted.header("cache-control"), same.header("cache-control"));

        let tree: serde_json::Value = serde_saphyr::from_str(&yaml).unwrap();
        let as_json = post(
            &app,
            "/v1/recipe?intent=training",
            "application/json",
            tree.to_string(),
        )
        .await;
        assert_eq!(as_json.body, posted.body);
        let as_yaml = post(
            &app,
            "/v1/recipe?intent=training&format=yaml",
            "text/yaml",
            yaml,
        )
        .await;
        assert_eq!(
            as_yaml.body,
            get(&app, as_yaml.header("content-location")).await.body
        );
    }
}

#[actix_web::test]
async fn a_query_can_come_as_a_document() {
    let app = service(&[]).await;
    let body = json!({
        "kind": "RecipeCriteria",
        "apiVersion": "recipe.dgxc.io/v1",
        "spec": {"service": "EKS", "accelerator": "h100", "os": "rhel", "k8s": "1.33"},
    });
    let uri = "/v1/recipe?os=ubuntu&context=true";
    let reply = post(
        &app,
        uri,
        "application/json; charset=utf-8",
        body.to_string(),
    )
    .await;
    let location = reply.header("content-location");
    assert_eq!(
        location,
        "/v1/recipe?os=ubuntu&service=eks&k8s=1.33&gpu=h100&context=true"
    );
    assert_eq!(reply.body, get(&app, location).await.body);
    let empty = post(
        &app,
        "/v1/recipe",
        "application/yaml",
        "kind: RecipeCriteria\nspec: {}\n",
    )
    .await;
    assert_eq!(empty.header("content-location"), "/v1/recipe");
}

#[actix_web::test]
async fn what_a_snapshot_leaves_unclear_is_noted_and_not_kept() {
    let app = service(&[]).await;
    let yaml = "
kind: Snapshot
apiVersion: aicr.nvidia.com/v1alpha1
metadata: {}
measurements:
  - type: K8s
    subtypes:
      - subtype: server
        data: {version: v1.33.5-eks-3025e55}
      - subtype: node
        data: {provider: heroku}
  - type: GPU
    subtypes:
      - subtype: smi
        data: {gpu.model: NVIDIA GB200}
";
    let reply = post(&app, "/v1/recipe", "application/yaml", yaml).await;
    let recipe = reply.json();
    assert_eq!(
        recipe["request"],
        json!({"k8s": "v1.33.5-eks-3025e55", "gpu": "gb200"})
    );
    assert_eq!(recipe["notes"].as_array().unwrap().len(), 1);
    assert!(recipe["notes"][0].as_str().unwrap().contains("`heroku`"));
    assert_eq!(reply.header("content-location"), "");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert_eq!(reply.header("etag"), "");
    let clear = post(&app, "/v1/recipe?service=eks", "application/yaml", yaml).await;
    assert_eq!(clear.json()["request"]["service"], "eks");
    let strict = "/v1/recipe?service=gke&gpu=l40&os=ubuntu&intent=training&strict=true";
    let reply = post(&app, strict, "application/yaml", yaml).await;
    reply.error(404, "NO_MATCHING_RULE");
}

#[actix_web::test]
async fn a_batch_answers_in_order_and_each_query_for_itself() {
    let app = service(&[]).await;
    let body = json!({"queries": [
        {"os": "ubuntu", "gpu": "h100", "service": "eks"},
        {"gpu": "h10"},
        {"os": "rhel", "gpu": "a100", "service": "aks", "context": true},
        {"service": "gke", "gpu": "l40", "os": "ubuntu", "intent": "training", "strict": "true"},
    ]});
    let reply = post(&app, "/v1/recipes", "application/json", body.to_string()).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("cache-control"), "no-store");
    let items = reply.json()["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), 4);
    let alone = get(&app, "/v1/recipe?os=ubuntu&gpu=h100&service=eks")
        .await
        .json();
    assert_eq!(items[0]["recipe"], alone);
    assert_eq!(items[1]["error"]["code"], "INVALID_REQUEST");
    assert_eq!(items[1]["error"]["requestId"], reply.header("x-request-id"));
    assert!(items[2]["recipe"]["measurements"][0]["subtypes"][0]["context"].is_object());
    assert_eq!(items[3]["error"]["code"], "NO_MATCHING_RULE");
    let yaml = post(
        &app,
        "/v1/recipes?format=yaml",
        "application/yaml",
        "- {gpu: h100}\n",
    )
    .await;
    assert!(yaml.text().starts_with("---\nitems:\n"));
}

#[actix_web::test]
async fn a_batch_has_at_most_256_queries() {
    let app = service(&[]).await;
    let batch = |count: usize| vec![json!({}); count];
    let most = json!(batch(256)).to_string();
    assert_eq!(
        post(&app, "/v1/recipes", "application/json", most)
            .await
            .status,
        200
    );
    let more = json!(batch(257)).to_string();
    let error = post(&app, "/v1/recipes", "application/json", more)
        .await
        .error(400, "INVALID_REQUEST");
    assert!(error["message"].as_str().unwrap().contains("257"));
}
