//! YAML lines of more than 80 columns, broken without changing a value.
//!
//! The YAML writer counts a text's own length only, so that a long text deep in
//! a document, after a long key or without blanks still leaves a line that
//! `yamllint` refuses. Its output has one scalar a line, which is all that is
//! assumed here.

use std::fmt::Write;

/// What `yamllint` allows.
const WIDTH: usize = 80;

/// A bare scalar longer than this is a text: numbers are shorter.
const LONGEST_NUMBER: usize = 40;

/// The document with `---` before it and every line within [`WIDTH`], except
/// words that cannot be broken and that `yamllint` therefore passes.
pub(super) fn fold(lines: &str) -> String {
    let mut out = String::with_capacity(lines.len() + lines.len() / 8);
    out.push_str("---\n");
    for line in lines.lines() {
        if fits(line) {
            out.push_str(line);
            out.push('\n');
        } else {
            fold_line(&mut out, line);
        }
    }
    out
}

/// Bytes first: they are never fewer than characters.
fn fits(line: &str) -> bool {
    line.len() <= WIDTH || line.chars().count() <= WIDTH
}

fn fold_line(out: &mut String, line: &str) {
    let mut rest = line.trim_start_matches(' ');
    let mut indent = line.len() - rest.len();
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item;
        indent += 2;
    }
    out.push_str(line.get(..indent).unwrap_or_default());
    // A key of more than 1,024 bytes has a line to itself, and its value another.
    if let Some(key) = rest.strip_prefix("? ") {
        out.push_str("? ");
        return write_quoted(out, &escaped(key), indent, 2);
    }
    if let Some(value) = rest.strip_prefix(": ") {
        out.push_str(": ");
        return write_text(out, value, indent, 2);
    }
    let (key, value) = split_key(rest);
    let Some(key) = key else {
        return write_text(out, value, indent, 0);
    };
    // Room for the key, `: ` and the least a value needs on the key's line.
    let column = indent + key.chars().count() + 2;
    let value_fits = fits(value) && column + value.chars().count() <= WIDTH;
    if value_fits || (is_text(value) && column + 4 <= WIDTH) {
        let _ = write!(out, "{key}: ");
        return write_text(out, value, indent, column - indent);
    }
    out.push_str("? ");
    write_quoted(out, &escaped(key), indent, 2);
    let _ = write!(out, "{:indent$}:", "");
    if value.is_empty() {
        out.push('\n');
        return;
    }
    out.push(' ');
    write_text(out, value, indent, 2);
}

/// A key and its value, or no key and an item.
fn split_key(text: &str) -> (Option<&str>, &str) {
    let quote = text
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''));
    let key_end = match quote {
        Some(quote) => closing(text, quote),
        None if text.ends_with(':') => text.len() - 1,
        // A bare text never holds `: `, so that the first one ends a key.
        None => text.find(": ").unwrap_or(text.len()),
    };
    let (key, after) = text.split_at_checked(key_end).unwrap_or((text, ""));
    match after.strip_prefix(':') {
        Some(value) => (Some(key), value.trim_start_matches(' ')),
        None => (None, text),
    }
}

/// The position after the quote that closes a quoted text.
fn closing(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character == '\\' && quote == '"' {
            characters.next();
        } else if character == quote {
            if quote == '\'' && characters.peek().is_some_and(|(_, next)| *next == quote) {
                characters.next();
            } else {
                return at + 1;
            }
        }
    }
    text.len()
}

fn is_text(value: &str) -> bool {
    value.starts_with(['"', '\'']) || value.contains(' ') || value.len() > LONGEST_NUMBER
}

/// A value in the shortest form that fits: as it is, folded at blanks, or
/// quoted and broken anywhere. `used` counts columns after the indentation.
fn write_text(out: &mut String, value: &str, indent: usize, used: usize) {
    if !is_text(value) || indent + used + value.chars().count() <= WIDTH {
        out.push_str(value);
        out.push('\n');
        return;
    }
    let bare = match value
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''))
    {
        Some(quoted) => quoted.replace("''", "'"),
        None => value.to_owned(),
    };
    if value.starts_with('"') || !folds(&bare, indent + 2) {
        return write_quoted(out, &escaped(value), indent, used);
    }
    out.push_str(">-\n");
    let mut column = 0;
    for word in bare.split(' ') {
        let length = word.chars().count();
        if column == 0 {
            let _ = write!(out, "{:1$}", "", indent + 2);
            column = indent + 2;
        } else if column + 1 + length > WIDTH {
            let _ = write!(out, "\n{:1$}", "", indent + 2);
            column = indent + 2;
        } else {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}

/// Whether a text keeps its meaning when each line break stands for one blank,
/// and each word fits a line.
fn folds(text: &str, indent: usize) -> bool {
    text.split(' ')
        .all(|word| !word.is_empty() && indent + word.chars().count() <= WIDTH)
}

/// The inside of a double-quoted scalar with the same value.
fn escaped(scalar: &str) -> String {
    if let Some(quoted) = scalar
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
    {
        return quoted.to_owned();
    }
    let bare = match scalar
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''))
    {
        Some(quoted) => quoted.replace("''", "'"),
        None => scalar.to_owned(),
    };
    bare.replace('\\', "\\\\").replace('"', "\\\"")
}

/// A double-quoted scalar over as many lines as it needs: `\` at a line's end
/// joins it with the next, whose leading blanks do not count.
fn write_quoted(out: &mut String, inside: &str, indent: usize, used: usize) {
    out.push('"');
    let mut column = indent + used + 1;
    let mut rest = inside;
    while !rest.is_empty() {
        let (unit, after) = rest
            .split_at_checked(unit_length(rest))
            .unwrap_or((rest, ""));
        let length = unit.chars().count();
        // Room for this unit and a `\` or `"` after it.
        if column + length + 1 > WIDTH {
            let _ = write!(out, "\\\n{:1$}", "", indent + 2);
            column = indent + 2;
            if unit == " " {
                out.push('\\');
                column += 1;
            }
        }
        out.push_str(unit);
        column += length;
        rest = after;
    }
    out.push_str("\"\n");
}

/// The bytes of the first character or escape sequence, which must not be torn.
fn unit_length(text: &str) -> usize {
    let mut characters = text.chars();
    match (characters.next(), characters.next()) {
        (Some('\\'), Some('x')) => 4,
        (Some('\\'), Some('u')) => 6,
        (Some('\\'), Some('U')) => 10,
        (Some('\\'), Some(escaped)) => 1 + escaped.len_utf8(),
        (Some(first), _) => first.len_utf8(),
        (None, _) => 0,
    }
}
