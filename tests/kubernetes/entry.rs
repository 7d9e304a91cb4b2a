//! One object, and who owns which of its fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::http::Response;
use super::route::Route;
use super::store::Write;

type FieldPath = Vec<String>;
/// By manager and operation.
type Owners = BTreeMap<(String, &'static str), BTreeSet<FieldPath>>;

#[derive(Debug, Default, Clone)]
pub struct Entry {
    pub object: Value,
    /// Which manager applied or changed which fields.
    pub owners: Owners,
}

/// Create, update and merge: whoever changes a field owns it.
pub fn change(
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
pub fn apply(
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

pub fn managed_fields(owners: &Owners) -> Value {
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
