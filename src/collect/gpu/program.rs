//! Finds `nvidia-smi` and asks it.
//!
//! A container without a distribution has neither its libraries nor its loader.
//! The node's are used then: the loader is run with the program as its argument.
//! What the answer means is left to `smi`.

use std::iter;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::{Gpus, smi};
use crate::collect::{CommandError, Host};

/// A GPU takes some 40 KiB, a process on it 200 bytes.
const LARGEST: u64 = 2 << 20;

/// Where distributions, the device plugin's runtime and GKE's node image have it.
/// Nothing else is tried: `PATH` is not the node's.
const PROGRAMS: &[&str] = &[
    "/usr/bin/nvidia-smi",
    "/usr/local/bin/nvidia-smi",
    "/usr/local/nvidia/bin/nvidia-smi",
    "/home/kubernetes/bin/nvidia/bin/nvidia-smi",
];

/// The root of the GPU operator's driver container, as the node sees it.
const DRIVER_CONTAINER: &str = "/run/nvidia/driver";

const LOADERS: &[&str] = &["/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1"];

const LIBRARIES: &[&str] = &[
    "/usr/local/nvidia/lib64",
    "/home/kubernetes/bin/nvidia/lib64",
    "/usr/lib/x86_64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/usr/lib64",
    "/usr/lib",
    "/lib/x86_64-linux-gnu",
    "/lib/aarch64-linux-gnu",
    "/lib64",
    "/lib",
];

/// The answer of the first `nvidia-smi` that gives a good one, all of them
/// together within `limit`.
pub(super) fn ask(host: &Host, limit: Duration, notes: &mut Vec<String>) -> Option<Gpus> {
    let deadline = Instant::now() + limit;
    let mut roots = host.file_systems();
    roots.extend(host.inside(DRIVER_CONTAINER));
    for (at, root) in roots.iter().enumerate() {
        // What a program lacks is looked for where it is, then in the others.
        let others = roots.iter().enumerate().filter(|(other, _)| *other != at);
        let near: Vec<&Host> = iter::once(root)
            .chain(others.map(|(_, root)| root))
            .collect();
        for program in PROGRAMS {
            let Ok(real) = root.resolve(program) else {
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            match run(host, &real, &near, left) {
                Ok(gpus) => return Some(gpus),
                Err(why) => notes.push(why),
            }
        }
    }
    None
}

fn run(host: &Host, program: &Path, roots: &[&Host], limit: Duration) -> Result<Gpus, String> {
    let question = ["-q".to_owned(), "-x".to_owned()];
    let loader = roots.iter().find_map(|root| {
        LOADERS
            .iter()
            .find_map(|path| Some((*root, root.resolve(path).ok()?)))
    });
    let output = match loader {
        Some((root, loader)) if !host.is_own(root) && !Host::is_script(program) => {
            let mut arguments = vec!["--library-path".to_owned(), libraries(roots)];
            arguments.push(program.display().to_string());
            arguments.extend(question);
            Host::command(&loader, &arguments, limit, LARGEST)
        }
        _ => Host::command(program, &question, limit, LARGEST),
    };
    let output = output.map_err(|error| match error {
        CommandError::Start(_, why) => format!("`nvidia-smi` cannot be run: {why}"),
        CommandError::TooSlow(..) => "`nvidia-smi` did not end in time".to_owned(),
        CommandError::TooMuch(_, bytes) => format!("`nvidia-smi` wrote more than {bytes} bytes"),
    })?;
    // Some exit codes are warnings beside a good answer, such as 14 for a
    // corrupted infoROM.
    smi::parse(&String::from_utf8_lossy(&output.text)).map_err(|error| match output.code {
        Some(0) => format!("`nvidia-smi`: {error}"),
        Some(code) => format!("`nvidia-smi` ended with {code}"),
        None => "`nvidia-smi` was killed".to_owned(),
    })
}

fn libraries(roots: &[&Host]) -> String {
    let folders: Vec<String> = roots
        .iter()
        .flat_map(|root| LIBRARIES.iter().filter_map(|path| root.resolve(path).ok()))
        .filter(|folder: &PathBuf| folder.is_dir())
        .map(|folder| folder.display().to_string())
        .collect();
    folders.join(":")
}
