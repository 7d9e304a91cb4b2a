//! A query as a document: `kind: RecipeCriteria` with parameters under `spec`.
//!
//! Names and values are handed on as given; the caller knows the vocabulary.

use super::fault::{Fault, did_you_mean, excerpt};
use super::node::{Entry, Node, find};

/// What may stand beside `spec`.
const NAMES: [&str; 4] = ["kind", "apiVersion", "metadata", "spec"];

pub(super) fn read(entries: &[Entry<'_>]) -> Result<Vec<(String, String)>, Fault> {
    if let Some(stranger) = entries.iter().find(|entry| !NAMES.contains(&&*entry.name)) {
        let given = excerpt(&stranger.name);
        let fault = Fault::new(
            stranger.at,
            format!("{given} is not part of a RecipeCriteria"),
        );
        return Err(match did_you_mean(&stranger.name, NAMES) {
            Some(hint) => fault.hint(hint),
            None => fault.hint("parameters stand under `spec`"),
        });
    }
    match find(entries, "spec") {
        Some(spec) => parameters(spec, "`spec`"),
        None => Err(Fault::whole("`spec` is missing")
            .hint("parameters stand under `spec`; an empty one, `spec: {}`, asks for the base")),
    }
}

/// Parameter names with their texts as written, so that `k8s: 1.30` asks for
/// 1.30 and not for 1.3.
pub(super) fn parameters(node: &Node<'_>, what: &str) -> Result<Vec<(String, String)>, Fault> {
    let parameter = |entry: &Entry<'_>| {
        let scalar = entry.value.scalar(|| excerpt(&entry.name))?;
        Ok((
            entry.name.clone().into_owned(),
            scalar.text.clone().into_owned(),
        ))
    };
    node.map(what)?.iter().map(parameter).collect()
}
