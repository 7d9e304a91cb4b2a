//! Where a snapshot goes, and what comes back.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::receiver::{Receiver, Turn, error};
use super::{KEY, Node, finish, program, reading};

#[test]
fn an_unchanged_node_gives_the_same_bytes_wherever_they_go() {
    let node = Node::new();
    let printed = node.run("").expect(0).out;
    assert!(printed.starts_with("---\nkind: Snapshot\n"), "{printed}");
    node.run("-o deep/snapshot.yaml --meta meta.yaml").expect(0);
    node.run("-o snapshot.json --meta meta.json").expect(0);
    assert_eq!(
        fs::read_to_string(node.path("deep/snapshot.yaml")).unwrap(),
        printed
    );
    assert_eq!(node.names("deep"), ["snapshot.yaml"]);
    let json: Value =
        serde_json::from_slice(&fs::read(node.path("snapshot.json")).unwrap()).unwrap();
    let yaml: Value = serde_saphyr::from_str(&printed).unwrap();
    assert_eq!(json, yaml);
    assert_eq!(reading(&json, "OS", "grub", "hugepages"), "8");
    // Noise, by the rules that the server compares with.
    assert!(reading(&json, "OS", "grub", "BOOT_IMAGE").is_null());

    let meta: Value = serde_json::from_slice(&fs::read(node.path("meta.json")).unwrap()).unwrap();
    assert!(meta["timestamp"].as_str().unwrap().ends_with('Z'));
    assert!(meta["took-ms"]["os"].is_u64());
    let yaml = fs::read_to_string(node.path("meta.yaml")).unwrap();
    assert!(yaml.contains("\nagent-version: "), "{yaml}");
}

#[test]
fn everything_is_kept_when_it_is_asked_for() {
    let node = Node::new();
    let mut command = node.agent("--full -o full.json");
    finish(command.env("NODE_NAME", "node-1")).expect(0);
    let full: Value = serde_json::from_slice(&fs::read(node.path("full.json")).unwrap()).unwrap();
    assert_eq!(reading(&full, "OS", "grub", "BOOT_IMAGE"), "/vmlinuz");
    assert_eq!(full["metadata"]["source-node"], "node-1");
    assert!(full["metadata"]["snapshot-timestamp"].is_string());
}

#[test]
fn a_key_is_sent_and_never_shown() {
    let echo =
        r#"{"code":"UNAUTHORIZED","message":"who is KEY?","requestId":"KEY","retryable":false}"#;
    let turns = [
        Turn::Say(401, "", echo.to_owned()),
        Turn::Say(404, "", "<html>KEY</html>".to_owned()),
        Turn::Say(302, "Location: http://127.0.0.1:1/KEY\r\n", String::new()),
    ];
    let receiver = Receiver::start(turns);
    let node = Node::new();
    for words in ["who is Bearer ***?", "<html>Bearer ***</html>", "302"] {
        let run = node.run(&format!("--server {}", receiver.url())).expect(5);
        assert!(run.err.contains(words), "{}", run.err);
    }
    // None of them was worth a second attempt.
    let keys: Vec<String> = receiver.posts().into_iter().map(|post| post.key).collect();
    assert_eq!(keys, vec![format!("Bearer {KEY}"); 3]);
}

#[test]
fn what_fails_for_a_while_is_posted_again_as_the_same_bytes() {
    let turns = [
        Turn::Die,
        Turn::Say(
            503,
            "Retry-After: 1\r\n",
            error("SERVICE_UNAVAILABLE", true),
        ),
        Turn::Say(200, "", "<html>welcome</html>".to_owned()),
    ];
    let receiver = Receiver::start(turns);
    let node = Node::new();
    let run = node.run(&format!("--server {}", receiver.url())).expect(0);
    assert_eq!(run.json()["kind"], "Recipe");
    assert_eq!(run.err.matches("again in").count(), 3, "{}", run.err);
    let posts = receiver.posts();
    assert_eq!(posts.len(), 3);
    assert!(posts.iter().all(|post| *post == posts[0]));
}

#[test]
fn an_endless_answer_is_not_read_to_its_end() {
    let body = "x".repeat(5 << 20);
    let receiver = Receiver::start([Turn::Say(200, "", body)]);
    let run = Node::new()
        .run(&format!("--server {} --retry-for 0", receiver.url()))
        .expect(5);
    assert!(run.err.contains("more than 4194304 bytes"), "{}", run.err);
}

#[test]
fn a_baseline_shows_what_drifted() {
    let node = Node::new();
    node.run("-o baseline.yaml").expect(0);
    let same = node.run("--drift-baseline baseline.yaml").expect(0).json();
    assert_eq!(same["drifted"], false);
    node.file("proc/cmdline", "BOOT_IMAGE=/other audit=0 hugepages=8\n");
    let drift = node
        .run("--drift-baseline baseline.yaml -o baseline.yaml")
        .expect(1)
        .json();
    let changes = drift["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(changes[0]["path"], "OS.grub.audit");
    assert_eq!(changes[0]["baseline"], "1");
    // It was compared with what was there before it was overwritten.
    node.run("--drift-baseline baseline.yaml").expect(0);

    // What was not looked at has not drifted.
    node.run("--collectors systemd --drift-baseline baseline.yaml")
        .expect(0);
    fs::write(node.path("bad.yaml"), "kind: Pod\n").unwrap();
    for (file, words) in [
        ("bad.yaml", "`bad.yaml` cannot be used"),
        ("no.yaml", "cannot read"),
    ] {
        let run = node.run(&format!("--drift-baseline {file}")).expect(3);
        assert!(run.err.contains(words), "{}", run.err);
    }
}

/// A mount that is missing must not replace a good snapshot by an empty one.
#[test]
fn a_root_that_is_not_there_is_said_and_nothing_is_written() {
    let node = Node::new();
    node.run("-o snapshot.yaml").expect(0);
    let before = fs::read(node.path("snapshot.yaml")).unwrap();
    for root in ["/nowhere", "/etc/passwd"] {
        let mut command = Command::new(program());
        command.env_clear().current_dir(node.path("")).args([
            "-o",
            "snapshot.yaml",
            "--root",
            root,
        ]);
        let said = finish(&mut command).expect(3).err;
        assert!(
            said.contains(&format!("--root: `{root}` is no folder")),
            "{said}"
        );
    }
    assert_eq!(fs::read(node.path("snapshot.yaml")).unwrap(), before);
}

#[test]
fn what_cannot_be_written_is_said() {
    let node = Node::new();
    for (output, words) in [
        ("/dev/full", "No space left"),
        ("/proc/x/y", "cannot write `/proc/x/y`"),
        ("cm://a/b", "this is no pod"),
    ] {
        let code = if output.starts_with("cm:") { 4 } else { 3 };
        let run = node.run(&format!("-o {output}")).expect(code);
        assert!(run.err.contains(words), "{}", run.err);
    }
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let status = node
        .agent("")
        .stdout(full)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(3));
}

#[test]
fn bad_arguments_are_two_and_help_is_zero() {
    let node = Node::new();
    let run = node.run("--collector=os --interval 0").expect(2);
    assert_eq!(run.err.lines().count(), 2, "{}", run.err);
    assert!(node.run("--help").expect(0).out.contains("Examples:"));
    assert!(node.run("-V").expect(0).out.starts_with("eidos-agent "));
}
