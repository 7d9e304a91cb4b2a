//! Readings as documents write them, in both directions.
//!
//! The canonical text of a reading ([`Reading::text`]) is what survives every
//! trip; that it is also a number or a boolean survives where all readers of
//! JSON and YAML agree on it.

use std::borrow::Cow;

use serde::{Serialize, Serializer};

use crate::model::Reading;

/// Above this, jq and JavaScript round an integer.
const EXACT_IN_A_DOUBLE: i128 = 1 << 53;

/// Where all writers agree on a fraction's digits: below, some choose an
/// exponent; above, two shortest forms can be equally near.
const PLAIN_FRACTIONS: std::ops::Range<f64> = 1e-4..1e15;

/// A scalar as read.
#[derive(Debug)]
pub(super) struct Scalar<'a> {
    /// The text as written, without quotes and escapes.
    pub(super) text: Cow<'a, str>,
    /// Whether it stood without quotes, so that it may be more than a text.
    pub(super) bare: bool,
}

impl Scalar<'_> {
    /// Whether this is `null` (or nothing, or `~`).
    pub(super) fn is_null(&self) -> bool {
        self.bare && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// The value. A bare number that is not in its shortest decimal form stays
    /// text: `1.30` is a version, `0755` a mode, `007` an id, and a reader that
    /// made them numbers could not give them back.
    pub(super) fn reading(&self) -> Reading {
        let text = &*self.text;
        match text {
            "true" | "True" | "TRUE" if self.bare => Reading::Bool(true),
            "false" | "False" | "FALSE" if self.bare => Reading::Bool(false),
            _ if self.bare => number(text).unwrap_or_else(|| text.into()),
            _ => text.into(),
        }
    }
}

fn number(text: &str) -> Option<Reading> {
    if let Ok(integer) = text.parse::<i128>() {
        let exact = (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&integer);
        return (exact && integer.to_string() == text).then_some(Reading::Integer(integer));
    }
    let float: f64 = text.parse().ok()?;
    (is_plain_fraction(float) && float.to_string() == text).then_some(Reading::Float(float))
}

fn is_plain_fraction(float: f64) -> bool {
    float.fract() != 0.0 && PLAIN_FRACTIONS.contains(&float.abs())
}

/// A scalar as served: boolean, integer, number or text.
#[derive(Debug, Clone, Copy)]
pub struct ScalarDocument<'a>(pub &'a Reading);

impl Serialize for ScalarDocument<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Reading::Bool(value) => serializer.serialize_bool(*value),
            Reading::Text(text) => serializer.serialize_str(text),
            Reading::Float(float) if is_plain_fraction(*float) => serializer.serialize_f64(*float),
            Reading::Integer(_) | Reading::Float(_) => {
                let text = self.0.text();
                match text.parse::<i64>() {
                    Ok(number) if i128::from(number).abs() <= EXACT_IN_A_DOUBLE && text != "-0" => {
                        serializer.serialize_i64(number)
                    }
                    _ => serializer.serialize_str(&text),
                }
            }
        }
    }
}

/// By hand, because a derived `oneOf` would match an integer twice and so
/// reject it.
#[cfg(feature = "server")]
impl utoipa::PartialSchema for ScalarDocument<'_> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{ObjectBuilder, SchemaType, Type};
        ObjectBuilder::new()
            .schema_type(SchemaType::Array(vec![
                Type::Boolean,
                Type::Integer,
                Type::Number,
                Type::String,
            ]))
            .description(Some(
                "One value. Integers above 2^53 are written as text, because many readers round \
                 them; `1` and `\"1\"` compare equal.",
            ))
            .into()
    }
}

#[cfg(feature = "server")]
impl utoipa::ToSchema for ScalarDocument<'_> {
    fn name() -> Cow<'static, str> {
        Cow::Borrowed("Scalar")
    }
}

#[cfg(test)]
mod tests {
    use super::{Scalar, ScalarDocument};
    use crate::model::Reading;

    fn check(text: &str, expected: &Reading) {
        let reading = Scalar {
            text: text.into(),
            bare: true,
        }
        .reading();
        assert_eq!(&reading, expected, "{text}");
        assert_eq!(reading.text().to_lowercase(), text.to_lowercase());
        let quoted = Scalar {
            text: text.into(),
            bare: false,
        }
        .reading();
        assert_eq!(quoted, Reading::from(text));
    }

    #[test]
    fn what_stands_bare_keeps_its_text() {
        check("true", &Reading::Bool(true));
        check("False", &Reading::Bool(false));
        check("yes", &"yes".into());
        check("0", &Reading::Integer(0));
        check("-1", &Reading::Integer(-1));
        check("18446744073709551615", &Reading::Integer(u64::MAX.into()));
        check("-9223372036854775808", &Reading::Integer(i64::MIN.into()));
        check("24.04", &Reading::Float(24.04));
        for text in [
            "18446744073709551616",
            "1.30",
            "24.10",
            "1.0",
            "007",
            "0755",
            "0x1F",
            "1_000",
            "+1",
            "-0",
            "1e3",
            ".5",
            "1.",
            "nan",
            ".inf",
            "Infinity",
            "1:20",
            "=",
            "570.133.20",
        ] {
            check(text, &text.into());
        }
    }

    #[test]
    fn what_others_would_round_is_written_as_text() {
        for (reading, written) in [
            (Reading::Integer(1 << 53), "9007199254740992"),
            (Reading::Integer((1 << 53) + 1), "\"9007199254740993\""),
            (Reading::Integer(-(1 << 53) - 1), "\"-9007199254740993\""),
            (
                Reading::Integer(u64::MAX.into()),
                "\"18446744073709551615\"",
            ),
            (Reading::Float(0.5), "0.5"),
            (Reading::Float(2.0), "2"),
            (Reading::Float(-0.0), "\"-0\""),
            (Reading::Float(1e20), "\"100000000000000000000\""),
            (
                Reading::Float(-1_824_904_812_372_821.3),
                "\"-1824904812372821.3\"",
            ),
            (Reading::Float(1e-7), "\"0.0000001\""),
            (Reading::Bool(true), "true"),
            ("1".into(), "\"1\""),
        ] {
            assert_eq!(
                serde_json::to_string(&ScalarDocument(&reading)).unwrap(),
                written
            );
        }
    }
}
