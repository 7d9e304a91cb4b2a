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

/// A path or another exact text, as code inside a cell. Nothing is escaped in code
/// but what would end the cell; backticks are fenced by more of them.
pub(super) fn code(text: &str) -> String {
    let runs = text.split(|character| character != '`');
    let fence = "`".repeat(runs.map(str::len).max().unwrap_or_default() + 1);
    let text = text.replace(['\n', '\r'], " ").replace('|', "\\|");
    let blank = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// A text that stays inside its cell and is shown as it is.
pub(super) fn cell(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '|' | '\\' | '`' | '*' | '_' | '~' | '&' | '<' | '[' => {
                shown.extend(['\\', character]);
            }
            '\n' | '\r' => shown.push(' '),
            _ => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::{annotation, cell, code};
    use crate::model::Severity;

    #[test]
    fn what_a_node_says_stays_inside_its_annotation() {
        assert_eq!(
            annotation(Severity::Warning, "a:b,c", "100%\n::error::x\r"),
            "::warning title=a%3Ab%2Cc::100%25%0A::error::x%0D\n"
        );
    }

    #[test]
    fn cells_show_a_text_as_it_is() {
        for (text, shown) in [
            ("a|b", "a\\|b"),
            ("*_`~", "\\*\\_\\`\\~"),
            ("<img>&lt;", "\\<img>\\&lt;"),
            ("two\nlines", "two lines"),
        ] {
            assert_eq!(cell(text), shown);
        }
    }

    #[test]
    fn code_in_cells_shows_a_path_as_it_is() {
        for (text, shown) in [
            (
                "OS.sysctl./proc/sys/vm/nr_hugepages",
                "`OS.sysctl./proc/sys/vm/nr_hugepages`",
            ),
            ("a|b", "`a\\|b`"),
            ("a`b", "``a`b``"),
            ("``a", "``` ``a ```"),
        ] {
            assert_eq!(code(text), shown);
        }
    }
}
