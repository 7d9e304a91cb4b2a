//! Rule texts and their YAML as a tree with places.
//!
//! Scalars keep their raw text, so that `1.30` stays `1.30`. What the keys mean
//! is left to `check`. Anchors, aliases, tags and further documents are refused:
//! a rule file says each thing once, where it is read.

use std::borrow::Cow;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::diagnostic::{Location, Position, Report};

/// A named text of a rule base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFile {
    /// Path relative to the rule base; file order is its bytewise order.
    pub path: String,
    /// The content.
    pub text: String,
}

/// How deep rule files may nest; the format needs seven levels.
const DEPTH_LIMIT: usize = 16;

/// A YAML value and where it starts.
#[derive(Debug)]
pub(super) struct Node<'t> {
    pub(super) at: Position,
    pub(super) body: Body<'t>,
}

#[derive(Debug)]
pub(super) enum Body<'t> {
    Scalar { text: Cow<'t, str>, plain: bool },
    Sequence(Vec<Node<'t>>),
    Mapping(Vec<(Node<'t>, Node<'t>)>),
}

impl Body<'_> {
    /// What it is called in messages.
    pub(super) const fn kind(&self) -> &'static str {
        match self {
            Self::Scalar { .. } => "a scalar",
            Self::Sequence(_) => "a list",
            Self::Mapping(_) => "a mapping",
        }
    }
}

/// Reads one text. `None` when it holds no document or cannot be read; the
/// latter is in the report.
pub(super) fn parse<'t>(file: &Arc<str>, text: &'t str, report: &mut Report) -> Option<Node<'t>> {
    let options = granit_parser::options! {
        emit_comments: false,
        flow_nesting_limit: DEPTH_LIMIT,
        block_nesting_limit: DEPTH_LIMIT,
        disallow_directives: true,
    };
    let mut reader = Reader {
        events: Parser::new_from_str_with_options(text, options),
    };
    match reader.document() {
        Ok(node) => node,
        Err(Refusal { at, message }) => {
            let location = Location {
                file: Arc::clone(file),
                at,
            };
            report.error(location, "yaml", message);
            None
        }
    }
}

struct Reader<'t> {
    events: Parser<'t, granit_parser::StrInput<'t>>,
}

struct Refusal {
    at: Position,
    message: String,
}

fn refuse<T>(at: Position, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        at,
        message: message.into(),
    })
}

fn position(line: usize, column: usize) -> Position {
    let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
    Position {
        line: number(line),
        column: number(column.saturating_add(1)),
    }
}

impl<'t> Reader<'t> {
    fn next(&mut self) -> Result<(Event<'t>, Position), Refusal> {
        match self.events.next() {
            Some(Ok((event, span))) => Ok((event, start_of(span))),
            Some(Err(error)) => {
                let marker = error.marker();
                refuse(position(marker.line(), marker.col()), error.info())
            }
            None => refuse(position(1, 0), "the text ends too early"),
        }
    }

    fn document(&mut self) -> Result<Option<Node<'t>>, Refusal> {
        let mut root = None;
        loop {
            let (event, at) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(root),
                Event::DocumentStart(..) if root.is_some() => {
                    return refuse(at, "a rule file holds one document, this is the second");
                }
                Event::StreamStart | Event::DocumentStart(..) | Event::DocumentEnd => {}
                event => root = Some(self.node(event, at)?),
            }
        }
    }

    fn node(&mut self, event: Event<'t>, at: Position) -> Result<Node<'t>, Refusal> {
        let body = match event {
            Event::Scalar(text, style, anchor, tag) => {
                plain_node(at, anchor, tag.is_some())?;
                Body::Scalar {
                    text,
                    plain: style == ScalarStyle::Plain,
                }
            }
            Event::SequenceStart(_, anchor, tag) => {
                plain_node(at, anchor, tag.is_some())?;
                Body::Sequence(self.items()?)
            }
            Event::MappingStart(_, anchor, tag) => {
                plain_node(at, anchor, tag.is_some())?;
                Body::Mapping(self.entries()?)
            }
            _ => {
                return refuse(
                    at,
                    "aliases are not allowed in rule files; write the value out",
                );
            }
        };
        Ok(Node { at, body })
    }

    fn items(&mut self) -> Result<Vec<Node<'t>>, Refusal> {
        let mut items = Vec::new();
        loop {
            let (event, at) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                return Ok(items);
            }
            items.push(self.node(event, at)?);
        }
    }

    fn entries(&mut self) -> Result<Vec<(Node<'t>, Node<'t>)>, Refusal> {
        let mut entries = Vec::new();
        loop {
            let (event, at) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                return Ok(entries);
            }
            let key = self.node(event, at)?;
            let (event, at) = self.next()?;
            entries.push((key, self.node(event, at)?));
        }
    }
}

fn start_of(span: Span) -> Position {
    position(span.start.line(), span.start.col())
}

fn plain_node(at: Position, anchor: usize, tagged: bool) -> Result<(), Refusal> {
    if anchor != 0 {
        return refuse(
            at,
            "anchors are not allowed in rule files; write the value out",
        );
    }
    if tagged {
        return refuse(at, "tags are not allowed in rule files");
    }
    Ok(())
}
