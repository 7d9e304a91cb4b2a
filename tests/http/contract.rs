//! The committed API description is the one that is served.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use eidos::http::openapi_document;
use eidos::wire::{Format, encode};
use serde_json::Value;

use super::support::{get, service, shipped};

#[test]
fn the_committed_description_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi/eidos.v1.yaml");
    let document = openapi_document(&shipped()).unwrap();
    let text = String::from_utf8(encode(Format::Yaml, &document).unwrap()).unwrap();
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "openapi/eidos.v1.yaml is stale: run the tests with UPDATE_EXPECT=1 and look at the difference"
    );
}

#[actix_web::test]
async fn both_formats_say_the_same() {
    let app = service(&[]).await;
    let json = get(&app, "/openapi.json").await.json();
    let yaml = get(&app, "/openapi.yaml").await;
    let same: Value = serde_saphyr::from_str(yaml.text()).unwrap();
    assert_eq!(same, json);
    assert!(json["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[actix_web::test]
async fn every_route_and_method_is_described() {
    let app = service(&[]).await;
    let described = get(&app, "/openapi.json").await.json();
    let index = get(&app, "/").await.json();
    for route in index["routes"].as_array().unwrap() {
        let path = route["path"].as_str().unwrap();
        if path == "/docs/" {
            continue;
        }
        for method in route["methods"].as_array().unwrap() {
            let method = method.as_str().unwrap().to_lowercase();
            let operation = &described["paths"][path][&method];
            assert!(operation["summary"].is_string(), "{method} {path}");
            assert!(operation["responses"]["200"].is_object(), "{method} {path}");
            assert!(operation["responses"]["500"].is_object(), "{method} {path}");
        }
    }
}

#[actix_web::test]
async fn the_allowed_values_are_those_of_the_vocabulary() {
    let app = service(&[]).await;
    let described = get(&app, "/openapi.json").await.json();
    let rules = get(&app, "/v1/rules").await.json();
    let parameters = described["paths"]["/v1/recipe"]["get"]["parameters"]
        .as_array()
        .unwrap();
    for parameter in rules["parameters"].as_array().unwrap() {
        let found = parameters
            .iter()
            .find(|found| found["name"] == parameter["name"])
            .unwrap();
        let Some(values) = parameter["values"].as_array() else {
            assert!(found["schema"]["pattern"].is_string());
            continue;
        };
        let names: Vec<&Value> = values.iter().map(|value| &value["name"]).collect();
        let described = found["schema"]["enum"].as_array().unwrap().iter();
        let described: Vec<&Value> = described.filter(|value| **value != "").collect();
        assert_eq!(names, described);
    }
}

/// A `$ref` that leads nowhere is what generators and fuzzers fail on.
#[actix_web::test]
async fn every_reference_leads_somewhere() {
    fn collect(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(map) => {
                if let Some(Value::String(target)) = map.get("$ref") {
                    found.insert(target.clone());
                }
                map.values().for_each(|value| collect(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| collect(value, found)),
            _ => {}
        }
    }
    let app = service(&[]).await;
    let described = get(&app, "/openapi.json").await.json();
    let mut references = BTreeSet::new();
    collect(&described, &mut references);
    assert!(references.len() > 10);
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(described.pointer(pointer).is_some(), "{reference}");
    }
}
