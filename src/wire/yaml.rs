//! YAML to a tree.
//!
//! Read from parser events, because a deserialiser would have made `1.30` the
//! number 1.3 before anyone could ask for its text. Anchors, aliases, merge
//! keys and tags are refused: no document here needs them, and an alias can
//! make a small document large.

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, Span};

use super::fault::{Fault, shorten};
use super::node::{Budget, DEPTH_LIMIT, Entry, Node, Value, refuse_duplicates, too_deep};
use super::scalar::Scalar;

/// Reads one YAML document.
pub(super) fn parse(text: &str) -> Result<Node<'_>, Fault> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: DEPTH_LIMIT,
        block_nesting_limit: DEPTH_LIMIT,
    };
    let mut reader = Reader {
        events: Parser::new_from_str_with_options(text, options),
        budget: Budget::default(),
    };
    loop {
        match reader.next()? {
            (Event::StreamStart | Event::DocumentStart(..), _) => {}
            (Event::StreamEnd, _) => return Err(empty()),
            (event, at) => {
                let node = reader.node(event, at, 0)?;
                return reader.end().map(|()| node);
            }
        }
    }
}

fn empty() -> Fault {
    Fault::whole("the document is empty")
}

struct Reader<'a> {
    events: Parser<'a, granit_parser::StrInput<'a>>,
    budget: Budget,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, usize), Fault> {
        match self.events.next_event() {
            None => Ok((Event::StreamEnd, 0)),
            Some(Ok((event, span))) => Ok((event, offset(&span))),
            Some(Err(error)) => {
                let at = error.marker().byte_offset().unwrap_or_default();
                if *error.kind() == ErrorKind::RecursionLimitExceeded {
                    return Err(too_deep(at));
                }
                Err(Fault::new(
                    at,
                    format!("this is no YAML: {}", shorten(&error.info())),
                ))
            }
        }
    }

    fn end(&mut self) -> Result<(), Fault> {
        loop {
            match self.next()? {
                (Event::DocumentEnd, _) => {}
                (Event::StreamEnd, _) => return Ok(()),
                (_, at) => return Err(Fault::new(at, "only one document can be sent at a time")),
            }
        }
    }

    fn node(&mut self, event: Event<'a>, at: usize, depth: usize) -> Result<Node<'a>, Fault> {
        self.budget.spend(at)?;
        if event.anchor_id().is_some_and(|anchor| anchor != 0) || event.is_alias() {
            return Err(Fault::new(at, "anchors and aliases are not read")
                .hint("write the value out wherever it is used"));
        }
        if event.tag().is_some() {
            return Err(Fault::new(at, "tags such as `!!str` are not read")
                .hint("quote a value that must be a text"));
        }
        let value = match event {
            Event::Scalar(text, style, ..) => Value::Scalar(Scalar {
                text,
                bare: style == ScalarStyle::Plain,
            }),
            Event::SequenceStart(..) | Event::MappingStart(..) if depth == DEPTH_LIMIT => {
                return Err(too_deep(at));
            }
            Event::SequenceStart(..) => Value::List(self.list(depth + 1)?),
            Event::MappingStart(..) => Value::Map(self.map(depth + 1)?),
            _ => return Err(empty()),
        };
        Ok(Node { at, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node<'a>>, Fault> {
        let mut items = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, _) => return Ok(items),
                (event, at) => items.push(self.node(event, at, depth)?),
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry<'a>>, Fault> {
        let mut entries = Vec::new();
        loop {
            let (event, at) = self.next()?;
            if event == Event::MappingEnd {
                refuse_duplicates(&entries)?;
                return Ok(entries);
            }
            let Value::Scalar(name) = self.node(event, at, depth)?.value else {
                return Err(Fault::new(
                    at,
                    "a name must be a single text, not a list or map",
                ));
            };
            if name.bare && name.text == "<<" {
                return Err(Fault::new(at, "merge keys (`<<`) are not read")
                    .hint("write the values out wherever they are used"));
            }
            let (event, value_at) = self.next()?;
            let value = self.node(event, value_at, depth)?;
            entries.push(Entry {
                at,
                name: name.text,
                value,
            });
        }
    }
}

fn offset(span: &Span) -> usize {
    span.start.byte_offset().unwrap_or_default()
}
