//! The checks of the fuzz targets, over everything that fuzzing has found worth
//! keeping: no fuzzer is needed to stay as good as the last one left us.

pub mod checks;

use std::fs;
use std::path::Path;

/// Feeds each file of a corpus to its check; a failure names the file.
fn replay(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let mut count = 0;
    for entry in fs::read_dir(folder.join(target)).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::read(&path).unwrap();
        let outcome = std::panic::catch_unwind(|| check(&data));
        assert!(outcome.is_ok(), "{}", path.display());
        count += 1;
    }
    assert!(count > 5, "{target} has a corpus of {count}");
}

#[test]
fn versions() {
    replay("version", checks::version::run);
}

#[cfg(feature = "server")]
#[test]
fn query_strings() {
    replay("query_string", checks::query_string::run);
}

#[test]
fn rule_files() {
    replay("rules", checks::rules::run);
}

#[test]
fn snapshots() {
    replay("snapshot", checks::snapshot::run);
}

#[test]
fn selectors() {
    replay("selector", checks::selector::run);
}

#[test]
fn bundles() {
    replay("bundle", checks::bundle::run);
}
