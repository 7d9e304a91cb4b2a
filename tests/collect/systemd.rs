//! Buses without systemd, and a real systemd where this machine can run one.

use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use eidos::collect::{CollectError, Collected, systemd};

use super::{bus, folder, node};

fn absent(root: &Path) -> String {
    match systemd::collect(&node(root)) {
        Err(CollectError::Absent(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_bus_and_a_bus_without_systemd_are_absences() {
    let made = tempfile::tempdir().unwrap();
    assert_eq!(
        absent(made.path()),
        "there is no `/run/dbus/system_bus_socket`"
    );
    let Some(_bus) = bus::start(made.path()) else {
        return;
    };
    assert_eq!(absent(made.path()), "systemd is not on the system bus");
}

#[test]
fn a_bus_that_is_gone_is_a_failure() {
    let made = tempfile::tempdir().unwrap();
    let socket = made.path().join("run/dbus/system_bus_socket");
    fs::create_dir_all(socket.parent().unwrap()).unwrap();
    drop(UnixListener::bind(&socket).unwrap());
    let failed = systemd::collect(&node(made.path()));
    assert!(matches!(failed, Err(CollectError::Failed(_))), "{failed:?}");
}

#[test]
fn only_installed_units_are_in_the_answer() {
    let made = tempfile::tempdir().unwrap();
    let Some(bus) = bus::start(made.path()) else {
        return;
    };
    let _bus = bus.with_systemd(made.path(), &folder("h100/bus"));
    let collected = systemd::collect(&node(made.path())).unwrap();
    assert!(!collected.readings.is_empty());
    assert!(
        collected
            .readings
            .keys()
            .all(|path| &*path.subtype == "containerd.service")
    );
}

/// A systemd of this user's own, in namespaces of its own.
struct RealSystemd(Child);

impl Drop for RealSystemd {
    fn drop(&mut self) {
        // With it the first process of the namespace ends, and so do all others.
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// The shell stays the first process, because a systemd that is the first
/// process is the machine's and not a user's.
const START: &str = r#"
mount -t tmpfs none /run && mkdir -p /run/systemd/system || exit 1
export HOME="$1" XDG_RUNTIME_DIR="$1/user" XDG_CONFIG_HOME="$1/config" NOTIFY_SOCKET="$1/notify"
/lib/systemd/systemd --user --log-target=null &
wait
"#;

fn real_systemd(root: &Path) -> Option<RealSystemd> {
    for folder in ["user", "run/dbus", "config/systemd/user"] {
        fs::create_dir_all(root.join(folder)).unwrap();
    }
    // It starts this bus itself when someone connects.
    symlink("../../user/bus", root.join("run/dbus/system_bus_socket")).unwrap();
    let notified = UnixDatagram::bind(root.join("notify")).unwrap();
    notified
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let started = Command::new("unshare")
        .args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .args(["sh", "-c", START, "sh"])
        .arg(root)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut started = RealSystemd(started.ok()?);
    // It says `READY=1` when its units are loaded and its sockets are there.
    let mut message = [0; 4096];
    while started.0.try_wait().is_ok_and(|ended| ended.is_none()) {
        let length = notified.recv(&mut message).ok()?;
        if String::from_utf8_lossy(&message[..length]).contains("READY=1") {
            return Some(started);
        }
    }
    None
}

fn value<'a>(collected: &'a Collected, key: &str) -> Option<&'a eidos::model::Reading> {
    let found = collected
        .readings
        .iter()
        .find(|(path, _)| &*path.key == key);
    found.map(|(_, reading)| reading)
}

#[test]
fn a_real_systemd_is_read() {
    let made = tempfile::tempdir().unwrap();
    let root = made.path();
    put_unit(root);
    let Some(_systemd) = real_systemd(root) else {
        eprintln!("skipped: no systemd of a user's own can be run here");
        return;
    };
    let collected = systemd::collect(&node(root)).unwrap();
    let again = systemd::collect(&node(root)).unwrap();
    assert_eq!(collected.readings, again.readings);

    let subtypes: Vec<&str> = collected
        .readings
        .keys()
        .map(|path| &*path.subtype)
        .collect();
    assert!(
        subtypes
            .iter()
            .all(|subtype| *subtype == "containerd.service"),
        "{subtypes:?}"
    );
    for (key, text) in [
        ("LoadState", "loaded"),
        ("ActiveState", "inactive"),
        ("Description", "containerd container runtime"),
        (
            "ExecStart",
            "[[/bin/true [/bin/true --config /etc/containerd/config.toml] false]]",
        ),
        (
            "ExecStartEx",
            "[[/bin/true [/bin/true --config /etc/containerd/config.toml] []]]",
        ),
        ("LimitNOFILE", "1048576"),
        ("RestartUSec", "5000000"),
        ("Delegate", "true"),
    ] {
        assert_eq!(
            value(&collected, key).map(ToString::to_string).as_deref(),
            Some(text),
            "{key}"
        );
    }
    let written = format!("{collected:?}");
    assert!(!written.contains("hunter2-canary"), "{written}");
    assert_eq!(value(&collected, "ExecReload"), None);
}

fn put_unit(root: &Path) {
    super::put(
        root,
        "config/systemd/user/containerd.service",
        "[Unit]\nDescription=containerd container runtime\n[Service]\nDelegate=yes\n\
         ExecStart=/bin/true --config /etc/containerd/config.toml\n\
         ExecReload=/bin/true --token=hunter2-canary\n\
         Environment=HTTPS_PROXY=http://me:hunter2-canary@proxy\n\
         SetCredential=name:hunter2-canary\n\
         Restart=always\nRestartSec=5\nLimitNOFILE=1048576\n",
    );
}
