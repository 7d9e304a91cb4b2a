//! The units that run containers, as systemd reports them.
//!
//! A unit that is not installed is absent: systemd reports defaults for any name
//! it is asked about. The connection is made in `bus`, and values become
//! readings in `value`.

mod bus;
mod value;

use super::{CollectError, Collected, Host};
use crate::model::{MeasurementType, Path, Reading};

const UNITS: &[&str] = &[
    "containerd.service",
    "crio.service",
    "docker.service",
    "kubelet.service",
];

/// Properties that hold secrets, or so often do that looking for them is not
/// enough: environments and credentials.
fn is_secret(property: &str) -> bool {
    property.contains("Credential") || property.starts_with("Environment")
}

/// Measures the units of a node.
///
/// # Errors
/// `Absent` when there is no system bus or no systemd on it; `Failed` when it
/// does not answer.
pub fn collect(host: &Host) -> Result<Collected, CollectError> {
    let bus = bus::connect(host)?;
    let mut collected = Collected::default();
    for unit in UNITS {
        let properties = bus.properties(unit)?;
        let loaded = properties.iter().any(|(name, value)| {
            name == "LoadState" && value::reading(value) != Some(Reading::from("not-found"))
        });
        if !loaded {
            continue;
        }
        for (name, value) in &properties {
            if is_secret(name) {
                continue;
            }
            if let Some(reading) = value::reading(value) {
                collected.add(
                    Path::new(MeasurementType::SystemD, *unit, name.as_str()),
                    reading,
                );
            }
        }
    }
    Ok(collected)
}
