//! A verdict as test results: one case a value, as Jenkins, GitLab and others
//! read `JUnit` files. <https://github.com/testmoapp/junitxml>

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use crate::assess::{Outcome, Verdict};
use crate::cli::output::one_line;
use crate::model::Reading;

/// One check.
struct Case {
    class: String,
    name: String,
    outcome: CaseOutcome,
}

enum CaseOutcome {
    Passed,
    Failed(String),
    Skipped,
}

pub(super) fn report(verdict: &Verdict) -> io::Result<Vec<u8>> {
    let cases = cases(verdict);
    let count = |wanted: fn(&CaseOutcome) -> bool| {
        let found = cases.iter().filter(|case| wanted(&case.outcome)).count();
        found.to_string()
    };
    let failures = count(|outcome| matches!(outcome, CaseOutcome::Failed(_)));
    let skipped = count(|outcome| matches!(outcome, CaseOutcome::Skipped));
    let total = cases.len().to_string();
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let counted = [
        ("name", "eidos validate"),
        ("tests", total.as_str()),
        ("failures", failures.as_str()),
        ("skipped", skipped.as_str()),
    ];
    let suite = writer.create_element("testsuite").with_attributes(counted);
    suite.write_inner_content(|writer| cases.iter().try_for_each(|case| write(writer, case)))?;
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    Ok(bytes)
}

fn write(writer: &mut Writer<Vec<u8>>, case: &Case) -> io::Result<()> {
    let (class, name) = (held(&case.class), held(&case.name));
    let said = [("classname", class.as_str()), ("name", name.as_str())];
    let element = writer.create_element("testcase").with_attributes(said);
    match &case.outcome {
        CaseOutcome::Passed => element.write_empty()?,
        CaseOutcome::Skipped => element.write_inner_content(|writer| {
            let skipped = writer.create_element("skipped");
            skipped
                .with_attribute(("message", "not measured"))
                .write_empty()?;
            Ok(())
        })?,
        CaseOutcome::Failed(message) => element.write_inner_content(|writer| {
            let message = held(message);
            let failure = writer.create_element("failure");
            let failure = failure.with_attribute(("message", message.as_str()));
            failure.write_text_content(BytesText::new(&message))?;
            Ok(())
        })?,
    };
    Ok(())
}

/// Text without the characters that XML 1.0 cannot hold, not even escaped.
fn held(text: &str) -> String {
    let held = |character| match character {
        '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'.. => character,
        _ => char::REPLACEMENT_CHARACTER,
    };
    text.chars().map(held).collect()
}

fn cases(verdict: &Verdict) -> Vec<Case> {
    let values = verdict.findings.iter().map(|finding| Case {
        class: format!("{}.{}", finding.path.kind, finding.path.subtype),
        name: finding.path.key.to_string(),
        outcome: if finding.deviates() {
            failed(&one_line(&finding.expected), finding.found.as_ref())
        } else if finding.outcome == Outcome::Missing {
            CaseOutcome::Skipped
        } else {
            CaseOutcome::Passed
        },
    });
    let ranges = verdict.ranges.iter().map(|range| Case {
        class: "constraint".to_owned(),
        name: range.path.to_string(),
        outcome: match range.outcome {
            Outcome::Pass => CaseOutcome::Passed,
            Outcome::Fail => failed(&range.range.to_string(), range.found.as_ref()),
            Outcome::Missing => CaseOutcome::Skipped,
        },
    });
    let issues = verdict.errors().map(|issue| Case {
        class: "known-issue".to_owned(),
        name: issue.id.clone(),
        outcome: CaseOutcome::Failed(format!("{} {}", issue.message, issue.remedy)),
    });
    values.chain(ranges).chain(issues).collect()
}

fn failed(expected: &str, found: Option<&Reading>) -> CaseOutcome {
    let found = found.map_or_else(|| "nothing".to_owned(), one_line);
    CaseOutcome::Failed(format!("expected {expected}, found {found}"))
}

#[cfg(test)]
mod tests {
    use super::{Case, CaseOutcome, Writer, held, write};

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        let text = || "a\u{1}b".to_owned();
        let case = Case {
            class: text(),
            name: text(),
            outcome: CaseOutcome::Failed(text()),
        };
        let mut writer = Writer::new(Vec::new());
        write(&mut writer, &case).unwrap();
        let written = String::from_utf8(writer.into_inner()).unwrap();
        assert_eq!(written.matches("a\u{fffd}b").count(), 4, "{written}");
        assert_eq!(held("a\tb\n<é😀>"), "a\tb\n<é😀>");
        assert_eq!(held("\0a\u{1b}[0m\u{ffff}"), "\u{fffd}a\u{fffd}[0m\u{fffd}");
    }
}
