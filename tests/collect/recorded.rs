//! Recorded machines: with GPUs, without, broken.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use eidos::model::{MeasurementType, Path, Reading, Snapshot};
use eidos::wire::{Document, Format, read_document};

use super::{bus, bytes, copy, folder, node, reading, reports, snapshot};

/// Why a snapshot differs from the recorded one, by what the line starts with.
/// The first that fits is the reason; a difference without one fails the test.
const REASONS: &[(&str, &str)] = &[
    (
        "- SystemD.docker.service:",
        "the unit is not installed; the recording tool wrote systemd's defaults for it",
    ),
    (
        "- SystemD.kubelet.service:",
        "the unit is not installed; the recording tool wrote systemd's defaults for it",
    ),
    (
        "- SystemD.containerd.service.Environment",
        "environments hold secrets and are never written",
    ),
    (
        "+ SystemD.containerd.service.Id",
        "the recording tool drops the name; of an alias it says which unit is behind it",
    ),
    (
        "~ SystemD.containerd.service.Exec",
        "start times, process ids and exit codes of the last run are not configuration",
    ),
    (
        "~ SystemD.containerd.service.",
        "lists of units are sorted; systemd keeps them in no order",
    ),
    (
        "~ OS.release.",
        "the recording tool read its container's release file; the node runs Ubuntu 22.04.5",
    ),
    (
        "- OS.release.LOGO",
        "the recording tool read its container's release file; the node runs Ubuntu 22.04.5",
    ),
    (
        "~ OS.sysctl./proc/sys/kernel/version",
        "the recording tool takes a value that begins with # for a comment",
    ),
];

fn recorded() -> Snapshot {
    let text = fs::read(folder("h100/recorded.yaml")).unwrap();
    match read_document(&text, Format::Yaml).unwrap() {
        Document::Snapshot(snapshot) => snapshot,
        other @ Document::Criteria(_) => panic!("{other:?}"),
    }
}

/// One line a reading, or one for all of a subtype that is gone.
fn differences(before: &Snapshot, after: &Snapshot) -> BTreeSet<String> {
    let gone = |path: &Path| {
        let same = |other: &&Path| (other.kind, &other.subtype) == (path.kind, &path.subtype);
        let count = before.readings.keys().filter(same).count();
        let gone = !after.readings.keys().any(|other| same(&other));
        gone.then(|| format!("- {}.{}: all {count} readings", path.kind, path.subtype))
    };
    let paths = before.readings.keys().chain(after.readings.keys());
    let line = |path: &Path| match (before.readings.get(path), after.readings.get(path)) {
        (Some(old), Some(new)) if old.agrees_with(new) => None,
        (Some(old), Some(new)) => Some(format!("~ {path}: {:?} → {:?}", old.text(), new.text())),
        (Some(_), None) => Some(gone(path).unwrap_or_else(|| format!("- {path}"))),
        (None, new) => Some(format!("+ {path}: {:?}", new.unwrap().text())),
    };
    paths.filter_map(line).collect()
}

#[test]
fn the_h100_node_differs_from_its_recording_for_known_reasons_only() {
    let made = copy("h100");
    let Some(bus) = bus::start(made.path()) else {
        return;
    };
    let _bus = bus.with_systemd(made.path(), &folder("h100/bus"));
    let measured = snapshot(&node(made.path()));

    let mut explained: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for line in differences(&recorded(), &measured) {
        let reason = REASONS.iter().find(|(start, _)| line.starts_with(start));
        let (_, reason) = reason.unwrap_or_else(|| panic!("no reason for `{line}`"));
        explained.entry(reason).or_default().push(line);
    }
    for (start, reason) in REASONS {
        let found = explained
            .get(reason)
            .is_some_and(|lines| lines.iter().any(|line| line.starts_with(start)));
        assert!(found, "nothing differs any more at `{start}`");
    }
    let mut text = String::from(
        "What a snapshot of this folder has other than recorded.yaml, and why:\n- is missing, + is new, ~ has another value.\n",
    );
    for (reason, lines) in explained {
        writeln!(text, "\n# {reason}").unwrap();
        for line in lines {
            writeln!(text, "{line}").unwrap();
        }
    }
    let golden = folder("h100/differences.txt");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&golden, &text).unwrap();
    }
    assert_eq!(
        text,
        fs::read_to_string(&golden).unwrap_or_default(),
        "differences.txt is stale: run the tests with UPDATE_EXPECT=1 and look at the difference"
    );
    for source in ["os", "systemd", "gpu"] {
        assert_eq!(measured.metadata[&format!("collector.{source}")], "ok");
    }
}

#[test]
fn two_runs_on_an_unchanged_node_give_the_same_bytes_in_no_time() {
    let made = copy("h100");
    let Some(bus) = bus::start(made.path()) else {
        return;
    };
    let _bus = bus.with_systemd(made.path(), &folder("h100/bus"));
    let first = bytes(&snapshot(&node(made.path())));
    let started = Instant::now();
    let second = bytes(&snapshot(&node(made.path())));
    let took = started.elapsed();
    assert!(took < Duration::from_secs(1), "{took:?}");
    assert_eq!(first, second);
    assert!(first.contains("gpu.model: NVIDIA H100 80GB HBM3"));
}

#[test]
fn a_node_without_gpu_seen_from_a_pod() {
    let reports = reports(&node(folder("cpu")));
    let notes: Vec<&str> = reports
        .iter()
        .filter_map(|report| report.result.as_ref().ok())
        .flat_map(|collected| collected.notes.iter().map(String::as_str))
        .collect();
    assert_eq!(
        notes,
        [
            "sysctl: parameters of the ipc namespace are left out: it is not the node's",
            "sysctl: parameters of the uts namespace are left out: it is not the node's"
        ]
    );
    let snapshot = eidos::collect::assemble(reports, None, |_| true);
    let expected = "\
---
kind: Snapshot
apiVersion: snapshot.dgxc.io/v1
metadata:
  collector.gpu: absent
  collector.os: ok
  collector.systemd: absent
  snapshot-version: '1.0'
measurements:
  - type: SystemD
    subtypes: []
  - type: OS
    subtypes:
      - subtype: grub
        data:
          BOOT_IMAGE: (hd0,gpt2)/vmlinuz-5.14.0-427.el9.x86_64
          console: tty0 ttyS0,115200n8
          crashkernel: 1G-4G:192M,4G-64G:256M
          ro: ''
      - subtype: kmod
        data:
          br_netfilter: true
          overlay: true
      - subtype: release
        data:
          ID: rhel
          ID_LIKE: fedora
          NAME: Red Hat Enterprise Linux
          VERSION: 9.4 (Plow)
          VERSION_ID: '9.4'
      - subtype: sysctl
        data:
          /proc/sys/kernel/osrelease: 5.14.0-427.el9.x86_64
          /proc/sys/vm/swappiness: '60'
  - type: K8s
    subtypes: []
  - type: GPU
    subtypes: []
";
    assert_eq!(bytes(&snapshot).replace('"', "'"), expected);
}

#[test]
fn a_broken_node_still_tells_what_it_can() {
    let reports = reports(&node(folder("broken")));
    let notes: Vec<&str> = reports
        .iter()
        .filter_map(|report| report.result.as_ref().ok())
        .flat_map(|collected| collected.notes.iter().map(String::as_str))
        .collect();
    assert_eq!(
        notes,
        [
            "kernel arguments: `/proc/cmdline` is not a file",
            "kernel modules: `/proc/modules` is not UTF-8",
            "sysctl: parameters of the ipc namespace are left out: it is not the node's",
            "sysctl: parameters of the uts namespace are left out: it is not the node's",
            "sysctl: 1 are no text, such as: `/proc/sys/kernel/garbage` is not UTF-8",
            "release: there is no `/usr/lib/os-release`",
            "`nvidia-smi` ended with 9",
            "`/proc/driver/nvidia/version` is not UTF-8",
            "no driver answers: the GPUs are those on the PCI bus",
        ]
    );
    let snapshot = eidos::collect::assemble(reports, None, |_| true);
    let readings: Vec<String> = snapshot
        .readings
        .iter()
        .map(|(path, reading)| format!("{path}={reading}"))
        .collect();
    assert_eq!(
        readings,
        [
            "OS.sysctl./proc/sys/kernel/osrelease=6.8.0-1024-aws",
            "GPU.smi.gpu-count=2",
            "GPU.smi.gpu.model=NVIDIA H100 80GB HBM3,PCI device 0x10de:0xabcd",
        ]
    );
}

/// Looks at the real machine that runs the test, on purpose: fake nodes cannot
/// tell whether the kernel's own files are read as they are.
#[test]
fn reads_this_machine() {
    let host = eidos::collect::Host::at("/");
    let started = Instant::now();
    let first = snapshot(&host);
    let took = started.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    let release = reading(
        &first,
        MeasurementType::Os,
        "sysctl",
        "/proc/sys/kernel/osrelease",
    );
    let expected = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    assert_eq!(release, Some(&Reading::from(expected.trim())));
    assert!(first.readings.len() > 100, "{}", first.readings.len());
    assert!(
        !first
            .readings
            .keys()
            .any(|path| path.key.starts_with("/proc/sys/net/"))
    );
    eprintln!("{} readings in {took:?}", first.readings.len());
}
