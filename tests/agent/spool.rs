//! Nothing measured is lost, and nothing is sent twice as different bytes.

use std::collections::BTreeSet;
use std::process::Command;

use sha2::{Digest, Sha256};

use super::receiver::{Receiver, Turn, error};
use super::{Node, finish};

fn name_of(body: &[u8]) -> String {
    format!("{}.json", hex::encode(Sha256::digest(body)))
}

/// One run in which the node is in state `audit`.
fn run(node: &Node, receiver: &Receiver, audit: &str, code: i32) -> super::Finished {
    node.file("proc/cmdline", &format!("audit={audit}\n"));
    let url = receiver.url();
    node.run(&format!(
        "--server {url} --spool spool --retry-for 0 --timeout 300ms"
    ))
    .expect(code)
}

fn bodies(receiver: &Receiver) -> Vec<Vec<u8>> {
    receiver.posts().into_iter().map(|post| post.body).collect()
}

#[test]
fn whatever_the_server_does_every_snapshot_arrives_in_order() {
    let node = Node::new();
    let turns = [
        Turn::Die,
        Turn::Say(
            429,
            "Retry-After: 9\r\n",
            error("RATE_LIMIT_EXCEEDED", true),
        ),
        Turn::Say(503, "", error("SERVICE_UNAVAILABLE", true)),
        Turn::Say(502, "", "<html>bad gateway</html>".to_owned()),
        Turn::Silence,
        Turn::DieAfter,
        Turn::Say(200, "", "garbage \u{7}".to_owned()),
    ];
    let count = turns.len();
    let receiver = Receiver::start(turns);
    for number in 0..count {
        let said = run(&node, &receiver, &number.to_string(), 5).err;
        assert!(said.contains("kept in `spool/"), "{said}");
        assert_eq!(node.names("spool").len(), number + 1);
    }
    let before = bodies(&receiver).len();
    run(&node, &receiver, "last", 0);
    assert_eq!(node.names("spool"), Vec::<String>::new());

    let delivered = bodies(&receiver).split_off(before);
    assert_eq!(delivered.len(), count + 1);
    for (number, body) in delivered.iter().enumerate() {
        let state = if number == count {
            "last".to_owned()
        } else {
            number.to_string()
        };
        let text = String::from_utf8_lossy(body);
        assert!(text.contains(&format!("\"audit\":\"{state}\"")), "{text}");
    }
    // What was sent more than once was sent as the same bytes.
    let all: BTreeSet<Vec<u8>> = bodies(&receiver).into_iter().collect();
    assert_eq!(all.len(), count + 1);
}

#[test]
fn files_are_named_by_what_they_hold() {
    let node = Node::new();
    let receiver = Receiver::start([Turn::Silence, Turn::Silence]);
    run(&node, &receiver, "1", 5);
    // The same state again is the same file.
    run(&node, &receiver, "1", 5);
    let name = name_of(&bodies(&receiver)[0]);
    assert_eq!(node.names("spool"), [name]);
}

#[test]
fn one_that_is_refused_or_broken_on_does_not_hold_up_the_others() {
    for refuse in [
        Turn::Say(400, "", error("INVALID_REQUEST", false)),
        // A defect that only this document meets.
        Turn::Say(500, "", error("INTERNAL_ERROR", true)),
    ] {
        let node = Node::new();
        let receiver = Receiver::start([Turn::Die, refuse]);
        run(&node, &receiver, "1", 5);
        let said = run(&node, &receiver, "2", 0).err;
        assert!(
            said.contains("stays: ") && said.contains("delete it"),
            "{said}"
        );
        assert_eq!(node.names("spool").len(), 1);
        run(&node, &receiver, "3", 0);
        assert_eq!(node.names("spool"), Vec::<String>::new());
    }
}

#[test]
fn a_wrong_key_gives_up_nothing() {
    let node = Node::new();
    let refuse = || Turn::Say(401, "", error("UNAUTHORIZED", false));
    let receiver = Receiver::start([refuse(), refuse()]);
    run(&node, &receiver, "1", 5);
    run(&node, &receiver, "2", 5);
    assert_eq!(node.names("spool").len(), 2);
    // The second run did not even try the second one.
    assert_eq!(receiver.posts().len(), 2);
    run(&node, &receiver, "3", 0);
    assert_eq!(node.names("spool"), Vec::<String>::new());
}

#[test]
fn a_spool_that_cannot_keep_is_said_and_does_not_stop_the_post() {
    let node = Node::new();
    let receiver = Receiver::start([Turn::Recipe, Turn::Die]);
    let url = receiver.url();
    let run = |code| {
        let line = format!("--server {url} --spool /proc/x --retry-for 0");
        node.run(&line).expect(code).err
    };
    assert!(run(0).contains("spool: `/proc/x"));
    let said = run(3);
    assert!(said.contains("not posted: "), "{said}");
}

#[test]
fn a_full_disk_is_said() {
    let node = Node::new();
    let receiver = Receiver::start([Turn::Die]);
    let small = "mkdir -p spool && mount -t tmpfs -o size=4k none spool && exec \"$@\"";
    let mut shell = Command::new("unshare");
    shell.args(["--map-root-user", "--mount", "sh", "-c"]);
    let possible = shell
        .args(["mount -t tmpfs none /mnt"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !possible {
        eprintln!("skipped: no user namespaces here, so no small disk");
        return;
    }
    node.file("proc/cmdline", &"x".repeat(9_000).replace("xxxx", "aaa="));
    let url = receiver.url();
    let agent = node.agent(&format!("--server {url} --spool spool --retry-for 0"));
    let mut shell = Command::new("unshare");
    shell
        .args(["--map-root-user", "--mount", "sh", "-c", small, "sh"])
        .arg(agent.get_program())
        .args(agent.get_args())
        .current_dir(node.path(""));
    let said = finish(&mut shell).expect(3).err;
    assert!(said.contains("No space left"), "{said}");
    assert!(said.contains("hint: make room there"), "{said}");
}
