//! The space of all queries, as boxes: which queries several keys share, and
//! whether some keys together cover others. Exact, without enumerating queries.

use crate::model::{
    Condition, EnumParameter, Interval, Parameter, ParameterKind, VersionParameter, Vocabulary,
};

use super::classes::point_text;
use super::key::Key;

/// The versions a box allows for one parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Versions {
    /// Queries that leave the version open.
    absent: bool,
    interval: Interval,
}

impl Versions {
    const ALL: Self = Self {
        absent: true,
        interval: Interval::ALL,
    };

    const fn is_empty(self) -> bool {
        !self.absent && self.interval.is_empty()
    }

    fn intersect(self, other: Self) -> Self {
        Self {
            absent: self.absent && other.absent,
            interval: self.interval.intersect(other.interval),
        }
    }

    /// What lies in `self` but not in `other`, as at most two pieces.
    fn without(self, other: Self) -> [Self; 2] {
        if other.interval.is_empty() {
            let rest = Self {
                absent: self.absent && !other.absent,
                ..self
            };
            return [
                rest,
                Self {
                    absent: false,
                    interval: Interval { low: 0, high: 0 },
                },
            ];
        }
        let below = Interval {
            high: self.interval.high.min(other.interval.low),
            ..self.interval
        };
        let above = Interval {
            low: self.interval.low.max(other.interval.high),
            ..self.interval
        };
        [
            Self {
                absent: self.absent && !other.absent,
                interval: below,
            },
            Self {
                absent: false,
                interval: above,
            },
        ]
    }
}

/// A box of queries: for each parameter independently, the values it allows.
/// Bit 0 of `values` stands for a parameter left open, bit n+1 for value n.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    values: [u128; 4],
    versions: [Versions; 3],
}

/// The most values a parameter can have, one bit being taken by "left open".
pub(super) const VALUE_LIMIT: usize = 127;

impl Region {
    /// The queries that a key matches.
    pub(super) fn of(key: &Key, vocabulary: &Vocabulary) -> Self {
        let values = EnumParameter::ALL.map(|parameter| match key.value(parameter) {
            Some(value) => 1 << (u32::from(value.0) + 1),
            None => {
                let count = vocabulary.values_of(parameter).len().min(VALUE_LIMIT);
                u128::MAX >> (VALUE_LIMIT - count)
            }
        });
        let versions = VersionParameter::ALL.map(|parameter| match key.predicate(parameter) {
            Some(predicate) => Versions {
                absent: false,
                interval: predicate.interval(),
            },
            None => Versions::ALL,
        });
        Self { values, versions }
    }

    /// Every query.
    pub(super) fn all(vocabulary: &Vocabulary) -> Self {
        Self::of(&Key::default(), vocabulary)
    }

    /// The queries that say something of a parameter which a condition accepts, or
    /// with `accepted` false refuses.
    pub(super) fn saying(
        parameter: Parameter,
        condition: &Condition,
        accepted: bool,
        vocabulary: &Vocabulary,
    ) -> Vec<Self> {
        let mut said = Self::all(vocabulary);
        match parameter.kind() {
            ParameterKind::Enum(choice) => {
                let values = vocabulary.values_of(choice).iter().zip(1_u32..);
                let bits = values
                    .filter(|(value, _)| condition.accepts(&value.name) == accepted)
                    .map(|(_, bit)| 1 << bit)
                    .sum();
                set(&mut said.values, choice.index(), bits);
                vec![said]
            }
            ParameterKind::Version(choice) => {
                let within = |interval| {
                    let mut within = said.clone();
                    let versions = Versions {
                        absent: false,
                        interval,
                    };
                    set(&mut within.versions, choice.index(), versions);
                    within
                };
                let ranges: Vec<Self> = condition.ranges().map(within).collect();
                if accepted {
                    return ranges;
                }
                let mut rest = vec![within(Interval::ALL)];
                for range in &ranges {
                    rest = rest.iter().flat_map(|piece| piece.without(range)).collect();
                }
                rest
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.values.contains(&0) || self.versions.iter().any(|versions| versions.is_empty())
    }

    pub(super) fn intersect(&self, other: &Self) -> Self {
        let mut shared = self.clone();
        for (mine, theirs) in shared.values.iter_mut().zip(other.values) {
            *mine &= theirs;
        }
        for (mine, theirs) in shared.versions.iter_mut().zip(other.versions) {
            *mine = mine.intersect(theirs);
        }
        shared
    }

    /// What two sets of boxes share.
    pub(super) fn shared(left: &[Self], right: &[Self]) -> Vec<Self> {
        left.iter()
            .flat_map(|one| right.iter().map(|other| one.intersect(other)))
            .filter(|both| !both.is_empty())
            .collect()
    }

    /// What lies in `self` but not in `other`, as disjoint boxes.
    pub(super) fn without(&self, other: &Self) -> Vec<Self> {
        if !self.meets(other) {
            return vec![self.clone()];
        }
        let mut pieces = Vec::new();
        // `rest` shrinks to the part shared with `other`, one parameter at a
        // time; what falls off at each step is a piece of the answer.
        let mut rest = self.clone();
        for index in 0..rest.values.len() {
            let (Some(mine), Some(theirs)) = (
                rest.values.get(index).copied(),
                other.values.get(index).copied(),
            ) else {
                continue;
            };
            let mut piece = rest.clone();
            set(&mut piece.values, index, mine & !theirs);
            pieces.push(piece);
            set(&mut rest.values, index, mine & theirs);
        }
        for index in 0..rest.versions.len() {
            let (Some(mine), Some(theirs)) = (
                rest.versions.get(index).copied(),
                other.versions.get(index).copied(),
            ) else {
                continue;
            };
            for part in mine.without(theirs) {
                let mut piece = rest.clone();
                set(&mut piece.versions, index, part);
                pieces.push(piece);
            }
            set(&mut rest.versions, index, mine.intersect(theirs));
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    /// A part that none of `covers` holds; `None` when they hold it all.
    pub(super) fn uncovered<'k>(&self, covers: impl Iterator<Item = &'k Self>) -> Option<Self> {
        if self.is_empty() {
            return None;
        }
        let covers: Vec<&Self> = covers.filter(|cover| self.meets(cover)).collect();
        // Depth first: one part is all that is asked for, and most often there is one.
        let mut open = vec![(self.clone(), 0)];
        while let Some((piece, checked)) = open.pop() {
            let mut rest = covers.iter().enumerate().skip(checked);
            let Some((position, cover)) = rest.find(|(_, cover)| piece.meets(cover)) else {
                return Some(piece);
            };
            let parts = piece.without(cover).into_iter();
            open.extend(parts.map(|part| (part, position + 1)));
        }
        None
    }

    /// Whether some query is in both.
    fn meets(&self, other: &Self) -> bool {
        let mut values = self.values.iter().zip(&other.values);
        let mut versions = self.versions.iter().zip(&other.versions);
        values.all(|(mine, theirs)| mine & theirs != 0)
            && versions.all(|(mine, theirs)| !mine.intersect(*theirs).is_empty())
    }

    /// One query of the box in words: `service=eks gpu=h100`, parameters that
    /// may stay open left out.
    pub(super) fn example(&self, vocabulary: &Vocabulary) -> String {
        let parts: Vec<String> = Parameter::ALL
            .into_iter()
            .filter_map(|parameter| Some((parameter, self.example_of(vocabulary, parameter)?)))
            .map(|(parameter, text)| format!("{parameter}={text}"))
            .collect();
        if parts.is_empty() {
            "the empty query".to_owned()
        } else {
            parts.join(" ")
        }
    }

    fn example_of(&self, vocabulary: &Vocabulary, parameter: Parameter) -> Option<String> {
        match parameter.kind() {
            ParameterKind::Enum(choice) => {
                let bits = self.values.get(choice.index()).copied()?;
                if bits & 1 == 1 {
                    return None;
                }
                let position = usize::try_from(bits.trailing_zeros().checked_sub(1)?).ok()?;
                let value = vocabulary.values_of(choice).get(position)?;
                Some(value.name.to_string())
            }
            ParameterKind::Version(choice) => {
                let versions = self.versions.get(choice.index())?;
                (!versions.absent).then(|| point_text(versions.interval.low))
            }
        }
    }
}

fn set<T>(slots: &mut [T], index: usize, value: T) {
    if let Some(slot) = slots.get_mut(index) {
        *slot = value;
    }
}
