//! From requests to answers.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader, Read};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::route::{self, Route};
use super::store::{Store, Write, not_found};
use super::{Fault, Shared, Trap, watch};

/// Verb and plural.
type Denied = BTreeSet<(String, String)>;

#[derive(Default)]
pub struct Server {
    pub store: Store,
    pub requests: Shared<Vec<Request>>,
    pub faults: Shared<Vec<Fault>>,
    pub trap: Shared<Option<Trap>>,
    /// Whether connections are cut.
    pub down: AtomicBool,
    accounts: Shared<BTreeMap<String, Denied>>,
}

impl Server {
    pub fn allow(&self, token: &str) {
        let mut accounts = self.accounts.lock().unwrap();
        accounts.entry(token.to_owned()).or_default();
    }

    pub fn deny(&self, token: &str, verb: &str, plural: &str) {
        let mut accounts = self.accounts.lock().unwrap();
        let denied = accounts.entry(token.to_owned()).or_default();
        denied.insert((verb.to_owned(), plural.to_owned()));
    }

    /// Answers one connection until it is closed.
    pub fn serve(&self, stream: impl Read + io::Write) -> io::Result<()> {
        let mut stream = BufReader::new(stream);
        while let Some(request) = Request::read(&mut stream)? {
            if self.down.load(Ordering::SeqCst) {
                return Ok(());
            }
            let count = {
                let mut requests = self.requests.lock().unwrap();
                requests.push(request.clone());
                requests.len()
            };
            if let Some(trap) = self.sprung(count) {
                if trap.after {
                    let _ = self.answer(&request);
                }
                trap.sprung.send(()).unwrap();
                // Until whoever asked is gone; it never learns what came of it.
                return stream.read(&mut [0]).map(drop);
            }
            let out = stream.get_mut();
            let ordered = self.ordered(&request).map(Reply::Whole);
            match ordered.map_or_else(|| self.answer(&request), Ok) {
                Ok(Reply::Watch(route)) => {
                    return watch::stream(&self.store, &self.down, &request, &route, out);
                }
                Ok(Reply::Whole(response)) | Err(response) => response.write(out)?,
            }
        }
        Ok(())
    }

    /// The trap, if this request is the one that springs it.
    fn sprung(&self, count: usize) -> Option<Trap> {
        let mut trap = self.trap.lock().unwrap();
        trap.take_if(|trap| count >= trap.request)
    }

    /// An answer that a test ordered.
    fn ordered(&self, request: &Request) -> Option<Response> {
        let query: Vec<String> = request
            .query
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let line = format!("{} {}?{}", request.method, request.path, query.join("&"));
        let mut faults = self.faults.lock().unwrap();
        let fault = faults
            .iter_mut()
            .find(|fault| fault.times > 0 && line.contains(&fault.when))?;
        fault.times -= 1;
        let mut response = Response::failure(fault.status, "Ordered", "as the test ordered");
        if !fault.body.is_empty() {
            response.body = fault.body.clone().into_bytes();
        }
        response.retry_after = fault.retry_after;
        Some(response)
    }

    fn answer(&self, request: &Request) -> Result<Reply, Response> {
        let accounts = self.accounts.lock().unwrap();
        let Some(denied) = accounts.get(request.token()).cloned() else {
            return Err(Response::failure(401, "Unauthorized", "Unauthorized"));
        };
        drop(accounts);
        if request.path == "/version" {
            return Ok(Reply::Whole(Response::ok(&json!({
                "major": "1", "minor": "30", "gitVersion": "v1.30.14-eks-3025e55",
                "goVersion": "go1.24.9", "platform": "linux/amd64",
            }))));
        }
        let Some(route) = route::parse(&request.path) else {
            return Err(Response::failure(404, "NotFound", "404 page not found"));
        };
        let verb = verb(request, &route);
        if denied.contains(&(verb.to_owned(), route.plural.clone())) {
            let resource = route.resource();
            let message = format!("{resource} is forbidden: User \"test\" cannot {verb} it");
            return Err(Response::failure(403, "Forbidden", &message));
        }
        let whole = |object: Value| Ok(Reply::Whole(Response::ok(&object)));
        match verb {
            "watch" => Ok(Reply::Watch(route)),
            "list" => whole(self.list(request, &route)?),
            "get" => whole(self.store.get(&route).ok_or_else(|| not_found(&route))?),
            "delete" => {
                let options = request.object().unwrap_or_default();
                whole(self.store.delete(&route, &options)?)
            }
            _ => {
                let object = self.write(request, &route, verb)?;
                let status = if verb == "create" { 201 } else { 200 };
                Ok(Reply::Whole(Response::with(status, &object)))
            }
        }
    }

    fn write(&self, request: &Request, route: &Route, verb: &str) -> Result<Value, Response> {
        let media_type = request.header("content-type");
        let media_type = media_type.split(';').next().unwrap_or_default();
        let how = match (verb, media_type) {
            ("create", _) => Write::Create,
            ("update", _) => Write::Update,
            (_, "application/merge-patch+json" | "application/strategic-merge-patch+json") => {
                Write::Merge
            }
            (_, "application/apply-patch+yaml") => Write::Apply {
                force: request.parameter("force") == "true",
            },
            (_, other) => {
                let message = format!("{other} is not supported");
                return Err(Response::failure(415, "UnsupportedMediaType", &message));
            }
        };
        let manager = match request.parameter("fieldManager") {
            "" if matches!(how, Write::Apply { .. }) => {
                let message = "fieldManager: Required value: is required for apply patch";
                return Err(Response::failure(422, "Invalid", message));
            }
            "" => request
                .header("user-agent")
                .split('/')
                .next()
                .unwrap_or_default(),
            manager => manager,
        };
        let mut object = request
            .object()
            .ok_or_else(|| Response::failure(400, "BadRequest", "the body cannot be read"))?;
        if let Some(prefix) = object["metadata"]["generateName"].as_str()
            && object["metadata"]["name"].is_null()
        {
            let name = format!("{prefix}{:05}", self.store.lock().revision);
            object["metadata"]["name"] = json!(name);
        }
        self.store.write(route, how, manager, object)
    }

    fn list(&self, request: &Request, route: &Route) -> Result<Value, Response> {
        let content = self.store.lock();
        let wanted = |object: &Value| watch::selected(request, object);
        let mut revision = content.revision;
        let mut after = String::new();
        if let Some((seen, name)) = request.parameter("continue").split_once(' ') {
            revision = seen.parse().unwrap_or(0);
            name.clone_into(&mut after);
            if revision < content.compacted {
                let message = "The provided continue parameter is too old";
                return Err(Response::failure(410, "Expired", message));
            }
        }
        let mut items = content.list(route, &wanted);
        drop(content);
        items.retain(|(name, _)| *name > after);
        let limit = request.parameter("limit").parse().unwrap_or(usize::MAX);
        let rest = items.len().saturating_sub(limit);
        items.truncate(limit);
        let mut metadata = json!({"resourceVersion": revision.to_string()});
        if let (1.., Some((last, _))) = (rest, items.last()) {
            metadata["continue"] = json!(format!("{revision} {last}"));
            metadata["remainingItemCount"] = json!(rest);
        }
        let items: Vec<Value> = items.into_iter().map(|(_, object)| object).collect();
        let kind = items.first().and_then(|item| item["kind"].as_str());
        Ok(json!({
            "kind": format!("{}List", kind.unwrap_or("")), "apiVersion": route.api,
            "metadata": metadata, "items": items,
        }))
    }
}

enum Reply {
    Whole(Response),
    Watch(Route),
}

/// As roles grant it.
fn verb(request: &Request, route: &Route) -> &'static str {
    let watching = matches!(request.parameter("watch"), "true" | "1");
    match (&*request.method, &route.name) {
        ("GET", None) if watching => "watch",
        ("GET", None) => "list",
        ("GET", Some(_)) => "get",
        ("POST", _) => "create",
        ("PUT", _) => "update",
        ("PATCH", _) => "patch",
        _ => "delete",
    }
}
