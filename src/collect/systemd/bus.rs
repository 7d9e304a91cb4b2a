//! A connection to systemd, and the properties of a unit over it.
//!
//! Which units and what becomes of their properties is left to the caller.

use std::collections::BTreeMap;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use zbus::OwnedVariant;
use zbus::connection::{Builder, Connection};

use crate::collect::{CollectError, Host, HostError};

/// The system bus, which anyone may use, and systemd's own socket, which only
/// root may: a pod that mounts `/run/systemd` alone has no more.
const BUS: &str = "/run/dbus/system_bus_socket";
const PRIVATE: &str = "/run/systemd/private";

const ANSWER: Duration = Duration::from_secs(5);
const MANAGER: &str = "org.freedesktop.systemd1";

/// Errors that say that systemd is not on this bus.
const NOT_THERE: &[&str] = &[
    "org.freedesktop.DBus.Error.ServiceUnknown",
    "org.freedesktop.DBus.Error.NameHasNoOwner",
    "org.freedesktop.DBus.Error.Spawn.ServiceNotFound",
];

pub(super) struct Bus {
    connection: Connection,
    direct: bool,
}

pub(super) fn connect(host: &Host) -> Result<Bus, CollectError> {
    let mut why = CollectError::Absent(format!("there is no `{BUS}`"));
    for (path, direct) in [(BUS, false), (PRIVATE, true)] {
        match open(host, path, direct) {
            Ok(connection) => return Ok(Bus { connection, direct }),
            // The first socket that is there says more than that another is missing.
            Err(Some(failed)) if matches!(why, CollectError::Absent(_)) => {
                why = CollectError::Failed(failed);
            }
            Err(_) => {}
        }
    }
    Err(why)
}

/// `Err(None)` when there is no such socket.
fn open(host: &Host, path: &str, direct: bool) -> Result<Connection, Option<String>> {
    let real = match host.resolve(path) {
        Err(HostError::Absent(_)) => return Err(None),
        Err(error) => return Err(Some(error.to_string())),
        Ok(real) => real,
    };
    let failed = |error: &dyn std::fmt::Display| Some(format!("`{path}`: {error}"));
    let stream = UnixStream::connect(real).map_err(|error| failed(&error))?;
    let mut builder = Builder::unix_stream(stream).method_timeout(ANSWER);
    if direct {
        builder = builder.p2p();
    }
    zbus::block_on(builder.build()).map_err(|error| failed(&error))
}

impl Bus {
    /// All properties of a unit, by name.
    pub(super) fn properties(
        &self,
        unit: &str,
    ) -> Result<BTreeMap<String, OwnedVariant>, CollectError> {
        // An empty interface name means all interfaces: unit, service and cgroup.
        let call = self.connection.call_method(
            (!self.direct).then_some(MANAGER),
            object_path(unit),
            Some("org.freedesktop.DBus.Properties"),
            "GetAll",
            &"",
        );
        let failed = |error: zbus::Error| match &error {
            zbus::Error::MethodError(name, ..) if NOT_THERE.contains(&name.as_str()) => {
                CollectError::Absent("systemd is not on the system bus".to_owned())
            }
            _ => CollectError::Failed(format!("systemd: {error}")),
        };
        let answer = zbus::block_on(call).map_err(failed)?;
        answer.body().deserialize().map_err(failed)
    }
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
