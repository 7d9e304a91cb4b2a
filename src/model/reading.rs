//! One measured or recommended value.
//!
//! Readings are scalars only: a list or map in a source is flattened or written
//! as text by whoever reads it, so that two readings can always be compared.

use std::borrow::Cow;
use std::fmt;

/// A scalar. Integers cover all of `i64` and `u64` exactly, because systemd
/// reports "no limit" as 18446744073709551615.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// `true` or `false`.
    Bool(bool),
    /// Any integer from `i64::MIN` to `u64::MAX`.
    Integer(i128),
    /// A finite number with a fraction or exponent.
    Float(f64),
    /// Everything else.
    Text(Box<str>),
}

impl Reading {
    /// The canonical text: what comparing and bare-text answers use, so that
    /// `1` and `"1"` or `true` and `"true"` agree.
    #[must_use]
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
            Self::Integer(number) => Cow::Owned(number.to_string()),
            Self::Float(number) => Cow::Owned(number.to_string()),
            Self::Text(text) => Cow::Borrowed(text),
        }
    }

    /// Whether two readings say the same, whatever their type.
    #[must_use]
    pub fn agrees_with(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl From<&str> for Reading {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Reading {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::Reading;

    #[test]
    fn numbers_and_booleans_agree_with_their_text() {
        assert!(Reading::Integer(1).agrees_with(&"1".into()));
        assert!(Reading::Bool(true).agrees_with(&"true".into()));
        assert!(Reading::Integer(i128::from(u64::MAX)).agrees_with(&"18446744073709551615".into()));
        assert!(!Reading::Integer(1).agrees_with(&Reading::Bool(true)));
    }
}
