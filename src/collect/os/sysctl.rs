//! Kernel parameters below `/proc/sys`.
//!
//! Left out: what belongs to the network namespace of this process and not to
//! the node (`net`), drives without a medium (`dev/cdrom`), and what belongs to
//! a container's namespaces. Counters are read like the rest: that they are
//! noise is data, not known here.

use std::collections::BTreeMap;

use super::path;
use crate::collect::{Collected, Host, HostError};

const BASE: &str = "/proc/sys";
const NEVER: &[&str] = &["/proc/sys/net", "/proc/sys/dev/cdrom"];
/// The longest file that is read; nearly all fit into a page.
const LARGEST: u64 = 64 << 10;
/// The most that all of them may say together; a node says some 20 KiB.
const MOST: usize = 1 << 20;

/// Parameters that each namespace of a kind has for itself, by what they begin
/// with, and the number of the first namespace of that kind, which is the
/// node's (`PROC_IPC_INIT_INO` and `PROC_UTS_INIT_INO` in the kernel's
/// `include/linux/proc_ns.h`).
///
/// That number is asked for, rather than whether the first process is in the
/// same namespace: only root may ask that, and in a container the first process
/// is the container's own.
const NAMESPACED: &[(&str, &str, &[&str])] = &[
    (
        "ipc",
        "ipc:[4026531839]",
        &[
            "/proc/sys/kernel/shm",
            "/proc/sys/kernel/msg",
            "/proc/sys/kernel/sem",
            "/proc/sys/kernel/auto_msgmni",
            "/proc/sys/fs/mqueue",
        ],
    ),
    (
        "uts",
        "uts:[4026531838]",
        &["/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname"],
    ),
];

pub(super) fn collect(host: &Host, collected: &mut Collected) {
    let mut hidden: Vec<&str> = Vec::new();
    for (kind, first, prefixes) in NAMESPACED {
        let own = host.link(&format!("/proc/self/ns/{kind}"));
        if !own.is_ok_and(|own| own == *first) {
            collected.note(format!(
                "sysctl: parameters of the {kind} namespace are left out: it is not the node's"
            ));
            hidden.extend(*prefixes);
        }
    }
    let skip =
        |path: &str| NEVER.contains(&path) || hidden.iter().any(|prefix| path.starts_with(prefix));
    let mut problems: BTreeMap<&'static str, (usize, String)> = BTreeMap::new();
    let mut complain = |error: HostError| {
        let (count, _) = problems
            .entry(reason(&error))
            .or_insert_with(|| (0, error.to_string()));
        *count += 1;
    };
    let mut left = MOST;
    let mut unlisted = Vec::new();
    let walked = host.walk(BASE, skip, |file| match host.text(file, LARGEST) {
        Ok(text) if text.len() > left => complain(HostError::TooLarge {
            path: BASE.to_owned(),
            limit: MOST as u64,
        }),
        Ok(text) => {
            left -= text.len();
            for (key, value) in parse(file, &text) {
                collected.add(path("sysctl", &key), value);
            }
        }
        Err(error) => complain(error),
    });
    match walked {
        Ok(folders) => unlisted.extend(folders),
        Err(error) => unlisted.push(error),
    }
    unlisted.into_iter().for_each(complain);
    // A node has a hundred of these, all alike, when the user is not root.
    for (reason, (count, example)) in problems {
        collected.note(format!("sysctl: {count} {reason}, such as: {example}"));
    }
}

fn reason(error: &HostError) -> &'static str {
    match error {
        HostError::Denied(_) => "may not be read",
        HostError::Absent(_) => "are not there",
        HostError::NotText(_) => "are no text",
        HostError::TooLarge { .. } => "are too large",
        HostError::NotAFile(_) | HostError::TooManyLinks(_) | HostError::Io { .. } => {
            "cannot be read"
        }
    }
}

/// One value, or one a line where every line has a name and a value. Lines of
/// other texts that are empty or comments are dropped; a comment alone is a
/// value (`kernel/version` begins with `#`).
fn parse(file: &str, text: &str) -> Vec<(String, String)> {
    let whole = text.trim();
    let lines: Vec<&str> = whole
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    if !whole.contains('\n') {
        return vec![(file.to_owned(), whole.to_owned())];
    }
    let named: Option<Vec<(String, String)>> = lines
        .iter()
        .map(|line| {
            let (name, value) = line.split_once(char::is_whitespace)?;
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            Some((format!("{file}/{name}"), value))
        })
        .collect();
    match named {
        Some(named) if named.len() > 1 => named,
        _ => vec![(file.to_owned(), lines.join("\n"))],
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn check(text: &str, expected: &[(&str, &str)]) {
        let parsed = parse("/p", text);
        let parsed: Vec<(&str, &str)> = parsed
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        assert_eq!(parsed, expected, "{text}");
    }

    #[test]
    fn a_parameter_is_a_value_or_a_table() {
        check("1\n", &[("/p", "1")]);
        check("", &[("/p", "")]);
        check("4\t4\t1\t7\n", &[("/p", "4\t4\t1\t7")]);
        check("#26-Ubuntu SMP\n", &[("/p", "#26-Ubuntu SMP")]);
        check(
            "tcp 1048576\nudp  32768 x\n",
            &[("/p/tcp", "1048576"), ("/p/udp", "32768 x")],
        );
        check("# head\n\none two\n", &[("/p", "one two")]);
        check("one\ntwo\n", &[("/p", "one\ntwo")]);
        check("a 1\nalone\n", &[("/p", "a 1\nalone")]);
    }
}
