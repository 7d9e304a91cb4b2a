//! The command line as a table: what is parsed and what `--help` prints are the
//! same rows. What the values mean is left to [`super::options`].

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write;

use lexopt::Arg;

use crate::model::nearest;

/// One row of the table.
struct Flag {
    long: &'static str,
    short: Option<char>,
    /// What stands for its value; none for a switch.
    value: Option<&'static str>,
    meaning: &'static str,
}

const fn flag(long: &'static str, value: &'static str, meaning: &'static str) -> Flag {
    Flag {
        long,
        short: None,
        value: Some(value),
        meaning,
    }
}

const fn switch(long: &'static str, meaning: &'static str) -> Flag {
    Flag {
        long,
        short: None,
        value: None,
        meaning,
    }
}

impl Flag {
    const fn or(self, letter: char) -> Self {
        Self {
            short: Some(letter),
            ..self
        }
    }
}

const FLAGS: &[Flag] = &[
    flag(
        "output",
        "FILE|cm://NS/NAME|-",
        "where the snapshot goes: YAML, JSON for *.json",
    )
    .or('o'),
    flag("server", "URL", "post the snapshot and print the recipe"),
    switch(
        "validate",
        "print how far the node is from its recipe instead",
    ),
    flag(
        "intent",
        "NAME",
        "what the cluster is for, such as training",
    ),
    flag(
        "drift-baseline",
        "FILE|cm://NS/NAME",
        "print what differs from this snapshot",
    ),
    flag(
        "collectors",
        "NAMES",
        "what is measured [os,systemd,k8s,gpu]",
    ),
    flag("root", "DIR", "where the root of the node is mounted"),
    switch("full", "keep times, ids and counters too"),
    flag(
        "meta",
        "FILE",
        "write time and origin there, beside the snapshot",
    ),
    flag("interval", "TIME", "measure again and again, such as 6h"),
    flag(
        "spool",
        "DIR",
        "keep there what cannot be posted, for the next run",
    ),
    flag(
        "retry-for",
        "TIME",
        "how long to try to reach server and cluster [1m]",
    ),
    flag("timeout", "TIME", "how long to wait for one answer [30s]"),
    flag(
        "cacert",
        "FILE",
        "authorities to trust [SSL_CERT_FILE, the system's]",
    ),
    flag(
        "service-account",
        "DIR",
        "token and ca.crt of the pod's account",
    ),
    switch("help", "print this").or('h'),
    switch("version", "print the version").or('V'),
];

const EXAMPLES: &str = "\
Examples:
  print what this node is like
    eidos-agent
  keep it in the cluster, from a pod
    eidos-agent -o cm://gpu-operator/eidos-snapshot --root /host
  print the recipe for this node
    eidos-agent --server https://eidos.example.com --intent training
  post every six hours, lose nothing
    eidos-agent --server http://eidos-api-server:8080 --interval 6h --spool /spool
  print what differs from yesterday
    eidos-agent --drift-baseline yesterday.yaml

Environment:
  EIDOS_SERVER, EIDOS_API_KEY   the server, and the key it asks for
  NODE_NAME                     the node's name, in a pod from spec.nodeName
  HTTPS_PROXY, NO_PROXY         how to reach the server

Exit: 0 done; 1 findings, or nothing could be measured; 2 bad arguments;
3 a file; 4 Kubernetes; 5 no answer from the server.
";

/// What a command line asks for, before its values are understood.
#[derive(Debug)]
pub(super) enum Line {
    /// Values by name; empty for switches.
    Flags(BTreeMap<&'static str, OsString>),
    Help,
    Version,
}

/// Reads a command line without the program's name; what is wrong with it is
/// added to `wrong`.
pub(super) fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    wrong: &mut Vec<String>,
) -> Line {
    let mut parser = lexopt::Parser::from_args(arguments);
    let mut values = BTreeMap::new();
    loop {
        let (known, named) = match parser.next() {
            Ok(None) => return Line::Flags(values),
            Ok(Some(Arg::Long(name))) => (find(|flag| flag.long == name), format!("--{name}")),
            Ok(Some(Arg::Short(letter))) => (
                find(|flag| flag.short == Some(letter)),
                format!("-{letter}"),
            ),
            Ok(Some(Arg::Value(value))) => {
                wrong.push(format!(
                    "`{}` is not expected; see --help",
                    value.to_string_lossy()
                ));
                continue;
            }
            Err(error) => {
                wrong.push(error.to_string());
                return Line::Flags(values);
            }
        };
        let Some(flag) = known else {
            wrong.push(unknown(&named));
            // Its value, if it brought one.
            let _ = parser.optional_value();
            continue;
        };
        match flag.long {
            "help" => return Line::Help,
            "version" => return Line::Version,
            _ => {}
        }
        let value = match flag.value {
            None => OsString::new(),
            Some(value) => match parser.value() {
                Ok(given) => given,
                Err(_) => {
                    wrong.push(format!("--{} needs a value: {value}", flag.long));
                    continue;
                }
            },
        };
        if values.insert(flag.long, value).is_some() {
            wrong.push(format!("--{} is given twice", flag.long));
        }
    }
}

fn find(is_meant: impl Fn(&Flag) -> bool) -> Option<&'static Flag> {
    FLAGS.iter().find(|flag| is_meant(flag))
}

/// `flag` with its dashes.
fn unknown(flag: &str) -> String {
    let name = flag.trim_start_matches('-');
    match nearest(name, FLAGS.iter().map(|flag| flag.long)) {
        Some(near) => format!("unknown flag {flag}; did you mean --{near}?"),
        None => format!("unknown flag {flag}; see --help"),
    }
}

/// How to use the program.
pub(super) fn help() -> String {
    let mut text = String::from(
        "Measures a node: kernel, units, GPUs, cluster. Prints the snapshot, keeps it in\n\
         a file or a ConfigMap, or posts it and prints the recipe for the node.\n\n\
         Usage: eidos-agent [FLAG]...\n\n",
    );
    for flag in FLAGS {
        let letter = flag
            .short
            .map_or_else(|| "    ".to_owned(), |letter| format!("-{letter}, "));
        let value = flag
            .value
            .map_or_else(String::new, |value| format!(" {value}"));
        let name = format!("  {letter}--{}{value}", flag.long);
        // A long name has the line for itself.
        let gap = if name.len() > 28 { "\n" } else { "" };
        let width = if gap.is_empty() { 30 - name.len() } else { 30 };
        let _ = writeln!(text, "{name}{gap}{:width$}{}", "", flag.meaning);
    }
    text.push('\n');
    text.push_str(EXAMPLES);
    text
}
