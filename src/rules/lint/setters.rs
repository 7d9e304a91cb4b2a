//! Who sets each path, and what stands before and after it.

use std::collections::BTreeMap;

use crate::rules::base::{Entry, Layer, RuleBase};
use crate::rules::diagnostic::Location;
use crate::rules::space::Region;

/// One value that a layer sets or removes.
pub(super) struct Setter<'r> {
    pub(super) layer: &'r Layer,
    pub(super) entry: &'r Entry,
    /// The queries that the layer speaks to.
    pub(super) region: Region,
}

impl Setter<'_> {
    /// The line that sets the value.
    pub(super) fn location(&self) -> Location {
        let mut location = self.layer.location.clone();
        location.at.line = self.entry.line;
        location
    }
}

/// Who sets each slot, from the least to the most specific.
pub(super) type Setters<'r> = BTreeMap<u32, Vec<Setter<'r>>>;

pub(super) fn setters(rules: &RuleBase) -> Setters<'_> {
    let mut found = Setters::new();
    for layer in &rules.layers {
        for entry in &layer.entries {
            let region = Region::of(&layer.key, &rules.vocabulary);
            let setter = Setter {
                layer,
                entry,
                region,
            };
            found.entry(entry.slot).or_default().push(setter);
        }
    }
    found
}

/// A setter among all of its path.
#[derive(Clone, Copy)]
pub(super) struct Ranked<'s, 'r> {
    pub(super) setter: &'s Setter<'r>,
    /// Less specific ones.
    pub(super) earlier: &'s [Setter<'r>],
    /// Those that override it where they apply.
    pub(super) later: &'s [Setter<'r>],
}

impl<'s, 'r> Ranked<'s, 'r> {
    /// Each setter of a path.
    pub(super) fn of(setters: &'s [Setter<'r>]) -> impl Iterator<Item = Self> {
        setters.iter().enumerate().map(|(position, setter)| {
            let (earlier, rest) = setters.split_at(position);
            let later = rest.get(1..).unwrap_or_default();
            Self {
                setter,
                earlier,
                later,
            }
        })
    }

    /// Where the value is taken over by others.
    pub(super) fn overriding(self) -> impl Iterator<Item = &'s Region> {
        self.later.iter().map(|setter| &setter.region)
    }
}
