//! What people read before they type.

use super::support::ended;

/// The subcommands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
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
