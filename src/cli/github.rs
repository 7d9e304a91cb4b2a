//! What GitHub reads: workflow commands and table cells of Markdown.
//! <https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands>

use crate::model::Severity;

/// One annotation of a workflow run, with its line end.
pub(super) fn annotation(severity: Severity, title: &str, message: &str) -> String {
    let command = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    format!(
        "::{command} title={}::{}\n",
        property(title),
        escape(message)
    )
}

/// The value of a property.
pub(super) fn property(text: &str) -> String {
    escape(text).replace(':', "%3A").replace(',', "%2C")
}

/// A text that does not end the command it stands in.
pub(super) fn escape(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A text that stays inside its cell and is shown as it is.
pub(super) fn cell(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' | '\\' | '`' | '*' | '_' | '<' | '[' => shown.extend(['\\', character]),
            '\n' | '\r' => shown.push(' '),
            _ => shown.push(character),
        }
    }
    shown
}
