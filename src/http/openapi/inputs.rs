//! Parameters: names, allowed values, examples.

use serde_json::{Value, json};
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{
    AdditionalProperties, ObjectBuilder, OneOfBuilder, SchemaType, Type,
};
use utoipa::openapi::{Required, Schema};

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
pub(super) fn closed() -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}
