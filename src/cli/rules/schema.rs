//! `eidos rules schema`.

use serde_json::{Value, json};

use crate::cli::exit::{Exit, Failure};
use crate::cli::output;
use crate::model::{Comparison, Severity};

pub(super) fn run() -> Result<Exit, Failure> {
    let text = serde_json::to_string_pretty(&schema()).map_err(crate::wire::EncodeError::from)?;
    output::print(&format!("{text}\n"))?;
    Ok(Exit::Done)
}

#[allow(clippy::too_many_lines, reason = "one document, easier to read whole")]
/// The shape of rule files, JSON Schema 2020-12: what an editor can know
/// without the other files.
pub(super) fn schema() -> Value {
    let texts = json!({"oneOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}},
    ]});
    let scalar = json!({"type": ["string", "number", "boolean"]});
    let version_key = json!({"type": ["string", "number"], "description": "A version or a range, such as \">=1.30 <1.34\"."});
    let conditions = json!({
        "type": "object",
        "minProperties": 1,
        "additionalProperties": scalar,
        "description": "Conditions by parameter or by path of a value; `||` separates alternatives.",
    });
    let parameter = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "aliases": texts,
            "from": texts,
            "constrained-by": texts,
            "values": {"type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["name"],
                "properties": {
                    "name": {"type": "string", "pattern": "^[a-z0-9.-]+$"},
                    "aliases": texts,
                    "reveal": texts,
                },
            }},
        },
    });
    let rows = |word: &str, names: &[&str]| {
        json!({"type": "array", "items": {
            "type": "object",
            "additionalProperties": false,
            "required": [word],
            "properties": {word: {"enum": names}, "paths": texts},
        }})
    };
    let names = ["os", "osv", "kernel", "service", "k8s", "gpu", "intent"];
    let parameters: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| ((*name).to_owned(), parameter.clone()))
        .collect();
    let key: serde_json::Map<String, Value> = names
        .iter()
        .map(|name| {
            let version = matches!(*name, "osv" | "kernel" | "k8s");
            let value = if version {
                version_key.clone()
            } else {
                json!({"type": "string"})
            };
            ((*name).to_owned(), value)
        })
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Eidos rule file",
        "type": "object",
        "additionalProperties": false,
        "minProperties": 1,
        "properties": {
            "rules": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "version": {"type": "string"},
                    "released": {"type": "string", "pattern": "^[0-9-]{10}T[0-9:]{8}(\\.[0-9]+)?Z$"},
                },
            },
            "parameters": {"type": "object", "additionalProperties": false, "properties": parameters},
            "sources": {"type": "object", "additionalProperties": {
                "type": "object",
                "additionalProperties": false,
                "required": ["title", "where"],
                "properties": {
                    "title": {"type": "string"},
                    "where": {"type": "string"},
                    "date": {"type": "string"},
                },
            }},
            "base": {"oneOf": [{"$ref": "#/$defs/types"}, {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "source": texts,
                    "constraints": {"$ref": "#/$defs/constraints"},
                    "types": {"$ref": "#/$defs/types"},
                },
            }]},
            "overlays": {"type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["key"],
                "properties": {
                    "name": {"type": "string", "pattern": "^[a-z0-9.-]+$"},
                    "key": {"type": "object", "minProperties": 1, "additionalProperties": false, "properties": key},
                    "priority": {"type": "integer"},
                    "source": texts,
                    "constraints": {"$ref": "#/$defs/constraints"},
                    "types": {"$ref": "#/$defs/types"},
                },
            }},
            "advisories": {"type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["id", "severity", "when", "message", "remedy"],
                "properties": {
                    "id": {"type": "string"},
                    "severity": {"enum": ["info", "warning", "error"]},
                    "when": conditions,
                    "requires": conditions,
                    "message": {"type": "string"},
                    "remedy": {"type": "string"},
                    "source": texts,
                },
            }},
            "coverage": {"type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["level"],
                "properties": {
                    "service": texts,
                    "gpu": texts,
                    "os": texts,
                    "intent": texts,
                    "level": {"enum": ["validated", "composed", "base", "unsupported"]},
                    "source": texts,
                },
            }},
            "compare": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "modes": rows("mode", &Comparison::ALL.map(Comparison::name)),
                    "severities": rows("severity", &Severity::ALL.map(Severity::name)),
                    "noise": {"type": "array", "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["reason"],
                        "properties": {"reason": {"type": "string"}, "paths": texts},
                    }},
                },
            },
            "tests": {"type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["query"],
                "properties": {
                    "name": {"type": "string"},
                    "query": {"type": "object", "additionalProperties": scalar},
                    "values": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
                    "constraints": {"type": "object", "additionalProperties": {"type": "string"}},
                    "overlays": texts,
                    "advisories": texts,
                    "without": texts,
                    "coverage": {"enum": ["validated", "composed", "base", "unsupported"]},
                },
            }},
        },
        "$defs": {
            "constraints": {"type": "object", "additionalProperties": {"oneOf": [
                {"type": ["string", "number"]},
                {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["value"],
                    "properties": {"value": {"type": ["string", "number"]}, "source": texts},
                },
            ]}},
            "types": {"type": "array", "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["type", "subtypes"],
                "properties": {
                    "type": {"enum": ["SystemD", "OS", "K8s", "GPU", "NodeTopology"]},
                    "subtypes": {"type": "array", "items": {
                        "type": "object",
                        "additionalProperties": false,
                        "required": ["subtype", "data"],
                        "properties": {
                            "subtype": {"type": "string"},
                            "data": {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
                            "context": {"type": "object", "additionalProperties": {"type": "string"}},
                            "source": {"oneOf": [
                                {"type": "string"},
                                {"type": "array", "items": {"type": "string"}},
                                {"type": "object", "additionalProperties": texts},
                            ]},
                        },
                    }},
                },
            }},
        },
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    #[test]
    fn the_committed_schema_is_current() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes/rules.schema.json");
        let text = format!(
            "{}\n",
            serde_json::to_string_pretty(&super::schema()).unwrap()
        );
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            committed == text,
            "recipes/rules.schema.json is stale: run `make expect`"
        );
    }
}
