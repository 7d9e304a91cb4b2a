//! Recipes read back: what `eidos recipe` and the service write, also over an
//! older or a private rule base.
//!
//! Names that are not known are passed over, so that a newer writer does not
//! fail. What a value means for a cluster is decided by whoever uses it.
//! Explanations are not read: they are about rules, not about a cluster.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{
    Advisory, Constraint, Coverage, CoverageLevel, Parameter, Recipe, Selector, Setting, Severity,
    VersionPredicate,
};
use crate::wire::document::{choice, read};
use crate::wire::encode::Format;
use crate::wire::fault::{DocumentError, Fault, excerpt};
use crate::wire::fields::{each, one_of, required, text, texts};
use crate::wire::node::{Entry, Node, find};
use crate::wire::snapshot::{optional_map, read_measurements, two_values};

pub(super) const KIND: &str = "Recipe";
pub(super) const API_VERSION: &str = "recipe.dgxc.io/v1";

/// Reads a recipe. Parts that a writer left out are empty, and a coverage that
/// nobody stated is the least one.
///
/// # Errors
/// Says what cannot be read, where it stands and what to do about it.
pub fn read_recipe(bytes: &[u8], format: Format) -> Result<Recipe, DocumentError> {
    read(bytes, format, recipe)
}

fn recipe(root: &Node<'_>) -> Result<Recipe, Fault> {
    let entries = root.map("the document")?;
    check_kind(entries)?;
    let metadata = optional_map(find(entries, "metadata"), "`metadata`")?;
    let (level, missing) = coverage(entries)?;
    Ok(Recipe {
        version: text(metadata, "recipe-version")?.into(),
        released: match find(metadata, "recipe-timestamp") {
            Some(_) => Some(text(metadata, "recipe-timestamp")?.into()),
            None => None,
        },
        digest: text(metadata, "rules-digest")?.into(),
        overlays: texts(metadata, "appliedOverlays")?,
        matched_rules: texts(entries, "matchedRules")?,
        request: request(entries)?,
        settings: settings(entries)?,
        constraints: each(entries, "constraints", constraint)?,
        coverage: Coverage { level, missing },
        advisories: each(entries, "advisories", advisory)?,
        notes: texts(entries, "notes")?,
    })
}

fn check_kind(entries: &[Entry<'_>]) -> Result<(), Fault> {
    let Some(kind) = find(entries, "kind") else {
        return Err(
            Fault::whole(format!("`kind` is missing; allowed is `{KIND}`"))
                .hint(format!("add `kind: {KIND}` if this is a recipe")),
        );
    };
    choice(kind, "kind", &[KIND]).map_err(|fault| {
        let given = kind.scalar(|| "`kind`".to_owned());
        match given.map(|scalar| &*scalar.text) {
            Ok("Snapshot" | "RecipeCriteria") => {
                fault.hint("`eidos recipe -f FILE` makes a recipe of it")
            }
            _ => fault,
        }
    })?;
    match find(entries, "apiVersion") {
        Some(version) => choice(version, "apiVersion", &[API_VERSION]).map(|_| ()),
        None => {
            let hint = format!("add `apiVersion: {API_VERSION}`");
            Err(Fault::whole("`apiVersion` is missing").hint(hint))
        }
    }
}

/// Parameters by their own names; others are a writer's own business.
fn request(entries: &[Entry<'_>]) -> Result<Vec<(Parameter, String)>, Fault> {
    let given = optional_map(find(entries, "request"), "`request`")?;
    let mut request = Vec::new();
    for parameter in Parameter::ALL {
        let value = text(given, parameter.name())?;
        if !value.is_empty() && value != "any" {
            request.push((parameter, value));
        }
    }
    Ok(request)
}

fn settings(entries: &[Entry<'_>]) -> Result<Vec<Setting>, Fault> {
    let mut found = BTreeMap::new();
    read_measurements(entries, "a recipe", &mut |entry, path, value, context| {
        let context = context.map(Arc::from);
        match found.insert(path.clone(), (value.clone(), context)) {
            Some((known, _)) if known != value => Err(two_values(entry.at, &path)),
            _ => Ok(()),
        }
    })?;
    let setting = |(path, (value, context))| Setting {
        path: Arc::new(path),
        value: Arc::new(value),
        context,
    };
    Ok(found.into_iter().map(setting).collect())
}

fn constraint(node: &Node<'_>) -> Result<Constraint, Fault> {
    let entries = node.map("a constraint")?;
    let path = required(node, entries, "path")?;
    let given = required(node, entries, "value")?;
    Ok(Constraint {
        path: Selector::parse(&path).ok_or_else(|| {
            let path = excerpt(&path);
            Fault::new(node.at, format!("{path} is no path of a constraint"))
                .hint("write type, subtype and key, such as K8s.server.version")
        })?,
        predicate: VersionPredicate::parse(&given)
            .map_err(|error| Fault::new(node.at, format!("{}: {error}", excerpt(&given))))?,
        sources: texts(entries, "source")?,
    })
}

fn coverage(entries: &[Entry<'_>]) -> Result<(CoverageLevel, Vec<Parameter>), Fault> {
    let entries = optional_map(find(entries, "coverage"), "`coverage`")?;
    let level = match find(entries, "level") {
        Some(node) => {
            let name = choice(node, "level", &CoverageLevel::ALL.map(CoverageLevel::name))?;
            let named = |level: &CoverageLevel| level.name() == name;
            CoverageLevel::ALL.into_iter().find(named)
        }
        None => None,
    };
    let missing: Vec<String> = texts(entries, "missing")?;
    let missing = Parameter::ALL
        .into_iter()
        .filter(|parameter| missing.iter().any(|name| name == parameter.name()))
        .collect();
    Ok((level.unwrap_or(CoverageLevel::Base), missing))
}

pub(in crate::wire) fn advisory(node: &Node<'_>) -> Result<Arc<Advisory>, Fault> {
    let entries = node.map("an advisory")?;
    Ok(Arc::new(Advisory {
        id: required(node, entries, "id")?,
        severity: one_of(node, entries, "severity", &Severity::ALL, Severity::name)?,
        message: text(entries, "message")?,
        remedy: text(entries, "remedy")?,
        source: text(entries, "source")?,
    }))
}
