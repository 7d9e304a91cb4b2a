//! Bodies: what may be posted, with examples.

use serde_json::{Value, json};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, Schema};

use super::inputs::closed;
use crate::model;

/// A query as a document.
pub(super) fn criteria_document() -> Schema {
    closed()
        .property("kind", one_of(&["RecipeCriteria"]))
        .property(
            "apiVersion",
            one_of(&["recipe.dgxc.io/v1", "aicr.nvidia.com/v1alpha1"]),
        )
        .property(
            "metadata",
            ObjectBuilder::new().schema_type(SchemaType::AnyValue),
        )
        .property("spec", Ref::from_schema_name("Query"))
        .required("kind")
        .required("spec")
        .description(Some("A query as a document."))
        .into()
}

/// What was measured on a node, as it is read: more leniently than it is
/// written.
pub(super) fn snapshot_document() -> Schema {
    let or_null = |kind| SchemaType::Array(vec![kind, Type::Null]);
    let scalar = || Ref::from_schema_name("Scalar");
    let subtype = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("subtype", scalar())
        .property(
            "data",
            ObjectBuilder::new()
                .schema_type(or_null(Type::Object))
                .additional_properties(Some(scalar())),
        )
        .required("subtype");
    let measurement = ObjectBuilder::new()
        .schema_type(Type::Object)
        .property(
            "type",
            one_of(&model::MeasurementType::ALL.map(model::MeasurementType::name)),
        )
        .property(
            "subtypes",
            ArrayBuilder::new()
                .schema_type(or_null(Type::Array))
                .items(subtype),
        )
        .required("type");
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("kind", one_of(&["Snapshot"]))
        .property(
            "apiVersion",
            one_of(&["snapshot.dgxc.io/v1", "aicr.nvidia.com/v1alpha1"]),
        )
        .property(
            "metadata",
            ObjectBuilder::new().schema_type(or_null(Type::Object)),
        )
        .property("measurements", ArrayBuilder::new().items(measurement))
        .required("kind")
        .required("apiVersion")
        .required("measurements")
        .description(Some("What was measured on a node."))
        .into()
}

/// A snapshot or a query.
pub(super) fn document_body() -> RequestBody {
    let either: RefOr<Schema> = OneOfBuilder::new()
        .item(Ref::from_schema_name("RecipeCriteria"))
        .item(Ref::from_schema_name("Snapshot"))
        .into();
    let example = json!({
        "kind": "RecipeCriteria",
        "apiVersion": "recipe.dgxc.io/v1",
        "spec": {"service": "eks", "gpu": "h100", "os": "ubuntu", "intent": "training"},
    });
    body(
        "A snapshot of a node, or a query as a document.",
        &either,
        &example,
    )
}

/// A snapshot.
pub(super) fn snapshot_body() -> RequestBody {
    let schema = Ref::from_schema_name("Snapshot").into();
    body(
        "A snapshot of a node.",
        &schema,
        &example_snapshot("570.133.20"),
    )
}

/// Two snapshots.
pub(super) fn drift_body() -> RequestBody {
    let example = json!({
        "baseline": example_snapshot("570.133.20"),
        "current": example_snapshot("570.148.08"),
    });
    let schema = Ref::from_schema_name("DriftRequest").into();
    body("How a node should be, and how it is.", &schema, &example)
}

/// The shape of [`drift_body`].
pub(super) fn drift_document() -> Schema {
    let snapshot = || Ref::from_schema_name("Snapshot");
    closed()
        .property("baseline", snapshot())
        .property("current", snapshot())
        .required("baseline")
        .required("current")
        .description(Some("Two snapshots to compare."))
        .into()
}

fn example_snapshot(driver: &str) -> Value {
    json!({
        "kind": "Snapshot",
        "apiVersion": "snapshot.dgxc.io/v1",
        "measurements": [
            {"type": "OS", "subtypes": [
                {"subtype": "release", "data": {"ID": "ubuntu", "VERSION_ID": "24.04"}},
            ]},
            {"type": "GPU", "subtypes": [
                {"subtype": "smi", "data": {"driver": driver, "gpu.model": "NVIDIA H100 80GB HBM3"}},
            ]},
        ],
    })
}

/// Several queries.
pub(super) fn batch_body() -> RequestBody {
    let example = json!({"queries": [
        {"os": "ubuntu", "gpu": "h100", "service": "eks"},
        {"os": "ubuntu", "gpu": "gb200", "service": "gke"},
    ]});
    let schema = Ref::from_schema_name("BatchRequest").into();
    body("Queries, at most 256.", &schema, &example)
}

fn body(description: &str, schema: &RefOr<Schema>, example: &Value) -> RequestBody {
    [
        "application/json",
        "application/yaml",
        "application/x-yaml",
        "text/yaml",
    ]
    .into_iter()
    .fold(
        RequestBodyBuilder::new()
            .description(Some(description))
            .required(Some(Required::True)),
        |body, content_type| {
            let content = ContentBuilder::new()
                .schema(Some(schema.clone()))
                .example((content_type == "application/json").then(|| example.clone()));
            body.content(content_type, content.build())
        },
    )
    .build()
}

fn one_of(values: &[&'static str]) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values.to_vec()))
}
