//! Versions as the field writes them: `24.04`, `v1.33.5-eks-3025e55`,
//! `6.8.0-1028-aws`.

use std::fmt;
use std::str::FromStr;

/// One to three numeric components and an optional vendor suffix. Keeps the
/// text as written (`24.04` stays `24.04`); comparing looks at the numbers only,
/// a missing component counting as zero.
#[derive(Debug, Clone)]
pub struct Version {
    text: Box<str>,
    point: u128,
    precision: u8,
}

/// Why a text is no version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Nothing but blanks or a lone `v`.
    #[error("is empty")]
    Empty,
    /// More than three components.
    #[error("has more than three components")]
    TooManyComponents,
    /// A component with no digits.
    #[error("has an empty component")]
    EmptyComponent,
    /// A component starting with a minus sign.
    #[error("has a negative component")]
    Negative,
    /// A component with something else than digits.
    #[error("has a component that is not a number")]
    NotNumeric,
    /// A component of more than 9 digits.
    #[error("has a component that is too large")]
    TooLarge,
    /// An empty, overlong or odd vendor suffix.
    #[error("has a suffix that is not 1 to 64 of `A-Z a-z 0-9 . _ + ~ -`")]
    BadSuffix,
}

/// The longest vendor suffix, in bytes.
const SUFFIX_LIMIT: usize = 64;

impl Version {
    /// The text as written, blanks trimmed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The position on the number line that intervals use: 32 bits a component.
    #[must_use]
    pub const fn point(&self) -> u128 {
        self.point
    }

    /// The position of a version that is not kept; none of what is no version.
    #[must_use]
    pub fn point_of(text: &str) -> Option<u128> {
        let (point, _) = position(text.trim_matches(' ')).ok()?;
        Some(point)
    }

    /// How many components were written, 1 to 3.
    #[must_use]
    pub const fn precision(&self) -> u8 {
        self.precision
    }
}

impl FromStr for Version {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let text = text.trim_matches(' ');
        let (point, precision) = position(text)?;
        Ok(Self {
            text: text.into(),
            point,
            precision,
        })
    }
}

/// Where a version is on the number line, and its precision.
fn position(text: &str) -> Result<(u128, u8), VersionError> {
    let bare = text.strip_prefix(['v', 'V']).unwrap_or(text);
    if bare.is_empty() {
        return Err(VersionError::Empty);
    }
    if bare.starts_with('-') {
        return Err(VersionError::Negative);
    }
    let (numbers, suffix) = match bare.find(['-', '+']) {
        Some(at) => {
            let (numbers, suffix) = bare.split_at(at);
            // `1.-2` is a negative component, not the suffix `-2`.
            if numbers.ends_with('.') {
                return Err(VersionError::Negative);
            }
            (numbers, Some(suffix))
        }
        None => (bare, None),
    };
    if let Some(suffix) = suffix {
        check_suffix(suffix)?;
    }
    let mut point: u128 = 0;
    let mut precision: u8 = 0;
    for component in numbers.split('.') {
        if precision == 3 {
            return Err(VersionError::TooManyComponents);
        }
        point = (point << 32) | u128::from(parse_component(component)?);
        precision += 1;
    }
    point <<= 32 * (3 - u32::from(precision));
    Ok((point, precision))
}

fn check_suffix(suffix: &str) -> Result<(), VersionError> {
    let body = suffix.get(1..).unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._+~-".contains(&byte);
    if body.is_empty() || body.len() > SUFFIX_LIMIT || !body.bytes().all(allowed) {
        return Err(VersionError::BadSuffix);
    }
    Ok(())
}

fn parse_component(component: &str) -> Result<u32, VersionError> {
    if component.is_empty() {
        return Err(VersionError::EmptyComponent);
    }
    if !component.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(VersionError::NotNumeric);
    }
    if component.len() > 9 {
        return Err(VersionError::TooLarge);
    }
    component.parse().map_err(|_| VersionError::TooLarge)
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// Equal as written: `24.04` and `24.4` are two questions with two echoes,
/// though every predicate treats them alike.
impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Version {}

#[cfg(test)]
mod tests {
    use super::{Version, VersionError};

    fn point(text: &str) -> u128 {
        text.parse::<Version>().unwrap().point()
    }

    #[test]
    fn reads_what_the_field_writes() {
        for text in [
            "1",
            "1.33",
            "v1.33.5-eks-3025e55",
            "24.04",
            "6.8.0-1028-aws",
            "1.33.5+k3s1",
        ] {
            assert_eq!(text.parse::<Version>().unwrap().as_str(), text);
        }
        assert_eq!(point("v1.33.5-eks-3025e55"), point("1.33.5"));
        assert_eq!(point("1.33"), point("1.33.0"));
        assert_eq!(point("24.04"), point("24.4"));
        assert!(point("1.9") < point("1.10"));
        assert_eq!(" 1.33 ".parse::<Version>().unwrap().as_str(), "1.33");
    }

    #[test]
    fn refuses_the_rest_by_name() {
        for (text, error) in [
            ("", VersionError::Empty),
            ("v", VersionError::Empty),
            ("-1.0", VersionError::Negative),
            ("1.-2", VersionError::Negative),
            ("1..2", VersionError::EmptyComponent),
            ("1.", VersionError::EmptyComponent),
            ("vv1", VersionError::NotNumeric),
            ("1.x", VersionError::NotNumeric),
            ("1.33 .5", VersionError::NotNumeric),
            ("1.2.3.4", VersionError::TooManyComponents),
            ("9223372036854775807.0.0", VersionError::TooLarge),
            ("1.33-", VersionError::BadSuffix),
            ("1.33-a b", VersionError::BadSuffix),
            ("+1.33", VersionError::EmptyComponent),
        ] {
            assert_eq!(text.parse::<Version>(), Err(error), "{text}");
        }
        let long = format!("1.33-{}", "a".repeat(65));
        assert_eq!(long.parse::<Version>(), Err(VersionError::BadSuffix));
    }
}
