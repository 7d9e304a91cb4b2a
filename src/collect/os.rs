//! The kernel and the distribution: arguments, modules, sysctls, release.
//!
//! This file reads; the files below it understand what was read. Whether a
//! value is noise is left to the caller.

mod cmdline;
mod release;
mod sysctl;

use super::{CollectError, Collected, Host, HostError};
use crate::model::{MeasurementType, Path, Reading};

/// The longest kernel command line and release file that are read. Kernels
/// accept 4 KiB at most.
const SMALL_FILE: u64 = 64 << 10;
/// The longest list of modules; a node has some 30 KiB.
const MODULES: u64 = 256 << 10;

/// Measures the operating system of a node.
///
/// # Errors
/// `Failed` when nothing at all could be read.
pub fn collect(host: &Host) -> Result<Collected, CollectError> {
    let mut collected = Collected::default();
    grub(host, &mut collected);
    kmod(host, &mut collected);
    sysctl::collect(host, &mut collected);
    release(host, &mut collected);
    if collected.readings.is_empty() {
        return Err(CollectError::Failed(collected.notes.join("; ")));
    }
    Ok(collected)
}

fn path(subtype: &str, key: &str) -> Path {
    Path::new(MeasurementType::Os, subtype, key)
}

fn grub(host: &Host, collected: &mut Collected) {
    match host.text("/proc/cmdline", SMALL_FILE) {
        Ok(line) => {
            for (name, value) in cmdline::parse(&line) {
                // The device of the root file system says nothing about how the
                // node is configured.
                if name != "root" {
                    collected.add(path("grub", &name), value);
                }
            }
        }
        Err(error) => collected.note(format!("kernel arguments: {error}")),
    }
}

fn kmod(host: &Host, collected: &mut Collected) {
    match host.text("/proc/modules", MODULES) {
        Ok(modules) => {
            let names = modules
                .lines()
                .filter_map(|line| line.split_whitespace().next());
            for name in names {
                collected.add(path("kmod", name), Reading::Bool(true));
            }
        }
        Err(error) => collected.note(format!("kernel modules: {error}")),
    }
}

fn release(host: &Host, collected: &mut Collected) {
    if !host.is_the_node() {
        collected.note(
            "release: `/etc/os-release` may be of a container's image \
             (hint: mount the node and name it with `--root`)",
        );
        return;
    }
    let read = |path| host.text(path, SMALL_FILE);
    // The first is the administrator's, the second the distribution's.
    let text = match read("/etc/os-release") {
        Err(HostError::Absent(_)) => read("/usr/lib/os-release"),
        read => read,
    };
    match text {
        Ok(text) => {
            for (name, value) in release::parse(&text) {
                collected.add(path("release", &name), value);
            }
        }
        Err(error) => collected.note(format!("release: {error}")),
    }
}
