//! Ends at once when it is told to, and goes on until then.

use std::fs;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::receiver::{Receiver, Turn};
use super::{Finished, Node, PATIENCE, finished, program};

fn terminate(child: &Child) {
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
}

fn spawn(command: &mut Command) -> Child {
    let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    piped.spawn().unwrap()
}

fn end(child: Child) -> Finished {
    terminate(&child);
    finished(child.wait_with_output().unwrap())
}

#[test]
fn a_signal_in_mid_post_loses_nothing() {
    let node = Node::new();
    let receiver = Receiver::start([Turn::Silence]);
    let line = format!("--server {} --spool spool --timeout 10m", receiver.url());
    let child = spawn(&mut node.agent(&line));
    receiver.wait();
    let started = Instant::now();
    end(child).expect(143);
    assert!(started.elapsed() < PATIENCE);
    assert_eq!(node.names("spool").len(), 1);

    node.run(&line).expect(0);
    let posts = receiver.posts();
    assert_eq!(posts[0].body, posts[1].body);
    assert_eq!(node.names("spool"), Vec::<String>::new());
}

/// Whenever the signal comes, the file is whole and alone.
#[test]
fn a_signal_leaves_no_half_written_file() {
    let node = Node::new();
    // Long enough to be in the middle of writing it every now and then.
    let modules: Vec<String> = (0..2_000)
        .map(|number| format!("module{number} 1"))
        .collect();
    node.file("proc/modules", &modules.join("\n"));
    node.run("-o snapshot.yaml").expect(0);
    let whole = fs::read(node.path("snapshot.yaml")).unwrap();
    assert!(whole.len() > 30_000);
    for writes in 0..12 {
        let child = spawn(&mut node.agent("-o snapshot.yaml --interval 1ms"));
        // A new file is a new inode: as many writes later, at no certain moment.
        let mut seen = 0;
        let mut last = None;
        let deadline = Instant::now() + PATIENCE;
        while seen <= writes + 1 {
            let inode = std::os::unix::fs::MetadataExt::ino(
                &fs::metadata(node.path("snapshot.yaml")).unwrap(),
            );
            if last.replace(inode) != Some(inode) {
                seen += 1;
            }
            assert!(Instant::now() < deadline, "it does not write");
        }
        end(child).expect(143);
        assert_eq!(fs::read(node.path("snapshot.yaml")).unwrap(), whole);
        assert_eq!(node.names(""), ["snapshot.yaml"]);
    }
}

#[test]
fn an_interval_goes_on_whatever_fails() {
    let node = Node::new();
    let receiver = Receiver::start([Turn::Recipe, Turn::DieAfter, Turn::Recipe, Turn::Silence]);
    let line = format!("--server {} --interval 1ms --retry-for 0", receiver.url());
    let child = spawn(&mut node.agent(&line));
    for _ in 0..4 {
        receiver.wait();
    }
    let run = end(child).expect(143);
    assert_eq!(run.out.lines().count(), 2, "{run:?}");
    assert_eq!(run.err.matches("not posted").count(), 1, "{run:?}");
}

/// Looks at the real machine, as a user who may read little of it.
#[test]
fn nobody_measures_what_nobody_may_read_and_says_so() {
    let mut command = Command::new(program());
    command.env_clear().current_dir("/").stdin(Stdio::null());
    // Only root can become somebody else; everybody else is nobody already.
    if is_root() {
        command.uid(65532).gid(65532);
    }
    match command.output() {
        Ok(output) => {
            let run = finished(output).expect(0);
            assert!(run.out.contains("collector.os: ok"), "{run:?}");
            assert!(run.err.contains("k8s is absent"), "{run:?}");
        }
        Err(error) => eprintln!("skipped: nobody may run what cargo built: {error}"),
    }
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output().unwrap();
    output.stdout == b"0\n"
}
