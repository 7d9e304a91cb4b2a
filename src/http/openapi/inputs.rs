//! Parameters and bodies: names, allowed values, examples.

use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::{RequestBody, RequestBodyBuilder};
use utoipa::openapi::schema::{
    AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, SchemaType, Type,
};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Required, Schema};

use crate::http::parameters::Switch;
use crate::model::{self, EnumParameter, ParameterKind, Vocabulary};

/// Versions as `model::Version` reads them, or none. Blanks around them are
/// read too, but not described: clients send a blank as `+`, which here stands
/// for itself.
const VERSION: &str = concat!(
    "^([vV]?[0-9]{1,9}([.][0-9]{1,9}){0,2}([-+][A-Za-z0-9._+~-]{1,64})?",
    "|[aA][nN][yY])?$"
);

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
    // Nothing given is as good as `any`.
    names.chain(["any".to_owned(), String::new()]).collect()
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
            text().pattern(Some("^(SystemD|OS|K8s|GPU|NodeTopology)[.].+[.].+$")),
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
    let description = "An environment; what is left out is `any`. A name may be replaced by its \
        alias, as in query strings.";
    let mut query = closed().description(Some(description));
    for parameter in model::Parameter::ALL {
        query = query.property(parameter.name(), criterion(parameter, vocabulary));
    }
    for switch in [Switch::Context, Switch::Explain, Switch::Strict] {
        query = query.property(switch.name(), flag());
    }
    query.into()
}

/// In YAML nobody quotes `1.33`, which is read as written; a fraction is not
/// described, because JSON writers would send `1.30` as 1.3.
fn criterion(parameter: model::Parameter, vocabulary: &Vocabulary) -> Schema {
    let text = schema(parameter, vocabulary);
    match parameter.kind() {
        ParameterKind::Enum(_) => text,
        ParameterKind::Version(_) => OneOfBuilder::new()
            .item(text)
            .item(
                ObjectBuilder::new()
                    .schema_type(Type::Integer)
                    .minimum(Some(0))
                    .maximum(Some(999_999_999)),
            )
            .into(),
    }
}

fn flag() -> ObjectBuilder {
    let kinds = vec![Type::Boolean, Type::String, Type::Integer];
    let values = [
        json!(true),
        json!(false),
        json!("true"),
        json!("false"),
        json!("1"),
        json!("0"),
        json!(1),
        json!(0),
    ];
    ObjectBuilder::new()
        .schema_type(SchemaType::Array(kinds))
        .enum_values(Some(values))
}

/// An object without further names.
fn closed() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn one_of(values: &[&'static str]) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(values.to_vec()))
}

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
