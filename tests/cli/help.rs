//! What people read before they type.

use super::support::ended;

/// The subcommands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next())
        // What does not fit a line goes on further to the right.
        .filter(|name| !name.is_empty() && *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_shows_how_it_is_used() {
    let mut waiting = vec![Vec::<String>::new()];
    let mut leaves = 0;
    while let Some(path) = waiting.pop() {
        let mut arguments: Vec<&str> = path.iter().map(String::as_str).collect();
        arguments.push("--help");
        let (help, _) = ended(&arguments, "", 0);
        let below = commands(&help);
        if below.is_empty() || help.contains("[OPTIONS]") && !path.is_empty() {
            assert!(help.contains("Examples:\n"), "{path:?}\n{help}");
            leaves += 1;
        }
        for name in below {
            waiting.push(path.iter().cloned().chain([name]).collect());
        }
    }
    assert!(leaves >= 12, "{leaves}");
}

#[test]
fn a_mistyped_word_is_answered_with_the_one_that_was_meant() {
    for (arguments, says) in [
        (
            &["recipee"][..],
            "hint: a similar subcommand exists: 'recipe'",
        ),
        (
            &["rules", "lnt"],
            "hint: a similar subcommand exists: 'lint'",
        ),
        (
            &["recipe", "--gup", "h100"],
            "hint: a similar argument exists: '--gpu'",
        ),
        (
            &["query", "--srvice", "eks"],
            "hint: a similar argument exists: '--service'",
        ),
        (
            &["recipe", "images", "--ous", "rhel"],
            "hint: a similar argument exists: '--os'",
        ),
        (
            &["diff", "a", "b", "-t", "jsno"],
            "hint: a similar value exists: 'json'",
        ),
        (
            &["recipe", "--gpu", "h10"],
            "--gpu: `h10` is not a known value; allowed: ",
        ),
    ] {
        let (said, complaint) = ended(arguments, "", 2);
        assert_eq!(said, "");
        assert!(complaint.contains(says), "{arguments:?}: {complaint}");
        assert!(!complaint.contains("tip:"), "{complaint}");
    }
}
