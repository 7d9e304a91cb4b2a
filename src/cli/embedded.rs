//! The rules inside the program.

use super::exit::Failure;
use crate::library;
use crate::rules::{RuleBase, compile};

/// The rules, compiled.
pub(super) fn embedded() -> Result<RuleBase, Failure> {
    let texts = library::embedded();
    let compiled = compile(&texts.files, &texts.defaults, &texts.digest);
    compiled
        .map(|compiled| compiled.rules)
        .map_err(Failure::Broken)
}
