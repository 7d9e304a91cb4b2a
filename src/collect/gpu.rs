//! NVIDIA GPUs: what `nvidia-smi` says, else what the driver says in `/proc`,
//! else which devices are on the PCI bus.
//!
//! This file decides between the three; the files below it read and understand
//! one each.

mod driver;
mod pci;
mod program;
mod smi;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{CollectError, Collected, Host};
use crate::model::{MeasurementType, Path, Reading};

/// All GPUs of a node together: what they agree on once, what they differ in
/// listed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Gpus {
    count: u64,
    values: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Gpus {
    fn add(&mut self, key: &'static str, value: &str) {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        if !value.is_empty() {
            self.values.entry(key).or_default().insert(value);
        }
    }

    fn collect_into(self, collected: &mut Collected) {
        let path = |key| Path::new(MeasurementType::Gpu, "smi", key);
        collected.add(path("gpu-count"), Reading::Integer(self.count.into()));
        for (key, values) in self.values {
            let values: Vec<String> = values.into_iter().collect();
            collected.add(path(key), values.join(","));
        }
    }
}

/// How long `nvidia-smi` may take: on a GPU that is in trouble it hangs.
const LIMIT: Duration = Duration::from_secs(10);

/// Measures the GPUs of a node.
///
/// # Errors
/// `Absent` when there is none; `Failed` when only `nvidia-smi` is there and it
/// does not answer.
pub fn collect(host: &Host) -> Result<Collected, CollectError> {
    collect_within(host, LIMIT)
}

/// As [`collect`], with another limit for `nvidia-smi`.
///
/// # Errors
/// As [`collect`].
pub fn collect_within(host: &Host, limit: Duration) -> Result<Collected, CollectError> {
    let mut collected = Collected::default();
    let gpus = program::ask(host, limit, &mut collected.notes)
        .or_else(|| driver::read(host, &mut collected.notes))
        .or_else(|| pci::read(host, &mut collected.notes));
    match gpus {
        Some(gpus) => {
            gpus.collect_into(&mut collected);
            Ok(collected)
        }
        None if collected.notes.is_empty() => {
            Err(CollectError::Absent("no NVIDIA GPU is here".to_owned()))
        }
        None => Err(CollectError::Failed(collected.notes.join("; "))),
    }
}
