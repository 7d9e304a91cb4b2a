//! The API description (`OpenAPI` 3.1), made from the same types that answer and
//! the same vocabulary that is being served.

mod answers;
mod bodies;
mod inputs;
mod operations;

use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Paths, RefOr, Schema,
    ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};

use crate::rules::RuleBase;
use crate::wire::{
    BatchAnswer, BatchRequest, DriftDocument, EncodeError, ErrorBody, IndexDocument, QueryDocument,
    RecipeDocument, RulesDocument, ScalarDocument, StatusDocument, ValidationDocument,
};

const DESCRIPTION: &str = "Known-good configuration for GPU Kubernetes clusters: which driver, \
operators, kernel arguments and images go together, for one environment, from rules with sources.\n\n\
The same query on the same rule base gives the same bytes. Every error has one shape, `Error`.";

/// In the order in which a reader needs them.
const TAGS: [(&str, &str); 5] = [
    ("recipes", "What an environment should run."),
    ("nodes", "How far a node is from where it should be."),
    ("rules", "What answers are made of."),
    ("service", "What the service says about itself."),
    ("head", "The headers of each GET, without its body."),
];

/// The description of the service that answers from `rules`.
///
/// # Errors
/// Only when an example cannot be written.
pub fn document(rules: &RuleBase) -> Result<OpenApi, EncodeError> {
    let mut paths = Paths::new();
    for (path, methods, operation) in operations::all(rules)? {
        for method in methods {
            let operation = operations::for_method(&operation, &method);
            paths.add_path_operation(path, vec![method], operation);
        }
    }
    let license = LicenseBuilder::new()
        .name("Apache-2.0")
        .identifier(Some("Apache-2.0"))
        .build();
    let info = InfoBuilder::new()
        .title("Eidos")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(license))
        .contact(Some(ContactBuilder::new().name(Some("Eidos")).build()))
        .build();
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "An API key; only where the service is configured to ask for one.",
        ))
        .build();
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas())
        .schema("Query", inputs::criteria_schema(rules.vocabulary()))
        .schema("RecipeCriteria", bodies::criteria_document())
        .schema("Snapshot", bodies::snapshot_document())
        .schema("DriftRequest", bodies::drift_document())
        .security_scheme("bearer", SecurityScheme::Http(bearer));
    // Where the description was read from, also below an ingress path.
    let here = ServerBuilder::new()
        .url(".")
        .description(Some("this server"))
        .build();
    Ok(OpenApiBuilder::new()
        .info(info)
        .servers(Some([here]))
        .paths(paths)
        .components(Some(components.build()))
        .tags(Some(TAGS.map(|(name, description)| {
            TagBuilder::new()
                .name(name)
                .description(Some(description))
                .build()
        })))
        .build())
}

/// Every schema that answers and bodies refer to, by name.
fn schemas() -> Vec<(String, RefOr<Schema>)> {
    fn add<T: ToSchema>(found: &mut Vec<(String, RefOr<Schema>)>) {
        found.push((T::name().into_owned(), <T as PartialSchema>::schema()));
        T::schemas(found);
    }
    let mut found = Vec::new();
    add::<RecipeDocument<'static>>(&mut found);
    add::<QueryDocument<'static>>(&mut found);
    add::<BatchRequest>(&mut found);
    add::<BatchAnswer<'static>>(&mut found);
    add::<RulesDocument<'static>>(&mut found);
    add::<ValidationDocument<'static>>(&mut found);
    add::<DriftDocument<'static>>(&mut found);
    add::<IndexDocument<'static>>(&mut found);
    add::<StatusDocument>(&mut found);
    add::<ErrorBody>(&mut found);
    add::<ScalarDocument<'static>>(&mut found);
    found
}
