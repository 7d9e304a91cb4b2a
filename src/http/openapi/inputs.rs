//! Parameters and bodies: names, allowed values, examples.

use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Type};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, Schema};

use crate::http::parameters::Switch;
use crate::model::{self, EnumParameter, ParameterKind, Vocabulary};

/// Versions as `model::Version` reads them.
const VERSION: &str = r"^\s*[vV]?\d{1,9}(\.\d{1,9}){0,2}([-+][A-Za-z0-9._+~-]{1,64})?\s*$";

/// The parameters of an environment.
pub(super) fn environment(vocabulary: &Vocabulary) -> Vec<Parameter> {
    model::Parameter::ALL
        .into_iter()
        .map(|parameter| {
            let aliases = vocabulary.aliases_of(parameter);
            let mut description = meaning(parameter).to_owned();
            for alias in aliases {
                description.push_str(" Also called `");
                description.push_str(alias);
                description.push_str("`.");
            }
            ParameterBuilder::new()
                .name(parameter.name())
                .parameter_in(ParameterIn::Query)
                .required(Required::False)
                .description(Some(description))
                .schema(Some(schema(parameter, vocabulary)))
                .example(example(parameter))
                .build()
        })
        .collect()
}

const fn meaning(parameter: model::Parameter) -> &'static str {
    match parameter {
        model::Parameter::Os => "Operating system family of the nodes.",
        model::Parameter::Osv => "Version of the operating system.",
        model::Parameter::Kernel => "Version of the kernel, vendor suffix allowed.",
        model::Parameter::Service => "Where Kubernetes runs.",
        model::Parameter::K8s => "Version of Kubernetes.",
        model::Parameter::Gpu => "The accelerator.",
        model::Parameter::Intent => "What the cluster is for.",
    }
}

fn example(parameter: model::Parameter) -> Option<Value> {
    match parameter {
        model::Parameter::Os => Some(json!("ubuntu")),
        model::Parameter::Service => Some(json!("eks")),
        model::Parameter::Gpu => Some(json!("h100")),
        model::Parameter::Intent => Some(json!("training")),
        // Left open in the page's form: a query without versions is the
        // commonest.
        model::Parameter::Osv | model::Parameter::Kernel | model::Parameter::K8s => None,
    }
}

fn schema(parameter: model::Parameter, vocabulary: &Vocabulary) -> Schema {
    let text = ObjectBuilder::new().schema_type(Type::String);
    match parameter.kind() {
        ParameterKind::Enum(choice) => text.enum_values(Some(values(choice, vocabulary))).into(),
        ParameterKind::Version(_) => text.pattern(Some(VERSION)).into(),
    }
}

fn values(parameter: EnumParameter, vocabulary: &Vocabulary) -> Vec<String> {
    let names = vocabulary
        .values_of(parameter)
        .iter()
        .map(|value| value.name.to_string());
    names.chain(["any".to_owned()]).collect()
}

/// What a route takes beside the environment.
pub(super) fn switches(switches: &[Switch]) -> Vec<Parameter> {
    switches.iter().map(|switch| described(*switch)).collect()
}

fn described(switch: Switch) -> Parameter {
    let boolean = || {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(["true", "false", "1", "0"]))
    };
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let (description, schema) = match switch {
        Switch::Context => ("`true` adds the reason beside every value.", boolean()),
        Switch::Explain => (
            "`true` adds which overlay set each value and what nearly applied.",
            boolean(),
        ),
        Switch::Strict => (
            "`true` makes an answer that no rule covers a 404 with the nearest covered combinations.",
            boolean(),
        ),
        Switch::Format => (
            "The format of the answer; wins over `Accept`.",
            text().enum_values(Some(["json", "yaml"])),
        ),
        Switch::Selector => (
            "Type, subtype and key, joined by dots; subtype and key may contain dots.",
            text().pattern(Some(r"^\s*(SystemD|OS|K8s|GPU|NodeTopology)\..+\..+$")),
        ),
    };
    let selector = switch == Switch::Selector;
    ParameterBuilder::new()
        .name(switch.name())
        .parameter_in(ParameterIn::Query)
        .required(if selector {
            Required::True
        } else {
            Required::False
        })
        .description(Some(description))
        .schema(Some(schema))
        .example(selector.then(|| json!("K8s.image.gpu-operator")))
        .build()
}

/// A query as names and values, for `RecipeCriteria`.
pub(super) fn criteria_schema(vocabulary: &Vocabulary) -> Schema {
    let mut query = ObjectBuilder::new().schema_type(Type::Object);
    for parameter in model::Parameter::ALL {
        let text = schema(parameter, vocabulary);
        query = query.property(parameter.name(), text.clone());
        for alias in vocabulary.aliases_of(parameter) {
            query = query.property(alias.to_string(), text.clone());
        }
    }
    query
        .description(Some("An environment; what is left out is `any`."))
        .into()
}

/// A query as a document.
pub(super) fn criteria_document() -> Schema {
    let text = |values: &[&'static str]| {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(values.to_vec()))
    };
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .property("kind", text(&["RecipeCriteria"]))
        .property(
            "apiVersion",
            text(&["recipe.dgxc.io/v1", "aicr.nvidia.com/v1alpha1"]),
        )
        .property("spec", Ref::from_schema_name("Query"))
        .required("kind")
        .required("spec")
        .description(Some("A query as a document."))
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
