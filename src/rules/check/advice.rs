//! The shape of advisories and coverage rows.

use crate::model::{CoverageLevel, Severity};
use crate::rules::source::Node;

use super::draft::{AdvisoryDraft, CoverageDraft};
use super::fields::{Context, Spanned};

impl Context<'_> {
    pub(super) fn advisory(&mut self, node: &Node<'_>) -> Option<AdvisoryDraft> {
        let allowed = [
            "id", "severity", "when", "requires", "message", "remedy", "source",
        ];
        let (mut id, mut severity, mut message, mut remedy) = (None, None, None, None);
        let (mut when, mut requires, mut sources) = (Vec::new(), Vec::new(), Vec::new());
        for (key, _, value) in self.known_entries(node, "an advisory", &allowed) {
            match key {
                "id" => id = self.filled_text(value, "an id"),
                "severity" => severity = self.severity(value),
                "when" => when = self.pairs(value, "`when`"),
                "requires" => requires = self.pairs(value, "`requires`"),
                "message" => message = self.filled_text(value, "a message"),
                "remedy" => remedy = self.filled_text(value, "a remedy"),
                _ => sources = self.texts(value, "a source id"),
            }
        }
        let id = self.required(id, node, "an advisory", "id");
        let severity = self.required(severity, node, "an advisory", "severity");
        let message = self.required(message, node, "an advisory", "message");
        let remedy = self.required(remedy, node, "an advisory", "remedy");
        if when.is_empty() && requires.is_empty() {
            self.required::<()>(None, node, "an advisory", "when");
        }
        Some(AdvisoryDraft {
            location: self.at(node.at),
            id: id?.text,
            severity: severity?,
            when,
            requires,
            message: message?.text.trim().to_owned(),
            remedy: remedy?.text.trim().to_owned(),
            sources,
        })
    }

    fn severity(&mut self, node: &Node<'_>) -> Option<Severity> {
        let text = self.filled_text(node, "a severity")?;
        let found = Severity::from_name(&text.text);
        if found.is_none() {
            self.unknown(&text, "severity", &Severity::ALL.map(Severity::name));
        }
        found
    }

    pub(super) fn coverage(&mut self, node: &Node<'_>) -> Option<CoverageDraft> {
        let (mut cell, mut level, mut sources) = (Vec::new(), None, Vec::new());
        for (key, at, value) in self.entries(node, "a coverage row") {
            match key {
                "level" => level = self.level(value),
                "source" => sources = self.texts(value, "a source id"),
                _ => {
                    let name = Spanned {
                        text: key.to_owned(),
                        at,
                    };
                    cell.push((name, self.texts(value, "a value")));
                }
            }
        }
        let level = self.required(level, node, "a coverage row", "level")?;
        Some(CoverageDraft {
            location: self.at(node.at),
            cell,
            level,
            sources,
        })
    }

    fn level(&mut self, node: &Node<'_>) -> Option<CoverageLevel> {
        let text = self.filled_text(node, "a level")?;
        let found = CoverageLevel::ALL
            .into_iter()
            .find(|level| level.name() == text.text);
        if found.is_none() {
            self.unknown(
                &text,
                "coverage level",
                &CoverageLevel::ALL.map(CoverageLevel::name),
            );
        }
        found
    }
}
