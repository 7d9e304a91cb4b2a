//! One way to run the command line.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `eidos` to its end.
pub fn eidos(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_eidos"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its input closes it.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Runs `eidos`, expects an exit code, and gives both outputs.
pub fn ended(arguments: &[&str], input: &str, code: i32) -> (String, String) {
    let output = eidos(arguments, input);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (said, complained) = (text(output.stdout), text(output.stderr));
    let shown = format!("{arguments:?}\n{said}\n{complained}");
    assert_eq!(output.status.code(), Some(code), "{shown}");
    (said, complained)
}

/// The snapshot of a real node, where it is at hand.
pub fn real(name: &str) -> Option<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/snapshots");
    let path = folder.join(format!("{name}.yaml"));
    let found = std::fs::read_to_string(&path).ok();
    if found.is_none() {
        eprintln!("skipped: {} is not here", path.display());
    }
    found
}
