//! Many queries in one request, many answers in one response.

use serde::Serialize;

use super::RecipeDocument;
use super::criteria::parameters;
use super::document::read;
use super::encode::Format;
use super::error::ErrorBody;
use super::fault::{DocumentError, Fault, did_you_mean, excerpt};
use super::node::{Node, Value, find};

/// The most queries in one request.
pub const BATCH_LIMIT: usize = 256;

/// The queries of one request, parameters with their texts as given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchRequest {
    /// In the order in which they are answered.
    pub queries: Vec<Vec<(String, String)>>,
}

/// Reads `{"queries": [{…}, …]}` or the bare list.
///
/// # Errors
/// Says what cannot be read, where it stands and what to do about it.
pub fn read_batch(bytes: &[u8], format: Format) -> Result<BatchRequest, DocumentError> {
    read(bytes, format, batch)
}

fn batch(root: &Node<'_>) -> Result<BatchRequest, Fault> {
    let list = match &root.value {
        Value::Map(entries) => {
            if let Some(stranger) = entries.iter().find(|entry| entry.name != "queries") {
                let given = excerpt(&stranger.name);
                let fault = Fault::new(stranger.at, format!("{given} is not part of a batch"));
                return Err(match did_you_mean(&stranger.name, ["queries"]) {
                    Some(hint) => fault.hint(hint),
                    None => fault.hint("one query is `{\"queries\":[{\"os\":\"ubuntu\"}]}`"),
                });
            }
            find(entries, "queries").ok_or_else(|| Fault::whole("`queries` is missing"))?
        }
        _ => root,
    };
    let items = list.list("`queries`")?;
    if items.len() > BATCH_LIMIT {
        let message = format!(
            "{} queries are more than the {BATCH_LIMIT} allowed",
            items.len()
        );
        return Err(Fault::new(list.at, message).hint("split them over several requests"));
    }
    let query =
        |(position, item): (usize, &Node<'_>)| parameters(item, &format!("query {position}"));
    Ok(BatchRequest {
        queries: items
            .iter()
            .enumerate()
            .map(query)
            .collect::<Result<_, _>>()?,
    })
}

/// The answers to a batch, in the order of its queries.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct BatchAnswer<'a> {
    /// One element a query.
    pub items: Vec<BatchItem<'a>>,
}

/// The answer to one query of a batch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub enum BatchItem<'a> {
    /// As the query alone would have been answered.
    Recipe(RecipeDocument<'a>),
    /// Why this query alone would have failed.
    Error(ErrorBody),
}

/// The shape of a request, for the API description: reading is more lenient
/// about types and stricter about names than a derived reader could say.
#[cfg(feature = "server")]
impl utoipa::PartialSchema for BatchRequest {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{
            AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, Type,
        };
        let query = ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(utoipa::openapi::Ref::from_schema_name("Scalar")));
        let queries = ArrayBuilder::new()
            .items(query)
            .max_items(Some(BATCH_LIMIT))
            .build();
        let named = ObjectBuilder::new()
            .property("queries", queries.clone())
            .required("queries")
            .additional_properties(Some(AdditionalProperties::FreeForm(false)));
        OneOfBuilder::new()
            .item(named)
            .item(queries)
            .description(Some(
                "Queries by parameter name, at most 256, named or as a bare list.",
            ))
            .into()
    }
}

#[cfg(feature = "server")]
impl utoipa::ToSchema for BatchRequest {}

#[cfg(test)]
mod tests {
    use super::{BATCH_LIMIT, read_batch};
    use crate::wire::Format;

    fn check(text: &str, expected: &[&[(&str, &str)]]) {
        for format in [Format::Json, Format::Yaml] {
            let batch = read_batch(text.as_bytes(), format).unwrap();
            let owned = |query: &&[(&str, &str)]| {
                query
                    .iter()
                    .map(|(name, text)| ((*name).into(), (*text).into()))
                    .collect()
            };
            let expected: Vec<Vec<(String, String)>> = expected.iter().map(owned).collect();
            assert_eq!(batch.queries, expected, "{text}");
        }
    }

    fn refuse(text: &str, message: &str) {
        for format in [Format::Json, Format::Yaml] {
            let error = read_batch(text.as_bytes(), format).unwrap_err().to_string();
            assert!(error.contains(message), "{text}: {error}");
        }
    }

    #[test]
    fn a_batch_is_named_or_bare() {
        let queries: &[&[(&str, &str)]] = &[&[("os", "ubuntu"), ("k8s", "1.30")], &[]];
        check(
            r#"{"queries": [{"os": "ubuntu", "k8s": 1.30}, {}]}"#,
            queries,
        );
        check(r#"[{"os": "ubuntu", "k8s": "1.30"}, {}]"#, queries);
        check("[]", &[]);
    }

    #[test]
    fn what_is_no_batch_is_named() {
        refuse(r#"{"querys": []}"#, "did you mean `queries`?");
        refuse("{}", "`queries` is missing");
        refuse("1", "`queries` must be a list, not a single value");
        refuse(r#"[["os"]]"#, "query 0 must be a map");
        refuse(
            r#"[{"os": {"a": 1}}]"#,
            "`os` must be a text, number or boolean, not a map",
        );
        refuse(r#"[{"os": null}]"#, "not null");
        refuse(r#"[{"os": "a", "os": "b"}]"#, "`os` is given twice");
        let many = format!("[{}]", vec!["{}"; BATCH_LIMIT + 1].join(","));
        refuse(&many, "257 queries are more than the 256 allowed");
    }
}
