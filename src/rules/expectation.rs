//! Assertions about recipes, written beside the rules: what a query is expected
//! to answer, and how it differs.

use std::collections::BTreeMap;

use crate::model::{Query, Selector};

use super::base::RuleBase;

/// One query and what its recipe should say. What is not named may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// What it is about, in words.
    pub name: String,
    /// `file:line`.
    pub at: String,
    /// Parameter names and values as written.
    pub query: Vec<(String, String)>,
    /// Values by path; `None` where there should be none.
    pub values: Vec<(String, Option<String>)>,
    /// Constraints by path, as text.
    pub constraints: Vec<(String, String)>,
    /// Overlays that should apply.
    pub overlays: Vec<String>,
    /// Advisories that should be given.
    pub advisories: Vec<String>,
    /// Advisories that should not.
    pub without: Vec<String>,
    /// The level of coverage.
    pub coverage: Option<String>,
}

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// A path, `overlay`, `advisory`, `coverage` or `query`.
    pub what: String,
    /// What was expected; empty where nothing was.
    pub expected: String,
    /// What was found; empty where nothing was.
    pub found: String,
}

impl Expectation {
    /// The query, or why it is none.
    ///
    /// # Errors
    /// One sentence for each parameter that cannot be read.
    pub fn question(&self, rules: &RuleBase) -> Result<Query, Vec<String>> {
        let mut query = Query::default();
        let mut wrong = Vec::new();
        for (name, value) in &self.query {
            match rules.vocabulary().parameter(name) {
                Some(parameter) => {
                    if let Err(problem) = query.set(rules.vocabulary(), parameter, value) {
                        wrong.push(format!("{name} `{value}` {}", problem.reason));
                    }
                }
                None => wrong.push(format!("`{name}` is no parameter")),
            }
        }
        if wrong.is_empty() {
            Ok(query)
        } else {
            Err(wrong)
        }
    }

    /// Everything that is not as expected.
    #[must_use]
    pub fn check(&self, rules: &RuleBase) -> Vec<Mismatch> {
        let query = match self.question(rules) {
            Ok(query) => query,
            Err(wrong) => {
                let mismatch = |found| Mismatch {
                    what: "query".to_owned(),
                    expected: String::new(),
                    found,
                };
                return wrong.into_iter().map(mismatch).collect();
            }
        };
        let recipe = rules.recipe(&query);
        let mut found = Vec::new();
        let mut compare = |what: &str, expected: Option<&str>, actual: Option<&str>| {
            if expected != actual {
                found.push(Mismatch {
                    what: what.to_owned(),
                    expected: expected.unwrap_or_default().to_owned(),
                    found: actual.unwrap_or_default().to_owned(),
                });
            }
        };
        for (path, expected) in &self.values {
            let setting = Selector::parse(path).and_then(|selector| recipe.get(&selector));
            let actual = setting.map(|setting| setting.value.text());
            compare(path, expected.as_deref(), actual.as_deref());
        }
        let constraints: BTreeMap<String, String> = recipe
            .constraints
            .iter()
            .map(|found| (found.path.to_string(), found.predicate.to_string()))
            .collect();
        for (path, expected) in &self.constraints {
            let actual = constraints.get(path).map(String::as_str);
            compare(&format!("constraint {path}"), Some(expected), actual);
        }
        for name in &self.overlays {
            let applied = recipe.overlays.iter().any(|found| **found == **name);
            compare("overlay", Some(name), applied.then_some(name));
        }
        let given = |id: &String| recipe.advisories.iter().any(|found| found.id == *id);
        for id in &self.advisories {
            compare("advisory", Some(id), given(id).then_some(id));
        }
        for id in &self.without {
            compare("advisory", None, given(id).then_some(id));
        }
        if let Some(level) = &self.coverage {
            compare("coverage", Some(level), Some(recipe.coverage.level.name()));
        }
        found
    }
}
