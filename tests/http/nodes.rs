//! `/v1/validate` and `/v1/drift`: the same reports as the command line.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::support::{get, post, service};

fn node(driver: &str, kubernetes: &str) -> Value {
    json!({
        "kind": "Snapshot",
        "apiVersion": "snapshot.dgxc.io/v1",
        "measurements": [
            {"type": "K8s", "subtypes": [
                {"subtype": "server", "data": {"version": kubernetes}},
                {"subtype": "node", "data": {"provider": "eks"}},
            ]},
            {"type": "GPU", "subtypes": [
                {"subtype": "smi", "data": {"driver": driver, "gpu.model": "NVIDIA H100 80GB HBM3"}},
            ]},
        ],
    })
}

fn command(arguments: &[&str], files: &[(&str, &Value)]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    for (name, document) in files {
        std::fs::write(folder.path().join(name), document.to_string()).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_eidos"))
        .args(arguments)
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

#[actix_web::test]
async fn a_node_is_validated_as_on_the_command_line() {
    let app = service(&[]).await;
    let node = node("570.124.06", "v1.20.3");
    for format in ["json", "yaml"] {
        let path = format!("/v1/validate?intent=training&format={format}");
        let served = post(&app, &path, "application/json", node.to_string()).await;
        assert_eq!(served.status, 200, "{}", served.text());
        let arguments = [
            "validate",
            "-f",
            "node.json",
            "--intent",
            "training",
            "-t",
            format,
        ];
        assert_eq!(served.body, command(&arguments, &[("node.json", &node)]));
        assert_eq!(served.header("cache-control"), "no-store");
    }
    let metrics = get(&app, "/metrics").await;
    let text = metrics.text();
    assert!(
        text.contains("eidos_validation_results_total{result=\"fail\"} 2"),
        "{text}"
    );
    assert!(
        text.contains("eidos_validation_results_total{result=\"pass\"} 0"),
        "{text}"
    );
}

#[actix_web::test]
async fn drift_is_reported_as_on_the_command_line() {
    let app = service(&[]).await;
    let (before, after) = (node("570.133.20", "v1.32.4"), node("570.148.08", "v1.33.1"));
    let body = json!({"baseline": before, "current": after}).to_string();
    let served = post(&app, "/v1/drift", "application/json", body).await;
    assert_eq!(served.status, 200, "{}", served.text());
    let arguments = ["diff", "before.json", "after.json", "-t", "json"];
    let files = [("before.json", &before), ("after.json", &after)];
    assert_eq!(served.body, command(&arguments, &files));
    let report = served.json();
    let paths: Vec<&Value> = report["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| &change["path"])
        .collect();
    assert_eq!(
        paths,
        [&json!("K8s.server.version"), &json!("GPU.smi.driver")]
    );

    let same = json!({"baseline": before, "current": before}).to_string();
    let served = post(&app, "/v1/drift", "application/json", same).await;
    assert_eq!(served.json()["drifted"], json!(false));
}

#[actix_web::test]
async fn what_is_no_comparison_is_refused_by_name() {
    let app = service(&[]).await;
    let node = node("1", "1.32");
    let check = async |path: &str, body: Value, says: &str| {
        let reply = post(&app, path, "application/json", body.to_string()).await;
        assert_eq!(reply.status, 400, "{}", reply.text());
        let message = reply.json()["message"].to_string();
        assert!(message.contains(says), "{message}");
    };
    check(
        "/v1/drift",
        json!({"baseline": node}),
        "`current` is missing",
    )
    .await;
    check(
        "/v1/drift",
        json!({"baselin": node, "current": node}),
        "did you mean `baseline`?",
    )
    .await;
    check(
        "/v1/drift",
        json!({"baseline": {}, "current": node}),
        "`kind` is missing",
    )
    .await;
    let criteria = json!({"kind": "RecipeCriteria", "spec": {"os": "ubuntu"}});
    check(
        "/v1/validate",
        criteria,
        "is a `RecipeCriteria`, not a `Snapshot`",
    )
    .await;
    check("/v1/validate?gup=h100", node.clone(), "did you mean `gpu`?").await;
    check(
        "/v1/drift?os=ubuntu",
        json!({"baseline": node, "current": node}),
        "`os`",
    )
    .await;
}
