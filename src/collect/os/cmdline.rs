//! The kernel's command line as arguments with their values.
//!
//! Splits as the kernel does (`next_arg` in `lib/cmdline.c`). What an argument
//! means, and which must not be written, is not known here.

use std::collections::BTreeMap;

/// Arguments up to `--`: what follows is for the first process, not for the
/// kernel. An argument without a value has an empty one. One that is given
/// several times has all its different values, in order, with blanks between:
/// a blank cannot be part of an unquoted value.
pub(super) fn parse(line: &str) -> BTreeMap<String, String> {
    let mut arguments: BTreeMap<String, String> = BTreeMap::new();
    for word in words(line) {
        if word == "--" {
            break;
        }
        let (name, value) = word.split_once('=').unwrap_or((&word, ""));
        match arguments.get_mut(name) {
            Some(known) if known.split(' ').any(|one| one == value) => {}
            Some(known) => {
                known.push(' ');
                known.push_str(value);
            }
            None => {
                arguments.insert(name.to_owned(), value.to_owned());
            }
        }
    }
    arguments
}

/// Words between blanks that no quotes enclose, without their quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            blank if blank.is_whitespace() && !quoted => words.push(std::mem::take(&mut word)),
            other => word.push(other),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(line: &str, expected: &[(&str, &str)]) {
        let parsed = parse(line);
        let parsed: Vec<(&str, &str)> = parsed
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(parsed, expected, "{line}");
    }

    #[test]
    fn arguments_are_split_as_the_kernel_splits_them() {
        check("", &[]);
        check("ro quiet\n", &[("quiet", ""), ("ro", "")]);
        check("a=1 b=2=3  c=", &[("a", "1"), ("b", "2=3"), ("c", "")]);
        check(
            "dyndbg=\"file ec.c +p\" x",
            &[("dyndbg", "file ec.c +p"), ("x", "")],
        );
        check("\"a b=c d\" e", &[("a b", "c d"), ("e", "")]);
        check("open=\"never closed", &[("open", "never closed")]);
    }

    #[test]
    fn a_repeated_argument_keeps_every_value() {
        check(
            "console=tty0 console=ttyS0,115200 console=tty0",
            &[("console", "tty0 ttyS0,115200")],
        );
        check(
            "hugepagesz=1G hugepages=16 hugepagesz=2M hugepages=5128",
            &[("hugepages", "16 5128"), ("hugepagesz", "1G 2M")],
        );
    }

    #[test]
    fn what_is_for_the_first_process_is_no_argument_of_the_kernel() {
        check("a -- --port 1 token", &[("a", "")]);
    }
}
