//! One value of a recipe as a document.

use serde::Serialize;

use super::scalar::ScalarDocument;
use crate::model::Setting;

/// The value that a selector names.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "server", schema(as = Value))]
pub struct QueryDocument<'a> {
    /// The value's address.
    #[cfg_attr(feature = "server", schema(example = "K8s.image.gpu-operator"))]
    selector: String,
    /// The value.
    value: ScalarDocument<'a>,
    /// The reason, one sentence; only with `context=true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "server", schema(nullable = false))]
    context: Option<&'a str>,
}

impl<'a> QueryDocument<'a> {
    /// The document of one setting, with its reason when asked.
    #[must_use]
    pub fn new(setting: &'a Setting, context: bool) -> Self {
        Self {
            selector: setting.path.to_string(),
            value: ScalarDocument(&setting.value),
            context: setting.context.as_deref().filter(|_| context),
        }
    }
}
