//! `tests:` entries: a query and what its recipe should say.

use crate::model::CoverageLevel;
use crate::rules::Expectation;
use crate::rules::source::{Body, Node};

use super::fields::Context;

const KEYS: [&str; 8] = [
    "name",
    "query",
    "values",
    "constraints",
    "overlays",
    "advisories",
    "without",
    "coverage",
];

impl Context<'_> {
    pub(super) fn expectation(&mut self, node: &Node<'_>) -> Expectation {
        let mut expectation = Expectation {
            at: self.at(node.at).to_string(),
            ..Expectation::default()
        };
        for (key, at, value) in self.known_entries(node, "a test", &KEYS) {
            match key {
                "name" => {
                    let name = self.filled_text(value, key);
                    expectation.name = name.map(|name| name.text).unwrap_or_default();
                }
                "query" => expectation.query = self.said(value, "`query`"),
                "constraints" => expectation.constraints = self.said(value, "`constraints`"),
                "values" => {
                    for (path, _, value) in self.entries(value, "`values`") {
                        let wanted = if is_null(value) {
                            None
                        } else {
                            self.text(value, "a value").map(|text| text.text)
                        };
                        expectation.values.push((path.to_owned(), wanted));
                    }
                }
                "overlays" => expectation.overlays = self.words(value, "an overlay"),
                "advisories" => expectation.advisories = self.words(value, "an advisory id"),
                "without" => expectation.without = self.words(value, "an advisory id"),
                _ => {
                    let Some(level) = self.filled_text(value, key) else {
                        continue;
                    };
                    let levels = CoverageLevel::ALL.map(CoverageLevel::name);
                    if !levels.contains(&level.text.as_str()) {
                        let message = format!("`{}` is no level of coverage", level.text);
                        let hint = format!("allowed: {}", levels.join(", "));
                        self.report
                            .error_with_hint(self.at(at), "unknown-level", message, hint);
                    }
                    expectation.coverage = Some(level.text);
                }
            }
        }
        expectation
    }

    fn said(&mut self, node: &Node<'_>, what: &str) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        for (name, _, value) in self.entries(node, what) {
            if let Some(text) = self.text(value, "a value") {
                pairs.push((name.to_owned(), text.text));
            }
        }
        pairs
    }

    fn words(&mut self, node: &Node<'_>, what: &str) -> Vec<String> {
        self.texts(node, what)
            .into_iter()
            .map(|text| text.text)
            .collect()
    }
}

fn is_null(node: &Node<'_>) -> bool {
    matches!(&node.body, Body::Scalar { text, plain: true } if matches!(&**text, "null" | "~" | ""))
}
