//! GPUs by way of `nvidia-smi`, the driver and the PCI bus.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use eidos::collect::{CollectError, Collected, Host, gpu};

use super::{copy, node, program, put};

fn readings(collected: &Collected) -> Vec<String> {
    let line = |(path, reading): (&eidos::model::Path, _)| format!("{}={reading}", path.key);
    collected.readings.iter().map(line).collect()
}

fn measure(host: &Host) -> (Vec<String>, Vec<String>) {
    let collected = gpu::collect(host).unwrap();
    (readings(&collected), collected.notes)
}

const FROM_DRIVER: [&str; 5] = [
    "driver=570.133.20",
    "gpu-count=8",
    "gpu.gsp-firmware-version=570.133.20",
    "gpu.model=NVIDIA H100 80GB HBM3",
    "gpu.vbios-version=96.00.BC.00.01",
];

#[test]
fn each_source_stands_in_for_the_one_before() {
    let made = copy("h100");
    let host = node(made.path());
    let (whole, notes) = measure(&host);
    assert_eq!(whole.len(), 11, "{whole:?}");
    assert!(notes.is_empty(), "{notes:?}");

    fs::remove_file(made.path().join("usr/bin/nvidia-smi")).unwrap();
    let (driver, notes) = measure(&host);
    assert_eq!(driver, FROM_DRIVER);
    assert!(notes.is_empty(), "{notes:?}");
    assert!(driver.iter().all(|line| whole.contains(line)));

    fs::remove_dir_all(made.path().join("proc/driver")).unwrap();
    let (bus, notes) = measure(&host);
    assert_eq!(bus, ["gpu-count=8", "gpu.model=NVIDIA H100 80GB HBM3"]);
    assert_eq!(
        notes,
        ["no driver answers: the GPUs are those on the PCI bus"]
    );

    fs::remove_dir_all(made.path().join("sys")).unwrap();
    let absent = gpu::collect(&host);
    assert!(matches!(absent, Err(CollectError::Absent(_))), "{absent:?}");
}

#[test]
fn an_nvidia_smi_that_fails_alone_is_a_failure_and_not_an_absence() {
    let made = tempfile::tempdir().unwrap();
    program(
        made.path(),
        "usr/bin/nvidia-smi",
        "#!/bin/sh\necho No devices were found\nexit 6\n",
    );
    match gpu::collect(&node(made.path())) {
        Err(CollectError::Failed(why)) => assert_eq!(why, "`nvidia-smi` ended with 6"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_nvidia_smi_that_hangs_is_left_behind() {
    let made = copy("h100");
    for place in ["usr/bin/nvidia-smi", "usr/local/bin/nvidia-smi"] {
        program(made.path(), place, "#!/bin/sh\nexec sleep 600\n");
    }
    let limit = Duration::from_millis(300);
    let started = Instant::now();
    let collected = gpu::collect_within(&node(made.path()), limit).unwrap();
    assert!(started.elapsed() < Duration::from_secs(30));
    assert_eq!(readings(&collected), FROM_DRIVER);
    // The second was not waited for: together they have one limit.
    assert_eq!(collected.notes, ["`nvidia-smi` did not end in time"]);
}

#[test]
fn a_warning_beside_a_good_answer_is_an_answer() {
    let made = copy("h100");
    let script = "#!/bin/sh\ncat \"${0%/bin/nvidia-smi}/share/nvidia-smi.xml\"\nexit 14\n";
    program(made.path(), "usr/bin/nvidia-smi", script);
    assert_eq!(measure(&node(made.path())).0.len(), 11);
}

#[test]
fn what_gpus_differ_in_is_listed() {
    let made = copy("h100");
    let document = made.path().join("usr/share/nvidia-smi.xml");
    let text = fs::read_to_string(&document).unwrap();
    let mixed = text
        .replacen("NVIDIA H100 80GB HBM3", "NVIDIA A100 &amp; more", 1)
        .replacen("<persistence_mode>Disabled", "<persistence_mode>Enabled", 3);
    fs::write(&document, mixed).unwrap();
    let (readings, _) = measure(&node(made.path()));
    for line in [
        "gpu-count=8",
        "gpu.model=NVIDIA A100 & more,NVIDIA H100 80GB HBM3",
        "gpu.persistence-mode=Disabled,Enabled",
        "gpu.product-architecture=Hopper",
    ] {
        assert!(readings.contains(&line.to_owned()), "{line}: {readings:?}");
    }
}

#[test]
fn hostile_documents_end_in_the_next_source() {
    let deep = "<a>".repeat(100_000);
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    let long = "x".repeat(1 << 20);
    for (name, document) in [
        ("deep", format!("<nvidia_smi_log>{deep}")),
        (
            "long",
            format!("<nvidia_smi_log><driver_version>{long}</driver_version></nvidia_smi_log>"),
        ),
        (
            "crossed",
            "<nvidia_smi_log><driver_version>1</nvidia_smi_log></driver_version>".to_owned(),
        ),
        (
            "entities",
            format!("{bomb}<nvidia_smi_log><driver_version>&b;</driver_version></nvidia_smi_log>"),
        ),
        (
            "no log",
            "<html><driver_version>1</driver_version></html>".to_owned(),
        ),
        ("garbage", "\0\u{1}\u{fffd}<<<>>>&&&".to_owned()),
        ("empty", String::new()),
    ] {
        let made = copy("h100");
        put(made.path(), "usr/share/nvidia-smi.xml", document);
        let (readings, notes) = measure(&node(made.path()));
        assert_eq!(readings, FROM_DRIVER, "{name}");
        assert_eq!(notes.len(), 1, "{name}: {notes:?}");
        assert!(notes[0].len() < 300, "{name}: {notes:?}");
    }
}

#[test]
fn a_script_is_run_as_it_is_though_the_node_has_a_loader() {
    let made = copy("h100");
    for loader in ["lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1"] {
        program(made.path(), loader, "#!/bin/sh\nexit 127\n");
    }
    let (readings, notes) = measure(&node(made.path()));
    assert_eq!(readings.len(), 11, "{notes:?}");
}

/// A program that needs the loader and the libraries of the node, because the
/// loader that it names is nowhere.
#[test]
fn a_container_without_libraries_uses_those_of_the_node() {
    let made = copy("h100");
    let root = made.path();
    let document = root.join("usr/share/nvidia-smi.xml");
    let source = root.join("smi.c");
    fs::write(
        &source,
        format!(
            "#include <stdio.h>\nint main(void) {{ FILE *f = fopen(\"{}\", \"r\"); int c; \
             while (f && (c = getc(f)) != EOF) putchar(c); return 0; }}",
            document.display()
        ),
    )
    .unwrap();
    let program = root.join("usr/bin/nvidia-smi");
    let built = Command::new("cc")
        .arg("-Wl,--dynamic-linker=/nowhere/ld.so")
        .arg("-o")
        .args([&program, &source])
        .status();
    if !built.is_ok_and(|status| status.success()) {
        eprintln!("skipped: there is no C compiler");
        return;
    }
    assert!(
        Command::new(&program).spawn().is_err(),
        "it runs without the node"
    );
    let Some((loader, library)) = loader_and_library() else {
        eprintln!("skipped: this machine's loader has another name");
        return;
    };
    // In the operator's driver container, which is a root inside the node's.
    let driver = root.join("run/nvidia/driver");
    for (from, to) in [
        (&*loader, format!("lib64/{}", name(&loader))),
        (&*library, format!("usr/lib64/{}", name(&library))),
    ] {
        let to = driver.join(to);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(from, to).unwrap();
    }
    if loader.starts_with("/lib/") {
        fs::rename(driver.join("lib64"), driver.join("lib")).unwrap();
    }
    let (readings, notes) = measure(&node(root));
    assert_eq!(readings.len(), 11, "{readings:?} {notes:?}");
}

fn name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn loader_and_library() -> Option<(PathBuf, PathBuf)> {
    let loader = ["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"]
        .map(PathBuf::from)
        .into_iter()
        .find(|path| path.exists())?;
    let maps = fs::read_to_string("/proc/self/maps").ok()?;
    let library = maps.lines().find_map(|line| {
        line.split_whitespace()
            .last()
            .filter(|path| path.ends_with("/libc.so.6"))
    })?;
    Some((loader, library.into()))
}
