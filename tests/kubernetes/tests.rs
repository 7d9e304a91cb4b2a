//! That the API server of the tests is one, as far as it goes.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::sync::mpsc;

use serde_json::{Value, json};
use ureq::http::Request;

use super::{Cluster, Fault, TOKEN, Trap};

const MAPS: &str = "/api/v1/namespaces/a/configmaps";
const MERGE: &str = "application/merge-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

struct Client<'a> {
    cluster: &'a Cluster,
    token: &'a str,
}

impl Client<'_> {
    fn send(&self, method: &str, path: &str, kind: &str, body: &Value) -> ureq::Body {
        self.answer(method, path, kind, body).1
    }

    fn answer(&self, method: &str, path: &str, kind: &str, body: &Value) -> (u16, ureq::Body) {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .allow_non_standard_methods(true);
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.cluster.url()))
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", kind)
            .body(serde_json::to_vec(body).unwrap())
            .unwrap();
        let response = config.build().new_agent().run(request).unwrap();
        (response.status().as_u16(), response.into_body())
    }

    fn call(&self, method: &str, path: &str, kind: &str, body: &Value) -> (u16, Value) {
        let (status, mut body) = self.answer(method, path, kind, body);
        let bytes = body.read_to_vec().unwrap();
        (status, serde_json::from_slice(&bytes).unwrap())
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, "", &Value::Null)
    }

    /// The events of a watch, as they come.
    fn watch(&self, query: &str) -> impl Iterator<Item = (String, Value)> {
        let path = format!("{MAPS}?watch=true&{query}");
        let body = self.send("GET", &path, "", &Value::Null);
        BufReader::new(body.into_reader()).lines().map(|line| {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            (
                event["type"].as_str().unwrap().to_owned(),
                event["object"].clone(),
            )
        })
    }
}

fn client(cluster: &Cluster) -> Client<'_> {
    let token = TOKEN;
    Client { cluster, token }
}

fn map(name: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data})
}

#[test]
fn objects_have_versions_and_conflicts() {
    let cluster = Cluster::start();
    let client = client(&cluster);
    let (status, first) = client.call("POST", MAPS, "", &map("m", &json!({"k": "1"})));
    assert_eq!(
        (status, &first["metadata"]["namespace"]),
        (201, &json!("a"))
    );
    let (status, answer) = client.call("POST", MAPS, "", &map("m", &json!({})));
    assert_eq!((status, &answer["reason"]), (409, &json!("AlreadyExists")));

    let path = format!("{MAPS}/m");
    let mut second = first.clone();
    second["data"]["k"] = json!("2");
    let (status, _) = client.call("PUT", &path, "", &second);
    assert_eq!(status, 200);
    let (status, answer) = client.call("PUT", &path, "", &second);
    assert_eq!((status, &answer["reason"]), (409, &json!("Conflict")));
    let (_, merged) = client.call(
        "PATCH",
        &path,
        MERGE,
        &json!({"data": {"k": null, "l": "3"}}),
    );
    assert_eq!(merged["data"], json!({"l": "3"}));
    // What changes nothing makes no version.
    let (_, again) = client.call("PATCH", &path, MERGE, &json!({"data": {"l": "3"}}));
    assert_eq!(merged, again);
    let (status, _) = client.call("PATCH", &path, "application/json-patch+json", &json!([]));
    assert_eq!(status, 415);

    assert_eq!(client.call("DELETE", &path, "", &Value::Null).0, 200);
    assert_eq!(client.get(&path).0, 404);
    let (_, generated) = client.call(
        "POST",
        MAPS,
        "",
        &json!({"metadata": {"generateName": "x-"}}),
    );
    assert!(
        generated["metadata"]["name"]
            .as_str()
            .unwrap()
            .starts_with("x-")
    );
}

#[test]
fn fields_have_owners() {
    let cluster = Cluster::start();
    let client = client(&cluster);
    let apply = |manager: &str, data: Value| {
        let path = format!("{MAPS}/m?fieldManager={manager}");
        client.call("PATCH", &path, APPLY, &map("m", &data))
    };
    assert_eq!(apply("one", json!({"a": "1", "b": "1"})).0, 200);
    // The same value is shared, another one is a conflict, force takes it over.
    assert_eq!(apply("two", json!({"a": "1"})).0, 200);
    let (status, answer) = apply("two", json!({"b": "2"}));
    assert_eq!(status, 409);
    assert!(
        answer["message"]
            .as_str()
            .unwrap()
            .contains("conflict with \"one\": .data.b")
    );
    let (_, forced) = apply("two&force=true", json!({"a": "1", "b": "2"}));
    assert_eq!(forced["data"], json!({"a": "1", "b": "2"}));
    // What is applied no more goes, unless somebody else still wants it.
    let (_, fewer) = apply("two", json!({}));
    assert_eq!(fewer["data"], json!({"a": "1"}));
    let managers = fewer["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!(managers[0]["manager"], "one");
    assert_eq!(managers[0]["fieldsV1"], json!({"f:data": {"f:a": {}}}));
    let missing = client.call("PATCH", &format!("{MAPS}/m"), APPLY, &map("m", &json!({})));
    assert_eq!(missing.0, 422);
}

#[test]
fn status_and_finalizers_are_kept_apart() {
    const JOBS: &str = "/apis/batch/v1/namespaces/a/jobs";
    let cluster = Cluster::start();
    let client = client(&cluster);
    let job = json!({
        "metadata": {"name": "j", "finalizers": ["x/y"]}, "spec": {"a": 1}, "status": {"b": 1},
    });
    let (_, made) = client.call("POST", JOBS, "", &job);
    assert!(made["status"].is_null());
    let path = format!("{JOBS}/j");
    let both = json!({"spec": {"a": 2}, "status": {"b": 2}});
    let (_, patched) = client.call("PATCH", &format!("{path}/status"), MERGE, &both);
    assert_eq!(
        (&patched["spec"]["a"], &patched["status"]["b"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(patched["metadata"]["generation"], 1);
    let (_, patched) = client.call(
        "PATCH",
        &path,
        MERGE,
        &json!({"spec": {"a": 3}, "status": null}),
    );
    assert_eq!(
        (&patched["spec"]["a"], &patched["status"]["b"]),
        (&json!(3), &json!(2))
    );
    assert_eq!(patched["metadata"]["generation"], 2);

    client.call("DELETE", &path, "", &Value::Null);
    assert!(client.get(&path).1["metadata"]["deletionTimestamp"].is_string());
    let done = json!({"metadata": {"finalizers": null}});
    client.call("PATCH", &path, MERGE, &done);
    assert_eq!(client.get(&path).0, 404);
}

#[test]
fn lists_come_in_pages_and_selections() {
    let cluster = Cluster::start();
    let client = client(&cluster);
    for number in 0..5 {
        let mut object = map(&format!("m{number}"), &json!({}));
        object["metadata"]["labels"] = json!({"odd": (number % 2).to_string()});
        cluster.put(MAPS, object.clone());
        cluster.put("/api/v1/namespaces/b/configmaps", object);
    }
    let count = |path: &str| client.get(path).1["items"].as_array().unwrap().len();
    assert_eq!(count(MAPS), 5);
    assert_eq!(count("/api/v1/configmaps"), 10);
    assert_eq!(count(&format!("{MAPS}?labelSelector=odd%3D1")), 2);
    assert_eq!(
        count(&format!("{MAPS}?fieldSelector=metadata.name%3Dm3")),
        1
    );
    let (_, page) = client.get(&format!("{MAPS}?limit=3"));
    assert_eq!(page["metadata"]["remainingItemCount"], 2);
    let next = page["metadata"]["continue"]
        .as_str()
        .unwrap()
        .replace(' ', "%20");
    let rest = format!("{MAPS}?limit=3&continue={next}");
    assert_eq!(count(&rest), 2);
    cluster.compact();
    assert_eq!(client.get(&rest).0, 410);
}

#[test]
fn a_watch_tells_what_happens() {
    let cluster = Cluster::start();
    let client = client(&cluster);
    cluster.put(MAPS, map("old", &json!({})));
    let mut events = client.watch("allowWatchBookmarks=true");
    let mut next = || {
        events
            .next()
            .map(|(kind, object)| (kind, object["metadata"].clone()))
    };
    assert_eq!(next().unwrap().0, "ADDED");
    let (kind, bookmark) = next().unwrap();
    assert_eq!(kind, "BOOKMARK");
    cluster.put(MAPS, map("new", &json!({})));
    cluster.put(MAPS, map("new", &json!({"a": "1"})));
    cluster.put("/api/v1/namespaces/b/configmaps", map("other", &json!({})));
    client.call("DELETE", &format!("{MAPS}/old"), "", &Value::Null);
    for (kind, name) in [("ADDED", "new"), ("MODIFIED", "new"), ("DELETED", "old")] {
        let (found, metadata) = next().unwrap();
        assert_eq!((&*found, &metadata["name"]), (kind, &json!(name)));
    }
    // From a version on, and until the history is gone.
    let since = bookmark["resourceVersion"].as_str().unwrap();
    let query = format!("resourceVersion={since}&timeoutSeconds=0");
    assert_eq!(client.watch(&query).count(), 3);
    cluster.compact();
    let (kind, object) = client.watch(&query).next().unwrap();
    assert_eq!((&*kind, &object["code"]), ("ERROR", &json!(410)));
}

#[test]
fn accounts_and_orders_decide() {
    let cluster = Cluster::start();
    let client = client(&cluster);
    let as_other = || {
        Client {
            cluster: &cluster,
            token: "other",
        }
        .get(MAPS)
        .0
    };
    assert_eq!(as_other(), 401);
    cluster.allow("other");
    assert_eq!(as_other(), 200);
    cluster.deny("other", "list", "configmaps");
    assert_eq!(as_other(), 403);
    let mut fault = Fault::new("GET /version", 503);
    fault.retry_after = Some(1);
    cluster.fault(fault);
    assert_eq!(client.get("/version").0, 503);
    assert_eq!(client.get("/version").0, 200);
    assert_eq!(cluster.requests().len(), 5);
}

#[test]
fn one_identity_is_deleted_and_no_later_one() {
    let cluster = Cluster::start();
    let client = client(&cluster);
    cluster.put(MAPS, map("m", &json!({"k": "1"})));
    let path = format!("{MAPS}/m");
    let uid = cluster.list(MAPS)[0]["metadata"]["uid"].clone();
    let only = |uid: Value| json!({"preconditions": {"uid": uid}});
    assert_eq!(
        client.call("DELETE", &path, "", &only(json!("other"))).0,
        409
    );
    assert!(cluster.merge(&path, json!({"data": {"k": "2"}})));
    assert_eq!(client.call("DELETE", &path, "", &only(uid)).0, 200);
    assert!(!cluster.merge(&path, json!({"data": {"k": "3"}})));
    assert!(!cluster.delete(&path));
}

#[test]
fn connections_are_cut_and_requests_stay_unanswered() {
    let cluster = Cluster::start();
    let client = client(&cluster);
    let mut events = client.watch("allowWatchBookmarks=true");
    assert_eq!(events.next().unwrap().0, "BOOKMARK");
    cluster.down(true);
    assert!(TcpStream::connect(cluster.url().trim_start_matches("http://")).is_ok());
    cluster.down(false);

    let (sprung, trap) = mpsc::channel();
    cluster.trap(Trap {
        request: 2,
        after: true,
        sprung,
    });
    let address = cluster.url();
    let address = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).unwrap();
    let body = map("made", &json!({})).to_string();
    let length = body.len();
    write!(
        stream,
        "POST {MAPS} HTTP/1.1\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    trap.recv().unwrap();
    drop(stream);
    // Carried out, and nobody was told.
    cluster.wait("the object", |cluster| cluster.get(&format!("{MAPS}/made")));
    assert!(!cluster.untrap());
}
