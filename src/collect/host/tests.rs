//! Whether a file system is the node's own or a container's.

use std::fs;
use std::os::unix::fs::symlink;

use super::Host;

const FIRST: u32 = 4_026_531_836;

/// A `/proc` as a process sees it whose own and whose first process's root
/// mounts have these numbers.
fn is_the_node(namespace: u32, own: &str, first: Option<&str>) -> bool {
    let made = tempfile::tempdir().unwrap();
    let proc = made.path().join("proc");
    for (process, mount) in [("4242", Some(own)), ("1", first)] {
        fs::create_dir_all(proc.join(process).join("ns")).unwrap();
        if let Some(mount) = mount {
            let mounts = format!(
                "22 {mount} 0:21 / /proc rw - proc proc rw\n{mount} 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
            );
            fs::write(proc.join(process).join("mountinfo"), mounts).unwrap();
        }
    }
    symlink("4242", proc.join("self")).unwrap();
    symlink(format!("pid:[{namespace}]"), proc.join("4242/ns/pid")).unwrap();
    let host = Host {
        root: made.path().to_owned(),
        own: made.path().to_owned(),
        chosen: false,
    };
    host.is_the_node()
}

#[test]
fn only_who_shares_processes_and_mounts_with_the_first_process_sees_the_node() {
    assert!(is_the_node(FIRST, "27", Some("27")));
    // A pod with `hostPID`.
    assert!(!is_the_node(FIRST, "1400", Some("27")));
    // A container, whose first process is its own.
    assert!(!is_the_node(4_026_532_291, "1400", Some("1400")));
    // A `/proc` that hides the processes of others.
    assert!(!is_the_node(FIRST, "27", None));
}

#[test]
fn a_chosen_root_is_the_node() {
    assert!(Host::at("/nowhere").is_the_node());
}
