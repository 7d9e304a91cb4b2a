//! Conditions on versions and texts: `>=1.30 <1.34`, `1.33`, `a || b`.
//!
//! Keys and constraints are intervals, so that overlap, intersection and
//! emptiness are decided exactly. Alternatives belong to advisories only.

use std::fmt;

use super::version::{Version, VersionError};

/// A half-open range of version points, `low` included, `high` excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval {
    /// The first point inside.
    pub low: u128,
    /// The first point above.
    pub high: u128,
}

impl Interval {
    /// Every version.
    pub const ALL: Self = Self {
        low: 0,
        high: u128::MAX,
    };

    /// Whether no version lies inside.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.low >= self.high
    }

    /// Whether `point` lies inside.
    #[must_use]
    pub const fn contains(self, point: u128) -> bool {
        self.low <= point && point < self.high
    }

    /// The versions in both.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        Self {
            low: self.low.max(other.low),
            high: self.high.min(other.high),
        }
    }

    /// Whether some version is in both.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        !self.intersect(other).is_empty()
    }
}

/// An interval that remembers how its bounds were written, so that an
/// intersection can be shown in the authors' words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionPredicate {
    interval: Interval,
    low_text: Option<Box<str>>,
    high_text: Option<Box<str>>,
}

/// Why a text is no predicate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PredicateError {
    /// No comparator at all.
    #[error("the predicate is empty")]
    Empty,
    /// `||` where only an interval makes sense.
    #[error("`||` is for advisories only; a key or constraint is one range")]
    Alternatives,
    /// An operand that is no version.
    #[error("`{operand}` is no version: it {reason}")]
    BadVersion {
        /// What was written.
        operand: String,
        /// What is wrong with it.
        reason: VersionError,
    },
    /// Something that looks like an operator but is none.
    #[error("`{0}` is no operator; allowed are >= <= > < = and a bare version")]
    BadOperator(String),
}

impl VersionPredicate {
    /// Reads comparators separated by blanks; all of them must hold.
    ///
    /// # Errors
    /// Names the first comparator that cannot be read.
    pub fn parse(text: &str) -> Result<Self, PredicateError> {
        if text.contains("||") {
            return Err(PredicateError::Alternatives);
        }
        let mut predicate: Option<Self> = None;
        for comparator in comparators(text) {
            let next = Self::parse_comparator(&comparator)?;
            predicate = Some(match predicate {
                None => next,
                Some(previous) => previous.intersect(&next),
            });
        }
        predicate.ok_or(PredicateError::Empty)
    }

    fn parse_comparator(comparator: &str) -> Result<Self, PredicateError> {
        let operand_at = comparator
            .find(|character: char| !"<>=!~^".contains(character))
            .unwrap_or(comparator.len());
        let (operator, operand) = comparator.split_at(operand_at);
        let version: Version = operand
            .parse()
            .map_err(|reason| PredicateError::BadVersion {
                operand: operand.to_owned(),
                reason,
            })?;
        let low = version.point();
        let above = low.saturating_add(1 << (32 * (3 - u32::from(version.precision()))));
        let text = || Some(Box::<str>::from(comparator));
        let all = Interval::ALL;
        Ok(match operator {
            "" | "=" | "==" => Self {
                interval: Interval { low, high: above },
                low_text: text(),
                high_text: text(),
            },
            ">=" => Self {
                interval: Interval { low, ..all },
                low_text: text(),
                high_text: None,
            },
            ">" => Self {
                interval: Interval { low: above, ..all },
                low_text: text(),
                high_text: None,
            },
            "<" => Self {
                interval: Interval { high: low, ..all },
                low_text: None,
                high_text: text(),
            },
            "<=" => Self {
                interval: Interval { high: above, ..all },
                low_text: None,
                high_text: text(),
            },
            _ => return Err(PredicateError::BadOperator(operator.to_owned())),
        })
    }

    /// The versions that satisfy it.
    #[must_use]
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    /// Whether a version satisfies it.
    #[must_use]
    pub const fn accepts(&self, version: &Version) -> bool {
        self.interval.contains(version.point())
    }

    /// Both at once; each bound keeps the text of the stricter one, and of equal
    /// ones that of the text that says both: `<2 1` is `1`.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let (ours, theirs) = (self.interval, other.interval);
        let says_more = other.says_both() && !self.says_both();
        let low = if theirs.low > ours.low || (theirs.low == ours.low && says_more) {
            other
        } else {
            self
        };
        let high = if theirs.high < ours.high || (theirs.high == ours.high && says_more) {
            other
        } else {
            self
        };
        Self {
            interval: self.interval.intersect(other.interval),
            low_text: low.low_text.clone(),
            high_text: high.high_text.clone(),
        }
    }

    /// Whether one comparator sets both bounds.
    fn says_both(&self) -> bool {
        self.low_text.is_some() && self.low_text == self.high_text
    }
}

impl fmt::Display for VersionPredicate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.low_text, &self.high_text) {
            (Some(low), Some(high)) if low == high => formatter.write_str(low),
            (Some(low), Some(high)) => write!(formatter, "{low} {high}"),
            (Some(only), None) | (None, Some(only)) => formatter.write_str(only),
            (None, None) => formatter.write_str("any"),
        }
    }
}

/// Splits at blanks, joining an operator with the operand after it.
fn comparators(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match found.last_mut() {
            Some(last) if last.chars().all(|character| "<>=!~^".contains(character)) => {
                last.push_str(word);
            }
            _ => found.push(word.to_owned()),
        }
    }
    found
}

/// What an advisory asks of one query parameter or recipe value: one or more
/// alternatives, each a version range or an exact text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    text: Box<str>,
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Alternative {
    Range(Interval),
    Text(Box<str>),
}

impl Condition {
    /// Reads alternatives separated by `||`.
    ///
    /// # Errors
    /// A comparator that cannot be read. A lone bare word that is no version is
    /// a text, not an error.
    pub fn parse(text: &str) -> Result<Self, PredicateError> {
        let alternatives = text
            .split("||")
            .map(|alternative| {
                let alternative = alternative.trim();
                match VersionPredicate::parse(alternative) {
                    Ok(predicate) => Ok(Alternative::Range(predicate.interval())),
                    Err(PredicateError::BadVersion { operand, .. }) if operand == alternative => {
                        Ok(Alternative::Text(alternative.into()))
                    }
                    Err(error) => Err(error),
                }
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            text: text.trim().into(),
            alternatives,
        })
    }

    /// Whether a value satisfies one of the alternatives. A value that is no
    /// version satisfies no range.
    #[must_use]
    pub fn accepts(&self, value: &str) -> bool {
        self.alternatives
            .iter()
            .any(|alternative| match alternative {
                Alternative::Range(interval) => {
                    Version::point_of(value).is_some_and(|point| interval.contains(point))
                }
                Alternative::Text(text) => **text == *value,
            })
    }

    /// The ranges it names, for cutting versions into classes.
    pub fn ranges(&self) -> impl Iterator<Item = Interval> {
        self.alternatives
            .iter()
            .filter_map(|alternative| match alternative {
                Alternative::Range(interval) => Some(*interval),
                Alternative::Text(_) => None,
            })
    }

    /// The texts it names, for checking them against a vocabulary; ranges are
    /// left out.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.alternatives
            .iter()
            .filter_map(|alternative| match alternative {
                Alternative::Text(text) => Some(&**text),
                Alternative::Range(_) => None,
            })
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::{Condition, PredicateError, VersionPredicate};

    fn check(predicate: &str, accepted: &[&str], refused: &[&str]) {
        let predicate = VersionPredicate::parse(predicate).unwrap();
        for version in accepted {
            assert!(
                predicate.accepts(&version.parse().unwrap()),
                "{predicate} {version}"
            );
        }
        for version in refused {
            assert!(
                !predicate.accepts(&version.parse().unwrap()),
                "{predicate} {version}"
            );
        }
    }

    #[test]
    fn operators_compare_only_the_components_written() {
        check(
            "1.33",
            &["1.33", "1.33.0", "v1.33.5-eks-3025e55"],
            &["1.32.9", "1.34", "1"],
        );
        check("1.33.5", &["1.33.5", "1.33.5-gke.1"], &["1.33.4", "1.33"]);
        check("<=1.35", &["1.35.4", "1.35", "1"], &["1.36"]);
        check(">1.33", &["1.34"], &["1.33.5", "1.33"]);
        check(">= 1.30 <1.34", &["1.30", "1.33.9"], &["1.29.9", "1.34.0"]);
        check("=24.04", &["24.04", "24.4.3"], &["24.10"]);
    }

    #[test]
    fn refuses_what_is_no_range() {
        let parse = |text| VersionPredicate::parse(text).unwrap_err();
        assert_eq!(parse(""), PredicateError::Empty);
        assert_eq!(parse("1.30 || 1.31"), PredicateError::Alternatives);
        assert_eq!(parse("~1.30"), PredicateError::BadOperator("~".into()));
        assert_eq!(parse("!=1.30"), PredicateError::BadOperator("!=".into()));
        assert!(matches!(parse(">="), PredicateError::BadVersion { .. }));
        assert!(matches!(parse(">=x"), PredicateError::BadVersion { .. }));
    }

    #[test]
    fn an_intersection_is_shown_in_the_authors_words() {
        let shown = |left: &str, right: &str| {
            let left = VersionPredicate::parse(left).unwrap();
            left.intersect(&VersionPredicate::parse(right).unwrap())
                .to_string()
        };
        assert_eq!(shown(">=1.30", ">=1.29 <1.34"), ">=1.30 <1.34");
        assert_eq!(shown("1.33", ">=1.30"), "1.33");
        assert_eq!(shown(">=1.30", "<1.34"), ">=1.30 <1.34");
        assert_eq!(shown("<1.34", "1.33"), "1.33");
        assert_eq!(shown("<1.33.5", "1.33"), "1.33 <1.33.5");
        assert_eq!(shown("1.33", "=1.33"), "1.33");
    }

    #[test]
    fn a_condition_takes_alternatives_and_texts() {
        let condition = Condition::parse("570.124.06 || 570.133.20").unwrap();
        assert!(condition.accepts("570.133.20-ubuntu22.04"));
        assert!(!condition.accepts("570.148.08"));
        let condition = Condition::parse("gke || aks").unwrap();
        assert!(condition.accepts("aks") && !condition.accepts("eks"));
        let condition = Condition::parse("<1.29 || >1.32").unwrap();
        assert!(
            condition.accepts("1.28.9") && condition.accepts("1.33") && !condition.accepts("1.30")
        );
        assert!(!condition.accepts("network-operator-v25.7.0"));
    }
}
