//! Nodes that do harm: endless files, FIFOs, commands that hang, ways out.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use eidos::collect::{CommandError, Host, HostError, gpu, os};
use eidos::model::MeasurementType;

use super::{bytes, copy, folder, node, program, put, reading, snapshot};

fn fifo(path: &Path) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let made = Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

#[test]
fn nothing_leads_out_of_the_root() {
    let made = tempfile::tempdir().unwrap();
    let root = made.path().join("node");
    put(made.path(), "outside", "the machine's own secret");
    put(&root, "inside", "the node's");
    put(&root, "etc/real", "the node's");
    for (link, target) in [
        ("etc/up", "../../outside"),
        ("etc/far-up", "../../../../../../../../outside"),
        ("etc/absolute", "/inside"),
        ("etc/self", "/etc/up"),
        ("folder", "/"),
    ] {
        symlink(target, root.join(link)).unwrap();
    }
    let absolute = made.path().join("outside");
    symlink(&absolute, root.join("etc/name")).unwrap();
    put(&root, "outside-too", "x");
    let host = node(&root);
    let read = |path: &str| host.text(path, 100);
    assert_eq!(read("/etc/absolute").as_deref(), Ok("the node's"));
    assert_eq!(
        read("/folder/folder/etc/../inside").as_deref(),
        Ok("the node's")
    );
    assert_eq!(read("/../../inside").as_deref(), Ok("the node's"));
    for path in [
        "/etc/up",
        "/etc/far-up",
        "/etc/self",
        "/etc/name",
        "/../outside",
        "/folder/../outside",
    ] {
        assert_eq!(
            read(path),
            Err(HostError::Absent(path.to_owned())),
            "{path}"
        );
    }
    symlink("circle", root.join("circle")).unwrap();
    assert_eq!(
        read("/circle"),
        Err(HostError::TooManyLinks("/circle".to_owned()))
    );
}

#[test]
fn what_is_no_file_is_not_opened() {
    let made = tempfile::tempdir().unwrap();
    fifo(&made.path().join("fifo"));
    fs::create_dir(made.path().join("folder")).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(made.path().join("socket")).unwrap();
    let host = node(made.path());
    for path in ["/fifo", "/folder", "/socket"] {
        assert_eq!(
            host.read(path, 10),
            Err(HostError::NotAFile(path.to_owned()))
        );
    }
    let zero = Host::at("/").read("/dev/zero", 10);
    assert_eq!(zero, Err(HostError::NotAFile("/dev/zero".to_owned())));
}

#[test]
fn a_hostile_proc_costs_only_its_own_readings() {
    let made = copy("h100");
    let root = made.path();
    fifo(&root.join("proc/sys/kernel/a-fifo"));
    put(root, "proc/sys/kernel/garbage", [0xff, 0xfe, 0, 1]);
    put(root, "proc/sys/kernel/large", vec![b'1'; 2 << 20]);
    symlink("/proc/sys", root.join("proc/sys/kernel/again")).unwrap();
    symlink(
        "../../../../../../etc/passwd",
        root.join("proc/sys/kernel/way-out"),
    )
    .unwrap();
    // 100 MiB without a block on the disk.
    File::create(root.join("proc/cmdline"))
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    put(root, "proc/modules", vec![b'm'; 2 << 20]);
    for folder in 0..20 {
        let deep = "d/".repeat(folder);
        put(root, &format!("proc/sys/deep/{deep}value"), "1");
    }
    let started = Instant::now();
    let collected = os::collect(&node(root)).unwrap();
    let took = started.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    let left: Vec<&String> = collected.notes.iter().collect();
    assert_eq!(
        left,
        [
            "kernel arguments: `/proc/cmdline` has more than 65536 bytes",
            "kernel modules: `/proc/modules` has more than 262144 bytes",
            "sysctl: 1 are no text, such as: `/proc/sys/kernel/garbage` is not UTF-8",
            "sysctl: 1 are too large, such as: `/proc/sys/kernel/large` has more than 65536 bytes",
        ]
    );
    let untouched = os::collect(&node(folder("h100"))).unwrap();
    let sysctls = |collected: &eidos::collect::Collected| -> Vec<String> {
        let keys = collected
            .readings
            .keys()
            .filter(|path| &*path.subtype == "sysctl");
        keys.map(|path| path.key.to_string())
            .filter(|key| !key.starts_with("/proc/sys/deep/"))
            .collect()
    };
    assert_eq!(sysctls(&collected), sysctls(&untouched));
}

#[test]
fn much_text_in_many_files_is_not_kept() {
    let made = tempfile::tempdir().unwrap();
    for number in 0..100 {
        put(
            made.path(),
            &format!("proc/sys/vm/{number:03}"),
            vec![b'a'; 60_000],
        );
    }
    let collected = os::collect(&node(made.path())).unwrap();
    assert_eq!(collected.readings.len(), (1 << 20) / 60_000);
    let said = "sysctl: 83 are too large, such as: `/proc/sys` has more than 1048576 bytes";
    assert!(
        collected.notes.iter().any(|note| note == said),
        "{:?}",
        collected.notes
    );
}

#[test]
fn commands_end_in_time_with_all_that_they_started() {
    let made = tempfile::tempdir().unwrap();
    // Whoever reads this meets its end when the last writer is gone.
    let held = made.path().join("held");
    fifo(&held);
    // The child of the child would outlive its parent.
    let script = format!(
        "#!/bin/sh\n(sleep 120; echo late) > {} &\nsleep 120\n",
        held.display()
    );
    program(made.path(), "hangs", &script);
    let reader = thread::spawn(move || fs::read_to_string(held).unwrap());
    let limit = Duration::from_millis(500);
    let answer = Host::command(&made.path().join("hangs"), &[], limit, 100);
    assert!(
        matches!(answer, Err(CommandError::TooSlow(..))),
        "{answer:?}"
    );
    assert_eq!(reader.join().unwrap(), "");
}

#[test]
fn a_command_that_closes_its_output_and_stays_is_ended() {
    let made = tempfile::tempdir().unwrap();
    program(
        made.path(),
        "stays",
        "#!/bin/sh\necho done\nexec >&- 2>&-\nexec sleep 600\n",
    );
    let limit = Duration::from_millis(500);
    let answer = Host::command(&made.path().join("stays"), &[], limit, 100);
    assert!(
        matches!(answer, Err(CommandError::TooSlow(..))),
        "{answer:?}"
    );
}

#[test]
fn a_command_that_writes_without_end_is_ended() {
    let made = tempfile::tempdir().unwrap();
    program(
        made.path(),
        "yes",
        "#!/bin/sh\nexec head -c 1073741824 /dev/zero\n",
    );
    let answer = Host::command(
        &made.path().join("yes"),
        &[],
        Duration::from_secs(60),
        1 << 20,
    );
    assert!(
        matches!(answer, Err(CommandError::TooMuch(..))),
        "{answer:?}"
    );
}

#[test]
fn a_relative_root_is_no_hindrance() {
    let made = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR").to_owned() + "/target").unwrap();
    let relative = Path::new("target").join(made.path().file_name().unwrap());
    let script =
        "#!/bin/sh\necho '<nvidia_smi_log><driver_version>1.2</driver_version></nvidia_smi_log>'\n";
    program(made.path(), "usr/bin/nvidia-smi", script);
    let collected = gpu::collect(&node(relative)).unwrap();
    assert!(collected.notes.is_empty(), "{:?}", collected.notes);
}

#[test]
fn a_command_knows_nothing_of_this_process() {
    let made = tempfile::tempdir().unwrap();
    program(
        made.path(),
        "env",
        "#!/bin/sh\nenv | sed 's/=.*//' | sort | tr '\\n' ' '\n",
    );
    let answer = Host::command(
        &made.path().join("env"),
        &[],
        Duration::from_secs(60),
        1 << 20,
    )
    .unwrap();
    let names = String::from_utf8(answer.text).unwrap();
    assert!(!names.contains("CARGO"), "{names}");
    assert!(
        names.contains("PATH") && names.contains("LC_ALL"),
        "{names}"
    );
}

#[test]
fn a_node_whose_nvidia_smi_writes_a_gibibyte_still_has_gpus() {
    let made = copy("h100");
    program(
        made.path(),
        "usr/bin/nvidia-smi",
        "#!/bin/sh\nexec head -c 1073741824 /dev/zero\n",
    );
    let snapshot = snapshot(&node(made.path()));
    let count = reading(&snapshot, MeasurementType::Gpu, "smi", "gpu-count");
    assert_eq!(count.map(ToString::to_string).as_deref(), Some("8"));
    assert_eq!(snapshot.metadata["collector.gpu"], "ok");
    assert!(bytes(&snapshot).len() < 100_000);
}
