//! Objects with their versions, owners of fields, and history.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Condvar, Mutex, MutexGuard};

use serde_json::{Map, Value, json};

use super::http::Response;
use super::route::Route;

type Answer = Result<Value, Response>;
/// API, plural, namespace, name.
type Key = (String, String, String, String);
type FieldPath = Vec<String>;

/// Something that happened to an object.
#[derive(Debug, Clone)]
pub struct Event {
    pub revision: u64,
    pub kind: &'static str,
    key: Key,
    pub object: Value,
}

#[derive(Debug, Default, Clone)]
struct Entry {
    object: Value,
    /// Which manager applied or changed which fields.
    owners: BTreeMap<(String, &'static str), BTreeSet<FieldPath>>,
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

/// Create, update and merge: whoever changes a field owns it.
fn change(
    old: Entry,
    route: &Route,
    how: Write,
    manager: &str,
    mut given: Value,
) -> Result<Entry, Response> {
    let version = &given["metadata"]["resourceVersion"];
    let current = &old.object["metadata"]["resourceVersion"];
    if !version.is_null() && !matches!(how, Write::Put | Write::Create) && version != current {
        let message =
            "the object has been modified; please apply your changes to the latest version";
        return Err(Response::failure(409, "Conflict", message));
    }
    let mut object = match how {
        Write::Merge => {
            let mut merged = old.object.clone();
            merge(&mut merged, &given);
            merged
        }
        _ => given.take(),
    };
    if !matches!(how, Write::Put) {
        keep_apart(&mut object, &old.object, route.status);
    }
    let mut owners = old.owners;
    let before: BTreeMap<FieldPath, Value> = leaves(&old.object).into_iter().collect();
    let changed: BTreeSet<FieldPath> = leaves(&object)
        .into_iter()
        .filter(|(path, value)| before.get(path) != Some(value))
        .map(|(path, _)| path)
        .collect();
    for owned in owners.values_mut() {
        owned.retain(|path| !changed.contains(path));
    }
    let own = owners.entry((manager.to_owned(), "Update")).or_default();
    own.extend(changed);
    Ok(Entry { object, owners })
}

/// `status` is written through its own path, and nothing else is.
fn keep_apart(object: &mut Value, old: &Value, status: bool) {
    let said = object["status"].take();
    if status {
        *object = old.clone();
        object["status"] = said;
    } else {
        object["status"] = old["status"].clone();
    }
    if object["status"].is_null()
        && let Some(fields) = object.as_object_mut()
    {
        fields.remove("status");
    }
}

/// Server-side apply, as the Kubernetes documentation describes it.
fn apply(
    old: Entry,
    route: &Route,
    manager: &str,
    given: &Value,
    force: bool,
) -> Result<Entry, Response> {
    let me = (manager.to_owned(), "Apply");
    let mut applied = given.clone();
    if !route.status
        && let Some(fields) = applied.as_object_mut()
    {
        fields.remove("status");
    }
    let wanted: BTreeMap<FieldPath, Value> = leaves(&applied).into_iter().collect();
    let Entry {
        mut object,
        mut owners,
    } = old;
    let current: BTreeMap<FieldPath, Value> = leaves(&object).into_iter().collect();
    let mut conflicts = Vec::new();
    for (owner, owned) in owners.iter_mut().filter(|(owner, _)| **owner != me) {
        let differs = |path: &&FieldPath| {
            wanted
                .get(*path)
                .is_some_and(|value| current.get(*path) != Some(value))
        };
        let taken: Vec<FieldPath> = owned.iter().filter(differs).cloned().collect();
        for path in taken {
            conflicts.push(format!(
                "conflict with \"{}\": .{}",
                owner.0,
                path.join(".")
            ));
            owned.remove(&path);
        }
    }
    if !conflicts.is_empty() && !force {
        let count = conflicts.len();
        let message = format!(
            "Apply failed with {count} conflict: {}",
            conflicts.join(", ")
        );
        return Err(Response::failure(409, "Conflict", &message));
    }
    // What this manager applied before and does not any more goes, unless
    // somebody else wants it too.
    let before = owners.remove(&me).unwrap_or_default();
    for path in before.iter().filter(|path| !wanted.contains_key(*path)) {
        if !owners.values().any(|owned| owned.contains(path)) {
            remove(&mut object, path);
        }
    }
    merge(&mut object, &applied);
    owners.insert(me, wanted.into_keys().collect());
    owners.retain(|_, owned| !owned.is_empty());
    Ok(Entry { object, owners })
}

/// JSON Merge Patch, RFC 7396.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(fields) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    for (name, value) in fields {
        if value.is_null() {
            target.as_object_mut().unwrap().remove(name);
        } else {
            merge(&mut target[name], value);
        }
    }
}

fn remove(object: &mut Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else {
        return;
    };
    let mut parent = object;
    for part in parents {
        match parent.get_mut(part) {
            Some(next) => parent = next,
            None => return,
        }
    }
    if let Some(fields) = parent.as_object_mut() {
        fields.remove(last);
    }
}

/// Every field that can be owned, with its value; lists are one field.
fn leaves(object: &Value) -> Vec<(FieldPath, Value)> {
    fn walk(value: &Value, path: &FieldPath, found: &mut Vec<(FieldPath, Value)>) {
        match value {
            Value::Object(fields) if !fields.is_empty() => {
                for (name, value) in fields {
                    let mut path = path.clone();
                    path.push(name.clone());
                    walk(value, &path, found);
                }
            }
            other => found.push((path.clone(), other.clone())),
        }
    }
    let mut found = Vec::new();
    for (name, value) in object.as_object().into_iter().flatten() {
        match &**name {
            "apiVersion" | "kind" => {}
            "metadata" => {
                for owned in ["labels", "annotations", "finalizers", "ownerReferences"] {
                    if let Some(value) = value.get(owned) {
                        walk(value, &vec![name.clone(), owned.to_owned()], &mut found);
                    }
                }
            }
            _ => walk(value, &vec![name.clone()], &mut found),
        }
    }
    found
}

fn managed_fields(owners: &BTreeMap<(String, &'static str), BTreeSet<FieldPath>>) -> Value {
    let managers = owners.iter().filter(|(_, paths)| !paths.is_empty());
    let entry = |((manager, operation), paths): (&(String, &str), &BTreeSet<FieldPath>)| {
        let mut fields = json!({});
        for path in paths {
            let mut place = &mut fields;
            for part in path {
                let name = format!("f:{part}");
                if place.get(&name).is_none() {
                    place[&name] = json!({});
                }
                place = &mut place[&name];
            }
        }
        json!({
            "manager": manager, "operation": operation,
            "fieldsType": "FieldsV1", "fieldsV1": fields,
        })
    };
    managers.map(entry).collect()
}
