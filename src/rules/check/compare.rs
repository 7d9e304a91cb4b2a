//! `compare:`: how readings are compared and which ones are noise.

use crate::model::{Comparison, PathPattern, Profile, Severity};
use crate::rules::source::Node;

use super::fields::Context;

impl Context<'_> {
    pub(super) fn compare(&mut self, node: &Node<'_>) -> Profile {
        let mut profile = Profile::default();
        let lists = ["modes", "noise", "severities"];
        for (list, _, value) in self.known_entries(node, "`compare`", &lists) {
            for item in self.items(value, list) {
                match list {
                    "modes" => {
                        let names = Comparison::ALL.map(Comparison::name);
                        let row = self.row(item, "mode", &names, Comparison::from_name);
                        profile.modes.extend(row);
                    }
                    "severities" => {
                        let names = Severity::ALL.map(Severity::name);
                        let row = self.row(item, "severity", &names, Severity::from_name);
                        profile.severities.extend(row);
                    }
                    _ => {
                        let patterns = self.noise(item);
                        profile.noise.extend(patterns);
                    }
                }
            }
        }
        profile
    }

    /// Paths and the one word that holds for them.
    fn row<T: Copy>(
        &mut self,
        node: &Node<'_>,
        what: &str,
        names: &[&str],
        read: impl Fn(&str) -> Option<T>,
    ) -> Vec<(PathPattern, T)> {
        let (mut word, mut paths) = (None, Vec::new());
        for (key, _, value) in self.known_entries(node, "a row", &[what, "paths"]) {
            if key == "paths" {
                paths = self.patterns(value);
            } else {
                word = self.filled_text(value, what);
            }
        }
        let Some(word) = self.required(word, node, "a row", what) else {
            return Vec::new();
        };
        let Some(value) = read(&word.text) else {
            self.unknown(&word, what, names);
            return Vec::new();
        };
        paths.into_iter().map(|path| (path, value)).collect()
    }

    fn noise(&mut self, node: &Node<'_>) -> Vec<PathPattern> {
        let (mut reason, mut paths) = (None, Vec::new());
        for (key, _, value) in self.known_entries(node, "a row", &["reason", "paths"]) {
            if key == "paths" {
                paths = self.patterns(value);
            } else {
                reason = self.filled_text(value, key);
            }
        }
        self.required(reason, node, "a row of noise", "reason");
        paths
    }

    fn patterns(&mut self, node: &Node<'_>) -> Vec<PathPattern> {
        let texts = self.texts(node, "a path").into_iter();
        texts.map(|text| PathPattern::new(&text.text)).collect()
    }
}
