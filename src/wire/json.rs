//! JSON to a tree.
//!
//! Only the structure is read here, so that every value keeps its place and a
//! number its text, a name given twice is an error, and depth is bounded. What
//! a string or number is, `serde_json` decides.

use std::borrow::Cow;

use super::fault::{Fault, excerpt};
use super::node::{Budget, DEPTH_LIMIT, Entry, Node, Value, refuse_duplicates, too_deep};
use super::scalar::Scalar;

/// Reads one JSON text.
pub(super) fn parse(text: &str) -> Result<Node<'_>, Fault> {
    let mut reader = Reader {
        text,
        at: 0,
        budget: Budget::default(),
    };
    let node = reader.value(0)?;
    match reader.peek() {
        None => Ok(node),
        Some(_) => Err(reader.unexpected("the end of the document")),
    }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    budget: Budget,
}

impl<'a> Reader<'a> {
    /// The next byte that is no blank, left in place.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let blanks = rest
            .iter()
            .take_while(|byte| b" \t\r\n".contains(byte))
            .count();
        self.at += blanks;
        rest.get(blanks).copied()
    }

    fn value(&mut self, depth: usize) -> Result<Node<'a>, Fault> {
        let next = self.peek();
        let at = self.at;
        self.budget.spend(at)?;
        let value = match next {
            Some(b'{' | b'[') if depth == DEPTH_LIMIT => return Err(too_deep(at)),
            Some(b'{') => Value::Map(self.object(depth + 1)?),
            Some(b'[') => Value::List(self.array(depth + 1)?),
            Some(b'"') => Value::Scalar(Scalar {
                text: self.string()?,
                bare: false,
            }),
            Some(byte) if byte == b'-' || byte.is_ascii_alphanumeric() => Value::Scalar(Scalar {
                text: self.bare()?.into(),
                bare: true,
            }),
            _ => return Err(self.unexpected("a value")),
        };
        Ok(Node { at, value })
    }

    fn object(&mut self, depth: usize) -> Result<Vec<Entry<'a>>, Fault> {
        let mut entries = Vec::new();
        self.items(b'}', |reader| {
            if reader.peek() != Some(b'"') {
                return Err(reader.unexpected("a name in double quotes"));
            }
            let at = reader.at;
            let name = reader.string()?;
            if reader.peek() != Some(b':') {
                return Err(reader.unexpected("`:`"));
            }
            reader.at += 1;
            entries.push(Entry {
                at,
                name,
                value: reader.value(depth)?,
            });
            Ok(())
        })?;
        refuse_duplicates(&entries)?;
        Ok(entries)
    }

    fn array(&mut self, depth: usize) -> Result<Vec<Node<'a>>, Fault> {
        let mut items = Vec::new();
        self.items(b']', |reader| {
            items.push(reader.value(depth)?);
            Ok(())
        })?;
        Ok(items)
    }

    /// What stands between the bracket here and its counterpart.
    fn items(
        &mut self,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.at += 1;
        if self.peek() == Some(close) {
            self.at += 1;
            return Ok(());
        }
        loop {
            item(self)?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(byte) if byte == close => break,
                _ => return Err(self.unexpected(&format!("`,` or `{}`", char::from(close)))),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn string(&mut self) -> Result<Cow<'a, str>, Fault> {
        let start = self.at;
        let inside = self.text.get(start + 1..).unwrap_or_default();
        let plain = inside
            .bytes()
            .position(|byte| byte == b'"' || byte == b'\\' || byte < b' ');
        if let Some((text, rest)) = plain.and_then(|end| inside.split_at_checked(end))
            && rest.starts_with('"')
        {
            self.at += text.len() + 2;
            return Ok(Cow::Borrowed(text));
        }
        self.escaped_string(start, inside)
    }

    fn escaped_string(&mut self, start: usize, inside: &'a str) -> Result<Cow<'a, str>, Fault> {
        let mut escaped = false;
        let length = inside.bytes().position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            ends
        });
        let Some(length) = length else {
            return Err(Fault::new(start, "this text is not closed by `\"`"));
        };
        let literal = self.rest().get(..length + 2).unwrap_or_default();
        self.at += literal.len();
        serde_json::from_str(literal).map(Cow::Owned).map_err(|_| {
            let unquoted = inside.get(..length).unwrap_or_default();
            Fault::new(start, format!("{} is no JSON text", excerpt(unquoted)))
                .hint("write control characters as \\n or \\u0000 and a backslash as \\\\")
        })
    }

    /// A number, `true`, `false` or `null`.
    fn bare(&mut self) -> Result<&'a str, Fault> {
        let inside = |byte: u8| byte.is_ascii_alphanumeric() || b"+-._".contains(&byte);
        let length = self.rest().bytes().take_while(|byte| inside(*byte)).count();
        let word = self.rest().get(..length).unwrap_or_default();
        let read = serde_json::from_str::<serde::de::IgnoredAny>(word);
        if read.is_err() {
            let message = format!("{} is no JSON value", excerpt(word));
            return Err(Fault::new(self.at, message).hint("write a text in double quotes"));
        }
        self.at += length;
        Ok(word)
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn unexpected(&self, wanted: &str) -> Fault {
        let found = match self.rest().chars().next() {
            Some(character) => excerpt(character.encode_utf8(&mut [0; 4])),
            None => "the end of the document".to_owned(),
        };
        Fault::new(self.at, format!("expected {wanted}, found {found}"))
    }
}
