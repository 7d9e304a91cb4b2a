//! Recommended values that leave a range which an advisory knows, such as an
//! operator beside a Kubernetes release that it was not tested with.
//!
//! Decided over regions, version keys included. What a query says by itself, such
//! as a release that nothing supports, is the asker's: only what a rule chose
//! counts.

use std::collections::BTreeMap;
use std::slice;

use crate::model::{Parameter, Reading};
use crate::rules::advisory::{AdvisoryRule, Clause, Subject};
use crate::rules::base::RuleBase;
use crate::rules::diagnostic::{Diagnostic, DiagnosticSeverity, Location};
use crate::rules::space::Region;

use super::finding;
use super::setters::{Ranked, Setters};

pub(super) fn violated(rules: &RuleBase, setters: &Setters<'_>, found: &mut Vec<Diagnostic>) {
    let ranges = rules.advisories.iter();
    for rule in ranges.filter(|rule| !rule.requires.is_empty()) {
        // Layers that pin the same value say one thing, with one example.
        let mut violations: BTreeMap<(Location, String), Region> = BTreeMap::new();
        for pinned in pinned(rules, setters, rule) {
            for clause in &rule.requires {
                let found = match clause.subject {
                    Subject::Value(slot) => pinned.values_outside(setters, slot, clause),
                    Subject::Parameter(parameter) => {
                        pinned.chosen_outside(rules, parameter, clause)
                    }
                };
                violations.extend(found.into_iter().map(|one| ((one.at, one.what), one.seen)));
            }
        }
        found.extend(violations.into_iter().map(|((at, what), seen)| {
            let message = format!("{what}, which {} warns of", rule.advisory.id);
            let hint = format!(
                "change one of the pins, or narrow the key of the layer that sets it; see the \
                 recipe for {}",
                seen.example(&rules.vocabulary)
            );
            // The recipe carries the advisory, so nobody is misled.
            let severity = DiagnosticSeverity::Note;
            finding(severity, "violated-range", &at, message, &hint)
        }));
    }
}

/// A range that rules leave by what they choose.
struct Violation {
    what: String,
    at: Location,
    /// Queries that show it.
    seen: Region,
}

/// Values that an advisory is about, and where the layers that set them meet.
struct Pinned<'s, 'r> {
    pins: Vec<(Ranked<'s, 'r>, String)>,
    /// Overridden or not.
    regions: Vec<Region>,
}

/// Every way in which recommended values satisfy what an advisory is about.
fn pinned<'s, 'r>(
    rules: &'r RuleBase,
    setters: &'s Setters<'r>,
    rule: &'r AdvisoryRule,
) -> Vec<Pinned<'s, 'r>> {
    let mut found = vec![Pinned {
        pins: Vec::new(),
        regions: vec![Region::all(&rules.vocabulary)],
    }];
    for clause in &rule.when {
        found = match clause.subject {
            Subject::Parameter(parameter) => {
                let asked = Region::saying(parameter, &clause.condition, true, &rules.vocabulary);
                let narrow = |pinned: Pinned<'s, 'r>| Pinned {
                    regions: Region::shared(&pinned.regions, &asked),
                    pins: pinned.pins,
                };
                found.into_iter().map(narrow).collect()
            }
            Subject::Value(slot) => found
                .iter()
                .flat_map(|pinned| {
                    let pins = setting(setters, slot, clause, true);
                    pins.map(move |(pin, value)| pinned.with(pin, clause, value))
                })
                .collect(),
        };
        found.retain(|pinned| !pinned.regions.is_empty());
    }
    found
}

/// Who sets a value that a clause accepts, or refuses.
fn setting<'s, 'r>(
    setters: &'s Setters<'r>,
    slot: u32,
    clause: &Clause,
    accepted: bool,
) -> impl Iterator<Item = (Ranked<'s, 'r>, &'r Reading)> {
    let setters = setters.get(&slot).map_or(&[][..], Vec::as_slice);
    Ranked::of(setters).filter_map(move |ranked| {
        let value = ranked.setter.entry.value.as_deref()?;
        (clause.condition.accepts(&value.text()) == accepted).then_some((ranked, value))
    })
}

impl<'s, 'r> Pinned<'s, 'r> {
    fn with(&self, pin: Ranked<'s, 'r>, clause: &Clause, value: &Reading) -> Self {
        let mut pins = self.pins.clone();
        pins.push((pin, format!("{} {}", clause.name, value.text())));
        Self {
            pins,
            regions: Region::shared(&self.regions, slice::from_ref(&pin.setter.region)),
        }
    }

    /// Some of these queries whose recipes show all pins, and another value too.
    fn seen(&self, within: &[Region], other: Option<Ranked<'_, '_>>) -> Option<Region> {
        let pins = self.pins.iter().map(|(pin, _)| *pin);
        let overriding: Vec<&Region> = pins.chain(other).flat_map(Ranked::overriding).collect();
        let mut shared = Region::shared(&self.regions, within).into_iter();
        shared.find_map(|region| region.uncovered(overriding.iter().copied()))
    }

    /// Values outside their range beside the pins.
    fn values_outside(&self, setters: &Setters<'_>, slot: u32, clause: &Clause) -> Vec<Violation> {
        let pins: Vec<&str> = self.pins.iter().map(|(_, said)| said.as_str()).collect();
        let beside = match pins.join(", ") {
            pins if pins.is_empty() => pins,
            pins => format!(" beside {pins}"),
        };
        let outside = setting(setters, slot, clause, false);
        let violation = |(ranked, value): (Ranked<'_, '_>, &Reading)| {
            let within = slice::from_ref(&ranked.setter.region);
            Some(Violation {
                what: format!(
                    "{} {}{beside} is outside {}",
                    clause.name,
                    value.text(),
                    clause.condition
                ),
                at: ranked.setter.location(),
                seen: self.seen(within, Some(ranked))?,
            })
        };
        outside.filter_map(violation).collect()
    }

    /// A pin of a layer that speaks to versions outside the pin's range.
    fn chosen_outside(
        &self,
        rules: &RuleBase,
        parameter: Parameter,
        clause: &Clause,
    ) -> Vec<Violation> {
        let violation = |(pin, said): &(Ranked<'_, '_>, String)| {
            let key = &pin.setter.layer.key;
            let asked = key.text(&rules.vocabulary, parameter)?;
            let outside = Region::saying(parameter, &clause.condition, false, &rules.vocabulary);
            Some(Violation {
                what: format!(
                    "{said} is chosen for {parameter} {asked}, which is not all inside {}",
                    clause.condition
                ),
                at: pin.setter.location(),
                seen: self.seen(&outside, None)?,
            })
        };
        self.pins.iter().filter_map(violation).collect()
    }
}
