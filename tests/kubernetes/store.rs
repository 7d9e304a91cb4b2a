//! Objects with their versions and history.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard};

use serde_json::{Value, json};

use super::entry::{Entry, apply, change, managed_fields};
use super::http::Response;
use super::route::Route;

type Answer = Result<Value, Response>;
/// API, plural, namespace, name.
type Key = (String, String, String, String);

/// Something that happened to an object.
#[derive(Debug, Clone)]
pub struct Event {
    pub revision: u64,
    pub kind: &'static str,
    key: Key,
    pub object: Value,
}

#[derive(Debug, Default)]
pub struct Content {
    pub revision: u64,
    /// What is older is forgotten.
    pub compacted: u64,
    entries: BTreeMap<Key, Entry>,
    events: Vec<Event>,
}

#[derive(Debug, Default)]
pub struct Store {
    content: Mutex<Content>,
    pub changed: Condvar,
}

/// How an object is written.
#[derive(Debug, Clone, Copy)]
pub enum Write {
    Create,
    Update,
    Merge,
    Apply {
        force: bool,
    },
    /// As a test orders it.
    Put,
}

impl Store {
    pub fn lock(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap()
    }

    pub fn put(&self, route: &Route, object: Value) {
        self.write(route, Write::Put, "test", object).unwrap();
    }

    pub fn get(&self, route: &Route) -> Option<Value> {
        let content = self.lock();
        let entry = content.entries.get(&key(route, None))?;
        Some(entry.object.clone())
    }

    pub fn compact(&self) {
        let mut content = self.lock();
        content.revision += 1;
        content.compacted = content.revision;
        content.events.clear();
        self.changed.notify_all();
    }

    pub fn write(&self, route: &Route, how: Write, manager: &str, given: Value) -> Answer {
        let mut content = self.lock();
        let object = content.write(route, how, manager, given)?;
        self.changed.notify_all();
        Ok(object)
    }

    /// `given` are the options of the request: of those, the object's identity.
    pub fn delete(&self, route: &Route, given: &Value) -> Answer {
        let mut content = self.lock();
        let key = key(route, None);
        let Some(entry) = content.entries.get(&key) else {
            return Err(not_found(route));
        };
        let mut object = entry.object.clone();
        let uid = &given["preconditions"]["uid"];
        if !uid.is_null() && *uid != object["metadata"]["uid"] {
            let message = "the UID in the precondition does not match the UID in record";
            return Err(Response::failure(409, "Conflict", message));
        }
        if has_finalizers(&object) {
            object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            content.keep(key, object.clone(), "MODIFIED");
        } else {
            content.entries.remove(&key);
            content.keep(key, object.clone(), "DELETED");
        }
        self.changed.notify_all();
        Ok(object)
    }
}

impl Content {
    /// Objects of a route in the order of their names, behind `after`.
    pub fn list(&self, route: &Route, wanted: &dyn Fn(&Value) -> bool) -> Vec<(String, Value)> {
        let of_route = |key: &Key| belongs(key, route);
        self.entries
            .iter()
            .filter(|(key, entry)| of_route(key) && wanted(&entry.object))
            .map(|(key, entry)| (format!("{}/{}", key.2, key.3), entry.object.clone()))
            .collect()
    }

    pub fn events_after(&self, route: &Route, revision: u64) -> Vec<Event> {
        let fits = |event: &&Event| event.revision > revision && belongs(&event.key, route);
        self.events.iter().filter(fits).cloned().collect()
    }

    fn write(&mut self, route: &Route, how: Write, manager: &str, given: Value) -> Answer {
        let Value::Object(_) = given else {
            return Err(Response::failure(
                400,
                "BadRequest",
                "the body is no object",
            ));
        };
        let key = key(route, Some(&given));
        if key.3.is_empty() {
            let message = "metadata.name: Required value";
            return Err(Response::failure(422, "Invalid", message));
        }
        let old = self.entries.get(&key).cloned();
        let entry = match (how, old) {
            (Write::Create, Some(_)) => {
                let message = format!("{} \"{}\" already exists", route.resource(), key.3);
                return Err(Response::failure(409, "AlreadyExists", &message));
            }
            (Write::Update | Write::Merge, None) => return Err(not_found(route)),
            (Write::Apply { force }, old) => {
                apply(old.unwrap_or_default(), route, manager, &given, force)?
            }
            (how, old) => change(old.unwrap_or_default(), route, how, manager, given)?,
        };
        Ok(self.commit(key, entry, how))
    }

    /// Gives a written object its version, if it changed at all.
    fn commit(&mut self, key: Key, mut entry: Entry, how: Write) -> Value {
        let old = self.entries.get(&key).map(|entry| entry.object.clone());
        let revision = self.revision + 1;
        let object = &mut entry.object;
        let before = |field: &str| old.as_ref().map(|old| old[field].clone());
        let metadata = &mut object["metadata"];
        metadata["name"] = json!(key.3);
        if !key.2.is_empty() {
            metadata["namespace"] = json!(key.2);
        }
        let mut created = before("metadata").unwrap_or(Value::Null);
        if created.is_null() && matches!(how, Write::Put) {
            created = metadata.clone();
        }
        for (name, first) in [
            ("uid", json!(format!("uid-{revision}"))),
            ("creationTimestamp", json!(now())),
            ("generation", json!(1)),
            ("resourceVersion", json!("0")),
        ] {
            let known = created.get(name).cloned();
            metadata[name] = known.unwrap_or(first);
        }
        metadata["managedFields"] = managed_fields(&entry.owners);
        if old.as_ref() == Some(&*object) {
            return object.clone();
        }
        if old.is_some() && before("spec") != Some(object["spec"].clone()) {
            let generation = object["metadata"]["generation"].as_u64().unwrap();
            object["metadata"]["generation"] = json!(generation + 1);
        }
        object["metadata"]["resourceVersion"] = json!(revision.to_string());
        let written = object.clone();
        let gone =
            written["metadata"].get("deletionTimestamp").is_some() && !has_finalizers(&written);
        let kind = match (&old, gone) {
            (_, true) => "DELETED",
            (None, _) => "ADDED",
            _ => "MODIFIED",
        };
        if gone {
            self.entries.remove(&key);
        } else {
            self.entries.insert(key.clone(), entry);
        }
        self.keep(key, written.clone(), kind);
        written
    }

    fn keep(&mut self, key: Key, mut object: Value, kind: &'static str) {
        self.revision += 1;
        object["metadata"]["resourceVersion"] = json!(self.revision.to_string());
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.object = object.clone();
        }
        self.events.push(Event {
            revision: self.revision,
            kind,
            key,
            object,
        });
    }
}

/// To the second, as Kubernetes writes it.
pub fn now() -> String {
    let now = jiff::Timestamp::now();
    jiff::Timestamp::from_second(now.as_second())
        .unwrap()
        .to_string()
}

fn key(route: &Route, object: Option<&Value>) -> Key {
    let said = |field: &str| object.and_then(|object| object["metadata"][field].as_str());
    let namespace = route.namespace.as_deref().or(said("namespace"));
    let name = route.name.as_deref().or(said("name"));
    (
        route.api.clone(),
        route.plural.clone(),
        namespace.unwrap_or_default().to_owned(),
        name.unwrap_or_default().to_owned(),
    )
}

fn belongs(key: &Key, route: &Route) -> bool {
    let in_namespace = |namespace: &String| key.2 == *namespace;
    key.0 == route.api && key.1 == route.plural && route.namespace.as_ref().is_none_or(in_namespace)
}

fn has_finalizers(object: &Value) -> bool {
    let finalizers = object["metadata"]["finalizers"].as_array();
    finalizers.is_some_and(|list| !list.is_empty())
}

pub fn not_found(route: &Route) -> Response {
    let name = route.name.as_deref().unwrap_or_default();
    let message = format!("{} \"{name}\" not found", route.resource());
    Response::failure(404, "NotFound", &message)
}
