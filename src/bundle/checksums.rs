//! `checksums.txt`, as `sha256sum -c` reads it.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::File;

pub(super) const NAME: &str = "checksums.txt";

/// One line a file, in the order given.
pub(super) fn of(files: &[File]) -> String {
    let mut lines = String::new();
    for file in files {
        let digest = hex::encode(Sha256::digest(&file.bytes));
        let _ = writeln!(lines, "{digest}  {}", file.path);
    }
    lines
}
