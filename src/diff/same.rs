//! Whether a reading satisfies what is expected of it.

use crate::model::{Comparison, Reading, Version};

/// Whether `found` is what `expected` asks for.
#[must_use]
pub fn satisfies(mode: Comparison, expected: &Reading, found: &Reading) -> bool {
    let (wanted, given) = (expected.text(), found.text());
    if wanted == given {
        return true;
    }
    match mode {
        Comparison::Text => false,
        Comparison::Presence => true,
        Comparison::Version => releases(&wanted) == releases(&given),
        Comparison::Minimum => match (wanted.parse::<Version>(), given.parse::<Version>()) {
            (Ok(minimum), Ok(version)) => version.point() >= minimum.point(),
            _ => false,
        },
        Comparison::Command => command(&wanted) == command(&given),
        Comparison::Set => words(&wanted) == words(&given),
    }
}

/// The words of a list such as `[a b]`, sorted.
fn words(list: &str) -> Vec<&str> {
    let mut words: Vec<&str> = list
        .trim_start_matches('[')
        .trim_end_matches(']')
        .split_whitespace()
        .collect();
    words.sort_unstable();
    words
}

/// Names that image tags of one release differ by: the distribution the image is
/// built on.
const DISTRIBUTIONS: [&str; 14] = [
    "ubuntu",
    "ubi",
    "rhel",
    "rhcos",
    "centos",
    "rocky",
    "debian",
    "bookworm",
    "bullseye",
    "alpine",
    "sles",
    "amzn",
    "al2",
    "distroless",
];

/// The releases of a tag or of several, joined by `,`.
fn releases(tags: &str) -> Vec<&str> {
    let mut releases: Vec<&str> = tags.split(',').map(|tag| release(tag.trim())).collect();
    releases.sort_unstable();
    releases.dedup();
    releases
}

/// A tag without the distribution behind its last `-`.
fn release(tag: &str) -> &str {
    let Some((rest, last)) = tag.rsplit_once('-') else {
        return tag;
    };
    let distribution = DISTRIBUTIONS.iter().any(|name| {
        let version = last.strip_prefix(name);
        version.is_some_and(|version| {
            version
                .chars()
                .all(|character| character.is_ascii_digit() || character == '.')
        })
    });
    if distribution { rest } else { tag }
}

/// How many numbers systemd lists behind the arguments of a command: four times,
/// the process id, the kind and the status of its end
/// (org.freedesktop.systemd1(5), `ExecStart`).
const RUN_NUMBERS: usize = 7;

/// Commands without the numbers of their last run.
fn command(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut closed = String::new();
    for word in text.split(' ') {
        kept.push(word);
        let number = word.trim_end_matches(']');
        // `]` closes the command that this number ends.
        if number.len() == word.len() || !is_number(number) {
            continue;
        }
        let start = kept.len().saturating_sub(RUN_NUMBERS);
        let (before, numbers) = kept.split_at(start);
        let flags = |word: &&str| word.ends_with(']') || matches!(*word, "true" | "false");
        let inner = numbers
            .split_last()
            .is_some_and(|(_, inner)| inner.iter().all(|word| is_number(word)));
        if numbers.len() == RUN_NUMBERS && inner && before.last().is_some_and(flags) {
            closed.push_str(&before.join(" "));
            closed.push_str(word.trim_start_matches(number));
            closed.push(' ');
            kept.clear();
        }
    }
    closed.push_str(&kept.join(" "));
    closed.trim_end().to_owned()
}

fn is_number(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::satisfies;
    use crate::model::Comparison::{self, Command, Minimum, Presence, Set, Text, Version};

    fn check(mode: Comparison, expected: &str, found: &str, outcome: bool) {
        let given = satisfies(mode, &expected.into(), &found.into());
        assert_eq!(given, outcome, "{mode:?}: {expected} against {found}");
    }

    #[test]
    fn an_image_is_its_release_whatever_it_is_built_on() {
        check(Version, "v1.17.5", "v1.17.5-ubuntu20.04", true);
        check(Version, "4.1.1-2-ubuntu22.04", "4.1.1-2-ubi9", true);
        check(Version, "4.1.1-2", "4.1.1-3", false);
        check(Version, "v1.17.5", "v1.17.8-ubuntu20.04", false);
        check(Version, "v25.3.0", "v25.3.0-rc.1", false);
        check(Version, "2.11.6", "2.11.6-alpine", true);
        check(Version, "v1,v2", "v2-ubi8,v1", true);
        check(Version, "v1", "v1,v2", false);
    }

    #[test]
    fn a_minimum_is_reached_by_every_later_version() {
        check(Minimum, "1.30", "v1.30.14-eks-3025e55", true);
        check(Minimum, "1.33.5", "1.33.4", false);
        check(Minimum, "1.33", "unknown", false);
    }

    #[test]
    fn presence_and_text_are_what_they_say() {
        check(Presence, "true", "false", true);
        check(Text, "1", "1", true);
        check(Text, "1", "01", false);
    }

    #[test]
    fn a_list_of_units_has_no_order() {
        check(Set, "[a.slice b.target]", "[b.target a.slice]", true);
        check(Set, "[a.slice b.target]", "[a.slice]", false);
        check(Set, "[a.slice]", "[a.slice a.slice]", false);
        check(Set, "[]", "[a.slice]", false);
    }

    #[test]
    fn a_command_is_compared_without_its_last_run() {
        let first = "[[/bin/a [/bin/a --x 1] false 1754471111 240758 0 0 38444 0 0]]";
        let later = "[[/bin/a [/bin/a --x 1] false 1754999999 999999 0 0 4 1 0]]";
        check(Command, first, later, true);
        check(Command, first, &later.replace("--x 1", "--x 2"), false);
        check(Command, first, "[[/bin/a [/bin/a --x 1] false]]", true);
        check(
            Command,
            "[/bin/a [/bin/a 1 2 3 4 5 6 7]",
            "[/bin/a [/bin/a 8]",
            false,
        );
        let two = format!("{first} {later}");
        check(Command, &two, &two.replace("38444", "7"), true);
    }
}
