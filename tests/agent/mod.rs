//! The real agent on small made-up nodes, against servers that behave and servers
//! that do not.

mod cluster;
mod delivery;
mod footprint;
mod lifecycle;
mod receiver;
mod recorded;
#[cfg(feature = "server")]
mod service;
mod spool;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

/// Long enough for any machine; nothing waits this long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);

/// In every request, and in nothing that the agent prints or keeps.
const KEY: &str = "canary-key-of-the-server";

/// A node whose root is a folder, and a place for what the agent writes.
struct Node {
    folder: TempDir,
}

/// The agent: the one that cargo built, or the static one that `make agent` built.
fn program() -> PathBuf {
    let other = std::env::var_os("EIDOS_AGENT_BIN");
    other.map_or_else(|| env!("CARGO_BIN_EXE_eidos-agent").into(), PathBuf::from)
}

/// What became of a run.
#[derive(Debug)]
struct Finished {
    code: i32,
    out: String,
    err: String,
}

impl Node {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let node = Self { folder };
        node.file("etc/os-release", "ID=ubuntu\nVERSION_ID=\"24.04\"\n");
        node.file("proc/cmdline", "BOOT_IMAGE=/vmlinuz audit=1 hugepages=8\n");
        node.file("proc/modules", "nvidia 1 0 - Live 0x0\n");
        node.file("proc/sys/kernel/osrelease", "6.8.0-1028-aws\n");
        node
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("root")
    }

    /// Where the agent writes.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("out").join(name)
    }

    /// The agent on this node, its kernel and distribution only: they are enough
    /// where the journey of a snapshot is looked at.
    fn agent(&self, arguments: &str) -> Command {
        let mut command = Command::new(program());
        command
            .env_clear()
            .env("EIDOS_API_KEY", KEY)
            .arg("--root")
            .arg(self.root());
        if !arguments.contains("--collectors") {
            command.args(["--collectors", "os"]);
        }
        fs::create_dir_all(self.path("")).unwrap();
        command.current_dir(self.path(""));
        command.args(arguments.split_whitespace());
        command
    }

    fn run(&self, arguments: &str) -> Finished {
        finish(&mut self.agent(arguments))
    }

    /// The names below a folder of what the agent wrote, sorted.
    fn names(&self, folder: &str) -> Vec<String> {
        names(&self.path(folder))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let mut names: Vec<String> = entries.map(|entry| name(entry.unwrap())).collect();
    names.sort();
    names
}

fn finish(command: &mut Command) -> Finished {
    let output = command.output().unwrap();
    finished(output)
}

fn finished(output: Output) -> Finished {
    let finished = Finished {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    };
    for secret in [KEY, crate::kubernetes::TOKEN] {
        assert!(!finished.out.contains(secret), "{finished:?}");
        assert!(!finished.err.contains(secret), "{finished:?}");
    }
    finished
}

impl Finished {
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// The one JSON document on standard output.
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// The reading at a path of a snapshot in JSON.
fn reading<'a>(snapshot: &'a Value, kind: &str, subtype: &str, key: &str) -> &'a Value {
    let found = |list: &'a Value, field: &str, name: &str| {
        let list = list.as_array().unwrap();
        list.iter().find(|entry| entry[field] == name)
    };
    found(&snapshot["measurements"], "type", kind)
        .and_then(|measurement| found(&measurement["subtypes"], "subtype", subtype))
        .map_or(&Value::Null, |subtype| &subtype["data"][key])
}
