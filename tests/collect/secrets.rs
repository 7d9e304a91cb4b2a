//! A secret planted in every place that is read comes out nowhere.

use std::fs;
use std::path::Path;

use super::{bus, bytes, copy, node, put, reports, snapshot};

const CANARY: &str = "hunter2-canary";

fn plant_in_files(root: &Path) {
    let mut line = fs::read_to_string(root.join("proc/cmdline"))
        .unwrap()
        .trim()
        .to_owned();
    for argument in [
        "root=PARTUUID={}",
        "token={}",
        "my_password={}",
        "systemd.set_credential=name:{}",
        "ignition.config.url=https://user:{}@host/config.ign",
        "cloud-config-url=https://host/user-data?access_token={}",
        "systemd.setenv=REGISTRY_PASSWORD={}",
        "quoted=\"a b secret={}\"",
        "netroot=iscsi:user:{}@192.0.2.1::3260::iqn",
    ] {
        line = format!("{line} {}", argument.replace("{}", CANARY));
    }
    put(root, "proc/cmdline", line);
    put(
        root,
        "proc/sys/kernel/core_pattern",
        format!("|/bin/upload --token {CANARY} %p"),
    );
    put(
        root,
        "proc/sys/kernel/modprobe",
        format!("https://me:{CANARY}@host"),
    );
    put(
        root,
        "proc/sys/kernel/table",
        format!("password {CANARY}\nother 1\n"),
    );
    let release = root.join("usr/lib/os-release");
    let text = fs::read_to_string(&release).unwrap();
    fs::write(
        &release,
        format!("{text}SUPPORT_TOKEN={CANARY}\nHOME_URL=\"https://x:{CANARY}@host\"\n"),
    )
    .unwrap();
    let smi = root.join("usr/share/nvidia-smi.xml");
    let text = fs::read_to_string(&smi).unwrap();
    let text = text
        .replace("<serial>", &format!("<serial>{CANARY}"))
        .replace(
            "<processes>",
            &format!("<processes><process_name>{CANARY}</process_name>"),
        );
    fs::write(&smi, text).unwrap();
}

fn plant_in_units(root: &Path) {
    let unit = root.join("bus/containerd.service.json");
    let mut properties: serde_json::Value =
        serde_json::from_slice(&fs::read(&unit).unwrap()).unwrap();
    for (name, kind, data) in [
        (
            "Environment",
            "as",
            serde_json::json!([format!("PROXY={CANARY}")]),
        ),
        (
            "EnvironmentFiles",
            "a(sb)",
            serde_json::json!([[format!("/etc/{CANARY}"), false]]),
        ),
        (
            "SetCredential",
            "a(say)",
            serde_json::json!([[CANARY, [1, 2]]]),
        ),
        ("LoadCredentialEncrypted", "a(ss)", serde_json::json!([])),
        (
            "LoadCredential",
            "a(ss)",
            serde_json::json!([["name", CANARY]]),
        ),
        (
            "StatusText",
            "s",
            serde_json::json!(format!("login with password: {CANARY}")),
        ),
        (
            "ExecStart",
            "a(sasbttttuii)",
            serde_json::json!([[
                "/bin/x",
                ["/bin/x", "--auth-token", CANARY],
                false,
                1,
                2,
                3,
                4,
                5,
                6,
                7
            ]]),
        ),
        (
            "ExecReload",
            "a(sasbttttuii)",
            serde_json::json!([[
                "/bin/x",
                ["/bin/x", "-H", format!("Authorization: Bearer {CANARY}")],
                false,
                1,
                2,
                3,
                4,
                5,
                6,
                7
            ]]),
        ),
    ] {
        properties[name] = serde_json::json!({"type": kind, "data": data});
    }
    fs::write(&unit, properties.to_string()).unwrap();
}

#[test]
fn no_planted_secret_comes_out() {
    let made = copy("h100");
    let root = made.path();
    plant_in_files(root);
    plant_in_units(root);
    let Some(bus) = bus::start(root) else { return };
    let _bus = bus.with_systemd(root, &root.join("bus"));
    let host = node(root);
    let written = bytes(&snapshot(&host));
    assert!(!written.contains(CANARY), "{written}");
    assert!(!written.contains("Credential"), "{written}");
    assert!(written.contains("SystemD") && written.contains("TimeoutStartUSec"));
    for harmless in [
        "audit_backlog_limit",
        "kernel/osrelease",
        "VERSION_ID",
        "gpu.model",
        "ExecStartPre",
    ] {
        assert!(written.contains(harmless), "{harmless} is gone too");
    }
    // What was left out is said, without being said.
    let notes = format!("{:?}", reports(&host));
    assert!(!notes.contains(CANARY), "{notes}");
    assert!(
        notes.contains("SystemD.containerd.service.ExecStart is left out"),
        "{notes}"
    );
}
