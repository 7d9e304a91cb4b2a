//! What is said and what stays where there is no room for a result.

use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::support::ended;

#[test]
fn a_full_disk_is_said_and_nothing_half_written_stays() {
    // The machine's own device, which says that it is full and is still one after.
    let (_, said) = ended(&["recipe", "--gpu", "h100", "-o", "/dev/full"], "", 3);
    assert!(
        said.contains("cannot write `/dev/full`: No space left"),
        "{said}"
    );
    assert!(
        fs::metadata("/dev/full")
            .unwrap()
            .file_type()
            .is_char_device()
    );
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_eidos"))
        .args(["recipe", "--gpu", "h100"])
        .stdout(Stdio::from(full))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("cannot write the result: No space left"),
        "{said}"
    );
}

#[test]
fn a_small_disk_keeps_what_it_had() {
    let unshare = |script: &str, folder: &Path| {
        Command::new("unshare")
            .args(["--map-root-user", "--mount", "sh", "-c", script])
            .arg(env!("CARGO_BIN_EXE_eidos"))
            .current_dir(folder)
            .output()
    };
    let folder = tempfile::tempdir().unwrap();
    let possible = unshare("mount -t tmpfs none /mnt", folder.path());
    if !possible.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no user namespaces here, so no small disk");
        return;
    }
    let script =
        "mkdir disk && mount -t tmpfs -o size=8k none disk && cd disk && echo old > recipe.yaml
        \"$0\" recipe --gpu h100 -o recipe.yaml; echo $?
        \"$0\" recipe --gpu h100 | \"$0\" bundle -f - -o bundles; echo $?
        cat recipe.yaml; ls -A";
    let output = unshare(script, folder.path()).unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let complained = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "3\n3\nold\nbundles\nrecipe.yaml\n", "{complained}");
    assert_eq!(
        complained.matches("No space left").count(),
        2,
        "{complained}"
    );
}
