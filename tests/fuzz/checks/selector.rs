//! Selectors and paths: what is read names itself, and finds its value in a recipe.

use eidos::model::{Path, Query, Reading, Selector, Snapshot};
use eidos::rules::{RuleBase, compile};

thread_local! {
    static SHIPPED: RuleBase = {
        let texts = eidos::library::embedded();
        let compiled = compile(&texts.files, &texts.defaults, &texts.digest);
        compiled.expect("the shipped rules compile").rules
    };
}

/// Any text.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Some(selector) = Selector::parse(text) else {
        assert_eq!(Path::parse(text), None, "a path without a selector");
        return;
    };
    assert_eq!(selector.to_string(), text);
    SHIPPED.with(|rules| {
        let recipe = rules.recipe(&Query::default());
        let mut paths = recipe.settings.iter().map(|one| one.path.to_string());
        let found = recipe.get(&selector).map(|one| one.path.to_string());
        assert_eq!(found, paths.find(|path| path == text));
    });
    let Some(path) = Path::parse(text) else {
        return;
    };
    assert!(selector.matches(&path));
    assert_eq!(Selector::from(&path), selector);
    assert_eq!(path.to_string(), text);
    let mut snapshot = Snapshot::default();
    snapshot.readings.insert(path, Reading::Bool(true));
    assert_eq!(snapshot.get(&selector), Some(&Reading::Bool(true)));
}
