//! Command lines and environments, good and bad.

use super::{Command, Options, Place, parse};
use crate::client::Trust;
use crate::client::service::Question;
use crate::collect::Source;
use crate::wire::Format;
use std::time::Duration;

fn parse_in(line: &str, environment: &[(&str, &str)]) -> Result<Command, Vec<String>> {
    let lookup = |name: &str| {
        let found = environment.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    parse(line.split_whitespace().map(Into::into), &lookup)
}

fn options(line: &str, environment: &[(&str, &str)]) -> Options {
    match parse_in(line, environment) {
        Ok(Command::Run(options)) => *options,
        other => panic!("{line}: {other:?}"),
    }
}

fn wrong(line: &str, environment: &[(&str, &str)]) -> String {
    parse_in(line, environment).unwrap_err().join("\n")
}

#[test]
fn without_flags_it_prints_everything_it_can_measure() {
    let options = options("", &[]);
    assert_eq!(options.output, Some(Place::Standard));
    assert_eq!(options.measure.sources, Source::ALL);
    assert!(options.post.is_none());
}

#[test]
fn every_flag_is_understood() {
    let options = options(
        "-o cm://gpu-operator/eidos-snapshot --server https://e.example/ --validate \
         --intent training --drift-baseline old.yaml --collectors gpu,os,gpu --root /host \
         --full --meta meta.json --interval 6h --spool /spool --retry-for 0 --timeout 90 \
         --cacert ca.pem --service-account /account",
        &[
            ("EIDOS_API_KEY", " canary\n"),
            ("EIDOS_SERVER", "http://other"),
            ("NODE_NAME", ""),
            ("HOSTNAME", "host"),
        ],
    );
    assert_eq!(
        options.output,
        Some(Place::ConfigMap {
            namespace: "gpu-operator".into(),
            name: "eidos-snapshot".into()
        })
    );
    assert_eq!(options.baseline, Some(Place::File("old.yaml".into())));
    assert_eq!(options.measure.sources, [Source::Gpu, Source::Os]);
    assert_eq!(options.measure.node.as_deref(), Some("host"));
    assert!(options.measure.full);
    assert_eq!(options.interval, Some(Duration::from_secs(6 * 3600)));
    assert_eq!(options.retry_for, Duration::ZERO);
    assert!(!format!("{options:?}").contains("canary"));
    let post = options.post.unwrap();
    assert_eq!(post.key.unwrap().0, "canary");
    assert_eq!(post.question, Question::Validate);
    assert_eq!(post.timeout, Duration::from_secs(90));
    assert_eq!(post.trust, Trust::File("ca.pem".into()));
}

#[test]
fn the_environment_names_a_server_too() {
    let server = [("EIDOS_SERVER", "http://e:8080")];
    let options = options("--validate", &server);
    assert_eq!(options.output, None);
    assert_eq!(options.post.unwrap().question, Question::Validate);
    // A manifest may spool for a server that nobody has named yet.
    assert!(
        self::options("--spool /spool", &[("EIDOS_SERVER", "")])
            .post
            .is_none()
    );
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let said = wrong(
        "--outptu x --collectors os,gup --interval 0 --retry-for soon -o cm://x --server eidos \
         --intent a&b extra -x --full --full --drift-baseline - \
         --meta -",
        &[("EIDOS_API_KEY", "canary canary")],
    );
    for expected in [
        "unknown flag --outptu; did you mean --output?",
        "--collectors: `gup` is no collector; allowed: os, systemd, k8s, gpu; did you mean `gpu`?",
        "--interval: `0` has to be longer than nothing",
        "--retry-for: `soon` is no time, such as 500ms, 30s or 6h",
        "--output: `cm://x` names no ConfigMap; write cm://NAMESPACE/NAME in lower case",
        "--server: `eidos` is no address of a server: it has to begin with http:// or https://",
        "--intent: `a&b` is no intent, such as training",
        "`extra` is not expected; see --help",
        "unknown flag -x; see --help",
        "--meta: standard output carries the snapshot",
        "--full is given twice",
        "EIDOS_API_KEY: a key has no blanks",
        "--drift-baseline: `-` is no baseline",
    ] {
        assert!(said.contains(expected), "{expected}\nnot in\n{said}");
    }
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn single_mistakes_are_explained() {
    for (line, expected) in [
        ("--output", "--output needs a value: FILE|cm://NS/NAME|-"),
        ("--full=1", "unexpected argument for option '--full'"),
        ("--validate", "--validate needs --server or EIDOS_SERVER"),
        ("--interval 2y", "is no time"),
        ("--interval 9000h", "longer than a year"),
        ("-o cm://a/b/c", "names no ConfigMap"),
        ("-o cm://A/b", "names no ConfigMap"),
    ] {
        let said = wrong(line, &[]);
        assert!(said.contains(expected), "{line}: {said}");
    }
}

#[test]
fn the_ending_of_a_file_decides_its_format() {
    for (name, format) in [
        ("a.json", Format::Json),
        ("a.yaml", Format::Yaml),
        ("json", Format::Yaml),
        ("-", Format::Yaml),
        ("cm://a/b.json", Format::Yaml),
    ] {
        assert_eq!(super::place(name).unwrap().format(), format, "{name}");
    }
}

#[test]
fn help_and_version_win() {
    assert!(matches!(parse_in("--bad -h", &[]), Ok(Command::Help)));
    assert!(matches!(parse_in("-V", &[]), Ok(Command::Version)));
    let help = super::flags::help();
    assert!(help.contains("--drift-baseline") && help.contains("Examples:"));
    assert!(
        help.lines().all(|line| line.chars().count() <= 82),
        "{help}"
    );
}
