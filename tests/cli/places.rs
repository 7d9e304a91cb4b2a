//! Where results go and documents come from: files, pipes, links, archives, and
//! what is none of these.

use std::fs;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use super::support::{eidos, ended};

const SNAPSHOT: &str = "kind: Snapshot\napiVersion: snapshot.dgxc.io/v1\nmeasurements: []\n";

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_pipe_is_written_to_and_stays_one() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe.yaml");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    let reader = {
        let pipe = pipe.clone();
        thread::spawn(move || fs::read_to_string(pipe).unwrap())
    };
    ended(&["recipe", "--gpu", "h100", "-o", text(&pipe)], "", 0);
    assert!(reader.join().unwrap().starts_with("---\nkind: Recipe\n"));
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo());
    let (_, complaint) = ended(&["recipe", "-o", "/dev/full"], "", 3);
    assert!(complaint.contains("No space left"), "{complaint}");
}

#[test]
fn a_link_stays_a_link_and_a_private_file_private() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link.json"));
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&file, &link).unwrap();
    ended(&["recipe", "--gpu", "h100", "-o", text(&link)], "", 0);
    assert!(link.is_symlink());
    assert!(fs::read_to_string(&file).unwrap().starts_with('{'));
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    for arguments in [
        &["recipe", "--gpu", "h100", "--explain"][..],
        &["completion", "bash"],
        &["rules", "show", "gpu=h100"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_eidos"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Gone before anything is written, as the reader of a long output is later.
        drop(child.stdout.take());
        let mut said = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut said)
            .unwrap();
        assert_eq!(
            child.wait().unwrap().code(),
            Some(0),
            "{arguments:?}: {said}"
        );
        assert_eq!(said, "", "{arguments:?}");
    }
}

#[test]
fn what_only_files_hold_goes_to_no_address() {
    let folder = tempfile::tempdir().unwrap();
    let recipe = folder.path().join("recipe.yaml");
    ended(&["recipe", "--gpu", "h100", "-o", text(&recipe)], "", 0);
    for arguments in [
        &["recipe", "images", "--gpu", "h100"][..],
        &["validate", "-f", "-"],
        &["bundle", "-f", text(&recipe)],
        &["recipe", "--gpu", "h100", "-t", "table"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_eidos"))
            .args(arguments)
            .args(["-o", "cm://gpu-operator/x"])
            .current_dir(folder.path())
            .stdin(fs::File::open(&recipe).unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        // `validate` is given a recipe, and says that first.
        let code = if arguments.contains(&"validate") {
            5
        } else {
            2
        };
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(code == 5 || said.contains("hint: "), "{said}");
    }
    let (_, said) = ended(&["validate", "-f", "-", "-o", "https://x/y"], SNAPSHOT, 2);
    assert!(said.contains("`https://x/y` is no file"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn standard_input_and_output_are_used_once() {
    for (arguments, says) in [
        (&["diff", "-", "-"][..], "named twice"),
        (&["validate", "-f", "-", "--recipe", "-"], "named twice"),
        (&["snapshot", "--meta", "-"], "name a file for one of them"),
    ] {
        let (said, complaint) = ended(arguments, SNAPSHOT, 2);
        assert_eq!(said, "");
        assert!(complaint.contains(says), "{arguments:?}: {complaint}");
    }
    let folder = tempfile::tempdir().unwrap();
    let node = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/nodes/cpu");
    let snapshot = folder.path().join("snapshot.yaml");
    let flags = [
        "snapshot",
        "--root",
        node,
        "--collectors",
        "os",
        "--meta",
        "-",
    ];
    let (meta, _) = ended(
        &[flags.as_slice(), &["-o", text(&snapshot)]].concat(),
        "",
        0,
    );
    assert!(meta.contains("timestamp: "), "{meta}");
    let (_, said) = ended(&["diff", text(&snapshot)], "", 2);
    assert!(
        said.contains("alone is nothing to compare; hint: name"),
        "{said}"
    );
    ended(&["diff", "/nowhere"], "", 3);
    let recipe = folder.path().join("recipe.yaml");
    ended(&["recipe", "-o", text(&recipe)], "", 0);
    let (_, said) = ended(&["diff", text(&recipe), text(&snapshot)], "", 2);
    assert!(said.contains("hint: `eidos validate -f SNAPSHOT"), "{said}");
}

#[test]
fn an_archive_holds_what_the_folder_holds() {
    let folder = tempfile::tempdir().unwrap();
    let (recipe, _) = ended(&["recipe", "--gpu", "h100", "--service", "eks"], "", 0);
    let zip = folder.path().join("deep/bundles.zip");
    let bundle = |output: &str| eidos(&["bundle", "-f", "-", "-o", output], &recipe);
    let printed = bundle("-");
    assert!(printed.status.success());
    let wrote = bundle(text(&zip));
    assert!(wrote.status.success() && wrote.stdout.is_empty());
    assert_eq!(fs::read(&zip).unwrap(), printed.stdout);
    let tree = folder.path().join("tree");
    assert!(bundle(text(&tree)).status.success());
    for file in eidos::archive::unpack(&printed.stdout).unwrap() {
        let written = tree.join(&file.path);
        assert_eq!(fs::read(&written).unwrap(), file.bytes, "{}", file.path);
        assert_eq!(fs::metadata(&written).unwrap().mode() & 0o777, file.mode);
    }
    // A folder of that name is a folder.
    let named = folder.path().join("old.zip");
    fs::create_dir(&named).unwrap();
    assert!(bundle(text(&named)).status.success());
    assert!(named.join("gpu-operator/checksums.txt").exists());
}
