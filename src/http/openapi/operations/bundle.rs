//! Bundles of a query and of a posted recipe.

use utoipa::openapi::path::{HttpMethod, OperationBuilder};

use super::{Described, OF_BODIES, READ, answered, keyed};
use crate::http::openapi::{answers, bodies, inputs};
use crate::http::parameters::BUNDLE_SWITCHES;
use crate::http::routes::bundle::SWITCHES;
use crate::metrics::Route;
use crate::rules::RuleBase;
use crate::wire::ErrorCode;

pub(super) fn both(rules: &RuleBase) -> [Described; 2] {
    [of_a_query(rules), of_a_recipe()]
}

fn of_a_query(rules: &RuleBase) -> Described {
    let success = answers::archive("The bundle.", answers::KEPT);
    let operation = OperationBuilder::new()
        .tag("bundles")
        .operation_id(Some("getBundle"))
        .summary(Some("The files that bring a recipe to a cluster"))
        .description(Some(
            "A zip with one folder an operator: Helm values, manifests, an installer, the recipe \
             and checksums. The same query on the same rule base gives the same bytes.",
        ))
        .parameters(Some(inputs::environment(rules.vocabulary())))
        .parameters(Some(inputs::switches(&SWITCHES)))
        .parameters(Some(inputs::switches(&BUNDLE_SWITCHES)))
        .responses(answered(
            success,
            true,
            &[ErrorCode::NoMatchingRule, ErrorCode::NotAcceptable],
        ));
    (Route::Bundle.pattern(), READ.to_vec(), keyed(operation))
}

fn of_a_recipe() -> Described {
    let success = answers::archive("The bundle.", answers::FRESH);
    let errors = [&[ErrorCode::NotAcceptable][..], &OF_BODIES].concat();
    let operation = OperationBuilder::new()
        .tag("bundles")
        .operation_id(Some("postBundle"))
        .summary(Some("The files that bring a posted recipe to a cluster"))
        .description(Some(
            "The recipe is bundled as it is, also one of an older rule base.",
        ))
        .parameters(Some(inputs::switches(&BUNDLE_SWITCHES)))
        .request_body(Some(bodies::recipe_body()))
        .responses(answered(success, false, &errors));
    (
        Route::Bundle.pattern(),
        vec![HttpMethod::Post],
        keyed(operation),
    )
}
