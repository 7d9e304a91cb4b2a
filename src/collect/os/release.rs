//! The fields of an `os-release` file.
//!
//! Format: freedesktop.org, os-release(5). Where the file is, and whose it is,
//! is not known here.

/// Every field with a value, unquoted.
pub(super) fn parse(text: &str) -> Vec<(String, String)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), unquote(value.trim())))
        .filter(|(name, value)| !name.is_empty() && !value.is_empty())
        .collect()
}

/// As a shell reads one word: in single quotes everything is literal, else a
/// backslash takes the next character as it is.
fn unquote(value: &str) -> String {
    let inner = |quote| value.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(literal) = inner('\'') {
        return literal.to_owned();
    }
    let mut characters = inner('"').unwrap_or(value).chars();
    let mut plain = String::new();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn fields_lose_their_quotes_and_comments_are_no_fields() {
        let text = "# a comment\nNAME=\"Ubuntu\"\nVERSION_ID='24.04'\n\nID=ubuntu\nEMPTY=\"\"\n\
                    broken\n PRETTY_NAME = \"A \\\"B\\\" \\$5\"\n=x\nODD=\"\n";
        let fields: Vec<String> = parse(text)
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            fields,
            [
                "NAME=Ubuntu",
                "VERSION_ID=24.04",
                "ID=ubuntu",
                "PRETTY_NAME=A \"B\" $5",
                "ODD=\""
            ]
        );
    }
}
