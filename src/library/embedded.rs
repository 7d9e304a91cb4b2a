//! The rule base inside the binary.

use include_dir::{Dir, include_dir};

use super::{Texts, is_hidden, is_rule_file};
use crate::rules::RuleFile;

static RECIPES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/recipes");

/// The rule base that was built in.
#[must_use]
pub fn embedded() -> Texts {
    Texts::new(files(), Vec::new())
}

pub(super) fn files() -> Vec<RuleFile> {
    let mut found = Vec::new();
    collect(&RECIPES, &mut found);
    found
}

/// The one file that the agent needs: without the others it is 150 KB smaller.
pub(super) fn compare() -> RuleFile {
    RuleFile {
        path: "compare.yaml".to_owned(),
        text: include_str!("../../recipes/compare.yaml").to_owned(),
    }
}

fn collect(folder: &Dir<'_>, found: &mut Vec<RuleFile>) {
    let name_of = |path: &std::path::Path| path.file_name()?.to_str().map(str::to_owned);
    for file in folder.files() {
        if let (Some(path), Some(text)) = (file.path().to_str(), file.contents_utf8())
            && name_of(file.path()).is_some_and(|name| is_rule_file(&name))
        {
            found.push(RuleFile {
                path: path.to_owned(),
                text: text.to_owned(),
            });
        }
    }
    for inner in folder.dirs() {
        if name_of(inner.path()).is_some_and(|name| !is_hidden(&name)) {
            collect(inner, found);
        }
    }
}
