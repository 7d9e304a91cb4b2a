//! The collectors on fake nodes, and one look at the real machine.

mod bus;
mod gpu;
mod hostile;
mod recorded;
mod secrets;
mod systemd;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use eidos::collect::{self, CollectError, Collected, Host, Report, Source};
use eidos::model::{MeasurementType, Reading, Snapshot};
use eidos::wire::{Format, SnapshotDocument, encode};

/// Longer than any collector may take, so that only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

const SOURCES: [Source; 3] = [Source::Os, Source::Systemd, Source::Gpu];

/// A fake node of `tests/nodes`.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/nodes")
        .join(name)
}

/// The node below `root`, and nothing of the machine that runs the test.
fn node(root: impl Into<PathBuf>) -> Host {
    Host::at(root).beside("/nothing/is/here")
}

fn one(source: Source, host: &Host) -> Result<Collected, CollectError> {
    match source {
        Source::Os => collect::os::collect(host),
        Source::Systemd => collect::systemd::collect(host),
        Source::Gpu => collect::gpu::collect(host),
        Source::K8s => unreachable!("not one of `SOURCES`"),
    }
}

fn reports(host: &Host) -> Vec<Report> {
    let host = host.clone();
    collect::run(&SOURCES, move |source| one(source, &host), PATIENCE)
}

/// Everything, noise included.
fn snapshot(host: &Host) -> Snapshot {
    collect::assemble(reports(host), None, |_| true)
}

fn bytes(snapshot: &Snapshot) -> String {
    let document = SnapshotDocument::new(snapshot);
    String::from_utf8(encode(Format::Yaml, &document).unwrap()).unwrap()
}

fn reading<'a>(
    snapshot: &'a Snapshot,
    kind: MeasurementType,
    subtype: &str,
    key: &str,
) -> Option<&'a Reading> {
    let path = eidos::model::Path::new(kind, subtype, key);
    snapshot.readings.get(&path)
}

/// A writable copy of a fake node, links kept.
fn copy(name: &str) -> tempfile::TempDir {
    fn all(from: &Path, to: &Path) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let (from, to) = (entry.path(), to.join(entry.file_name()));
            let kind = entry.file_type()?;
            if kind.is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(from)?, to)?;
            } else if kind.is_dir() {
                all(&from, &to)?;
            } else {
                fs::copy(from, to)?;
            }
        }
        Ok(())
    }
    let made = tempfile::tempdir().unwrap();
    all(&folder(name), made.path()).unwrap();
    made
}

/// Writes a file below a node, with its folders.
fn put(root: &Path, path: &str, text: impl AsRef<[u8]>) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(file, text).unwrap();
}

/// Writes a program below a node.
fn program(root: &Path, path: &str, text: &str) {
    put(root, path, text);
    let file = root.join(path);
    fs::set_permissions(file, fs::Permissions::from_mode(0o755)).unwrap();
}
