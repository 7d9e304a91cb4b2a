//! A connection to systemd, and the properties of a unit over it.
//!
//! Which units and what becomes of their properties is left to the caller.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use zbus::connection::{Builder, Connection};
use zbus::{OwnedVariant, fdo};

use crate::collect::{CollectError, Host, HostError};

/// The system bus. systemd's own socket, `/run/systemd/private`, is no stand-in:
/// only root may use it, and what comes over it names senders that D-Bus forbids.
const BUS: &str = "/run/dbus/system_bus_socket";

const ANSWER: Duration = Duration::from_secs(5);
const MANAGER: &str = "org.freedesktop.systemd1";

pub(super) struct Bus(Connection);

pub(super) fn connect(host: &Host) -> Result<Bus, CollectError> {
    let real = host.resolve(BUS).map_err(|error| match error {
        HostError::Absent(_) => CollectError::Absent(error.to_string()),
        _ => CollectError::Failed(error.to_string()),
    })?;
    let failed = |error: &dyn Display| CollectError::Failed(format!("`{BUS}`: {error}"));
    let stream = UnixStream::connect(real).map_err(|error| failed(&error))?;
    let builder = Builder::unix_stream(stream).method_timeout(ANSWER);
    let connection = zbus::block_on(builder.build()).map_err(|error| failed(&error))?;
    Ok(Bus(connection))
}

impl Bus {
    /// All properties of a unit, by name.
    pub(super) fn properties(
        &self,
        unit: &str,
    ) -> Result<BTreeMap<String, OwnedVariant>, CollectError> {
        // An empty interface name means all interfaces: unit, service and cgroup.
        let call = self.0.call_method(
            Some(MANAGER),
            object_path(unit),
            Some("org.freedesktop.DBus.Properties"),
            "GetAll",
            &"",
        );
        let failed = |error: zbus::Error| match &error {
            zbus::Error::FDO(known) if is_absence(known) => {
                CollectError::Absent("systemd is not on the system bus".to_owned())
            }
            _ => CollectError::Failed(format!("systemd: {error}")),
        };
        let answer = zbus::block_on(call).map_err(failed)?;
        answer.body().deserialize().map_err(failed)
    }
}

fn is_absence(error: &fdo::Error) -> bool {
    use fdo::Error::{NameHasNoOwner, ServiceUnknown, SpawnServiceNotFound};
    matches!(
        error,
        NameHasNoOwner(_) | ServiceUnknown(_) | SpawnServiceNotFound(_)
    )
}

/// systemd writes all but letters and digits of a name as `_` and two hex digits.
fn object_path(unit: &str) -> String {
    let name: String = unit
        .bytes()
        .map(|byte| match byte {
            letter if letter.is_ascii_alphanumeric() => char::from(letter).to_string(),
            other => format!("_{other:02x}"),
        })
        .collect();
    format!("/org/freedesktop/systemd1/unit/{name}")
}
