//! A watch: what happened since a version, and what happens from then on.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::{Request, failure};
use super::route::Route;
use super::store::Store;

/// Sends events until the client goes or its `timeoutSeconds` are over.
pub fn stream(
    store: &Store,
    down: &AtomicBool,
    request: &Request,
    route: &Route,
    out: &mut impl Write,
) -> io::Result<()> {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    out.write_all(head.as_bytes())?;
    let seconds = request.parameter("timeoutSeconds").parse().unwrap_or(300);
    let deadline = Instant::now() + Duration::from_secs(seconds);
    let wanted = |object: &Value| selected(request, object);
    let given = request.parameter("resourceVersion");
    let mut content = store.lock();
    let mut seen = match given.parse().unwrap_or(0) {
        0 => {
            for (_, object) in content.list(route, &wanted) {
                send(out, "ADDED", &object)?;
            }
            content.revision
        }
        revision => revision,
    };
    let mut bookmark = request.parameter("allowWatchBookmarks") == "true";
    loop {
        if down.load(Ordering::SeqCst) {
            return Ok(());
        }
        if seen < content.compacted {
            let gone = failure(410, "Expired", "too old resource version");
            send(out, "ERROR", &gone)?;
            break;
        }
        for event in content.events_after(route, seen) {
            if wanted(&event.object) {
                send(out, event.kind, &event.object)?;
            }
        }
        seen = content.revision;
        if bookmark {
            // The real one knows the kind even where there is no object.
            let at = json!({
                "apiVersion": route.api, "kind": route.plural,
                "metadata": {"resourceVersion": seen.to_string()},
            });
            send(out, "BOOKMARK", &at)?;
            bookmark = false;
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        content = store.changed.wait_timeout(content, left).unwrap().0;
    }
    out.write_all(b"0\r\n\r\n")?;
    out.flush()
}

fn send(out: &mut impl Write, kind: &str, object: &Value) -> io::Result<()> {
    let line = format!("{}\n", json!({"type": kind, "object": object}));
    write!(out, "{:x}\r\n{line}\r\n", line.len())?;
    out.flush()
}

/// Whether an object is one of those that a request selects.
pub fn selected(request: &Request, object: &Value) -> bool {
    let metadata = &object["metadata"];
    let equal = |selector: &str, found: &dyn Fn(&str) -> Value| {
        selector
            .split(',')
            .filter(|term| !term.is_empty())
            .all(|term| match term.split_once('=') {
                Some((name, value)) => found(name) == value.trim_start_matches('='),
                None => !found(term).is_null(),
            })
    };
    let field = |name: &str| match name {
        "metadata.name" => metadata["name"].clone(),
        "metadata.namespace" => metadata["namespace"].clone(),
        "involvedObject.name" => object["involvedObject"]["name"].clone(),
        other => panic!("the test server does not know the field {other}"),
    };
    equal(request.parameter("fieldSelector"), &field)
        && equal(request.parameter("labelSelector"), &|name| {
            metadata["labels"][name].clone()
        })
}
