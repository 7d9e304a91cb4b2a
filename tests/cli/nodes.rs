//! `eidos diff` and `eidos validate`.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::support::{eidos, ended, real};

/// A snapshot with some readings.
fn snapshot(readings: &[(&str, &str, &str, &str)]) -> String {
    let measurements: Vec<Value> = readings
        .iter()
        .map(|(kind, subtype, key, value)| {
            json!({"type": kind, "subtypes": [{"subtype": subtype, "data": {*key: value}}]})
        })
        .collect();
    let document = json!({
        "kind": "Snapshot",
        "apiVersion": "snapshot.dgxc.io/v1",
        "measurements": measurements,
    });
    document.to_string()
}

fn node(driver: &str) -> String {
    snapshot(&[
        ("OS", "release", "ID", "ubuntu"),
        ("K8s", "server", "version", "v1.32.4"),
        ("K8s", "node", "provider", "eks"),
        ("GPU", "smi", "gpu.model", "NVIDIA H100 80GB HBM3"),
        ("GPU", "smi", "driver", driver),
        ("SystemD", "kubelet.service", "MainPID", driver),
    ])
}

fn written(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn a_diff_shows_what_changed_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let before = written(folder.path(), "before.json", &node("570.133.20"));
    let after = written(folder.path(), "after.json", &node("570.148.08"));

    let (text, _) = ended(&["diff", &before, &after], "", 1);
    assert_eq!(
        text,
        format!(
            "--- {before}\n+++ {after}\n@@ GPU.smi @@\n-driver: 570.133.20\n\
             +driver: 570.148.08  # error\n1 difference: 1 error, 0 warning, 0 info\n"
        )
    );
    let (github, _) = ended(&["diff", &before, &after, "-t", "github"], "", 1);
    assert!(github.starts_with("::error title=Configuration drift in "));
    assert!(github.ends_with("::GPU.smi.driver: 570.133.20 → 570.148.08\n"));
    let (markdown, _) = ended(&["diff", &before, &after, "-t", "markdown"], "", 1);
    assert!(markdown.contains("| error | `GPU.smi.driver` | 570.133.20 | 570.148.08 |"));
    let (report, _) = ended(&["diff", &before, "-", "-t", "json"], &node("1"), 1);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["changes"][0]["current"], "1");
    assert_eq!(report["summary"]["error"], 1);

    let ignored = ["diff", &before, &after, "--ignore", "GPU.smi.*"];
    assert_eq!(ended(&ignored, "", 0).0, "");
}

#[test]
fn a_real_node_does_not_differ_from_itself_at_another_time() {
    let Some(text) = real("h100") else { return };
    let profile = eidos::library::profile();
    let snapshot = eidos::wire::read_snapshot(text.as_bytes(), eidos::wire::Format::Yaml).unwrap();
    let mut later = snapshot.clone();
    let mut noisy = 0;
    for (path, reading) in &mut later.readings {
        if profile.is_noise(path) {
            noisy += 1;
            *reading = "424242".into();
        } else if path.key.starts_with("ExecStart") {
            // Times and the process id of the last run.
            *reading = reading
                .text()
                .replace("17544711", "19999999")
                .replace("384", "7")
                .into();
        }
    }
    assert!(noisy > 60, "the profile names {noisy} of the readings");
    let folder = tempfile::tempdir().unwrap();
    let document = eidos::wire::SnapshotDocument::new(&later);
    let bytes = eidos::wire::encode(eidos::wire::Format::Yaml, &document).unwrap();
    let later = written(
        folder.path(),
        "later.yaml",
        std::str::from_utf8(&bytes).unwrap(),
    );
    assert_eq!(ended(&["diff", "-", &later], &text, 0).0, "");
}

#[test]
fn two_real_nodes_differ_in_what_a_person_would_list() {
    let (Some(before), Some(after)) = (real("h100"), real("gb200")) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let before = written(folder.path(), "h100.yaml", &before);
    let after = written(folder.path(), "gb200.yaml", &after);
    let (report, _) = ended(&["diff", &before, &after, "-t", "json"], "", 1);
    let report: Value = serde_json::from_str(&report).unwrap();
    let (markdown, _) = ended(&["diff", &before, &after, "-t", "markdown"], "", 1);
    let first = markdown.lines().find(|line| line.contains("` |")).unwrap();
    assert!(
        first.starts_with("| error | `OS.sysctl./proc/sys/kernel/osrelease` |"),
        "{first}"
    );
    let changes = report["changes"].as_array().unwrap();
    // The same lists of units, in whatever order each machine's systemd keeps them.
    for unordered in ["After", "Before", "Requires"] {
        let path = format!("SystemD.containerd.service.{unordered}");
        assert!(
            !changes.iter().any(|change| change["path"] == path),
            "{path}"
        );
    }
    let grave: Vec<&str> = changes
        .iter()
        .filter(|change| change["severity"] == "error")
        .map(|change| change["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        grave,
        [
            "OS.sysctl./proc/sys/kernel/osrelease",
            "K8s.image.driver",
            "K8s.image.gpu-operator",
            "K8s.node.kernel-version",
            "K8s.server.version",
            "GPU.smi.cuda-version",
            "GPU.smi.driver",
            "GPU.smi.gpu-count",
            "GPU.smi.gpu.model",
        ]
    );
    for change in changes {
        let path = change["path"].as_str().unwrap();
        for word in [
            "PID",
            "Timestamp",
            "InvocationID",
            "random",
            "docker.service",
        ] {
            assert!(!path.contains(word), "{path}");
        }
    }
}

#[test]
fn a_fleet_shows_its_outliers_first() {
    let folder = tempfile::tempdir().unwrap();
    for (name, driver) in [("a", "570.133.20"), ("b", "570.133.20"), ("z", "550.1.1")] {
        written(folder.path(), &format!("fleet/{name}.json"), &node(driver));
    }
    let fleet = folder.path().join("fleet");
    let fleet = fleet.to_str().unwrap();
    let (table, _) = ended(&["diff", fleet], "", 1);
    assert_eq!(
        table,
        "CLUSTER     DIFFERS  smi.driver\n\
         (baseline)           570.133.20\n\
         z           1        550.1.1*\n\
         a           0        570.133.20\n\
         b           0        570.133.20\n"
    );
    let baseline = written(folder.path(), "baseline.json", &node("550.1.1"));
    let (table, _) = ended(&["diff", &baseline, fleet], "", 1);
    let order: Vec<&str> = table
        .lines()
        .skip(2)
        .filter_map(|line| line.get(..1))
        .collect();
    assert_eq!(order, ["a", "b", "z"]);
    // A cluster that is gone is a difference too.
    written(folder.path(), "later/a.json", &node("570.133.20"));
    let later = folder.path().join("later");
    let (report, _) = ended(
        &["diff", fleet, later.to_str().unwrap(), "-t", "json"],
        "",
        1,
    );
    let report: Value = serde_json::from_str(&report).unwrap();
    let names: Vec<&str> = report["clusters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cluster| cluster["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["b", "z", "a"]);
    let empty = folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let (_, complaint) = ended(&["diff", empty.to_str().unwrap()], "", 3);
    assert!(complaint.contains("has no `*.yaml`, `*.yml` or `*.json` file"));
}

#[test]
fn a_deviating_node_is_reported_in_every_format() {
    let good = snapshot(&[("K8s", "server", "version", "v1.33.5")]);
    let command = |format| {
        let flags = ["--gpu", "h100", "--service", "eks", "-t", format];
        [&["validate", "-f", "-"], flags.as_slice()].concat()
    };

    let (report, _) = ended(&command("json"), &good, 0);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        report["result"], "pass",
        "nothing that is measured deviates"
    );

    let old = good.replace("v1.33.5", "v1.20.1");
    let (report, _) = ended(&command("json"), &old, 1);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["result"], "fail");
    let ranges = report["constraints"].as_array().unwrap();
    let range = ranges
        .iter()
        .find(|range| range["path"] == "K8s.server.version");
    assert_eq!(range.unwrap()["result"], "fail");
    let (yaml, _) = ended(&command("yaml"), &old, 1);
    let tree: Value = serde_saphyr::from_str(&yaml).unwrap();
    assert_eq!(tree, report);
    let (table, _) = ended(&command("table"), &old, 1);
    assert!(table.starts_with("SEVERITY  PATH"), "{table}");
    assert!(table.lines().last().unwrap().starts_with("fail: "));
    let (github, _) = ended(&command("github"), &old, 1);
    assert!(github.contains("::error title=Deviates from the recipe::K8s.server.version: "));
    let (markdown, _) = ended(&command("markdown"), &old, 1);
    assert!(markdown.contains("| error | `K8s.server.version` |"));
    let (junit, _) = ended(&command("junit"), &old, 1);
    let failures = junit.matches("<failure ").count();
    assert!(
        junit.contains(&format!("failures=\"{failures}\"")),
        "{junit}"
    );
    assert!(failures >= 1);
}

/// Every value can be as recommended on a system that the operator does not run on.
#[test]
fn a_known_issue_that_is_an_error_fails_the_node() {
    let node = snapshot(&[
        ("OS", "release", "ID", "amzn"),
        ("OS", "release", "VERSION_ID", "2"),
    ]);
    let (table, _) = ended(&["validate", "-f", "-"], &node, 1);
    assert!(table.contains("error AMAZONLINUX-2: "), "{table}");
    let last = table.lines().last().unwrap();
    assert!(
        last.starts_with("fail: ") && last.ends_with("; 1 known issue is an error"),
        "{last}"
    );
    let (report, _) = ended(&["validate", "-f", "-", "-t", "json"], &node, 1);
    assert!(report.contains("\"result\":\"fail\""), "{report}");
    let (junit, _) = ended(&["validate", "-f", "-", "-t", "junit"], &node, 1);
    assert!(
        junit.contains("classname=\"known-issue\" name=\"AMAZONLINUX-2\""),
        "{junit}"
    );
    assert!(junit.contains("failures=\"1\""), "{junit}");
    let newer = node.replace("\"2\"", "\"2023\"");
    ended(&["validate", "-f", "-"], &newer, 0);
}

#[test]
fn a_real_node_is_told_what_it_misses() {
    let Some(text) = real("h100") else { return };
    let (table, _) = ended(&["validate", "-f", "-", "--intent", "training"], &text, 1);
    for line in [
        "K8s.image.network-operator",
        "GPUOP-1361",
        "OS.sysctl./proc/sys/vm/nr_hugepages",
    ] {
        assert!(table.contains(line), "{table}");
    }
    // The driver image has a suffix, and Kubernetes is newer than the minimum.
    for line in ["K8s.image.driver ", "SystemD"] {
        assert!(!table.contains(line), "{table}");
    }
}

#[test]
fn bad_input_has_its_own_exit_code_and_message() {
    let folder = tempfile::tempdir().unwrap();
    let good = written(folder.path(), "good.json", &node("1"));
    let cut = written(
        folder.path(),
        "cut.yaml",
        "---\nkind: Snapshot\napiVersion: [\n",
    );
    let foreign = written(
        folder.path(),
        "pod.yaml",
        "---\nkind: Pod\napiVersion: v1\n",
    );
    let folder = folder.path().to_str().unwrap();
    let check = |arguments: &[&str], code, says: &str| {
        let (said, complaint) = ended(arguments, "", code);
        assert!(complaint.contains(says), "{complaint}");
        assert_eq!(said, "");
    };
    check(&["diff", "/nowhere", &good], 3, "cannot read `/nowhere`");
    let place = format!("eidos: {cut}:3:13: ");
    check(&["diff", &good, &cut], 5, &place);
    check(
        &["diff", &foreign, &good],
        5,
        "pod.yaml:2:7: kind `Pod` is not read; allowed are `Snapshot`",
    );
    check(&["validate", "-f", folder], 3, "Is a directory");
    check(
        &["validate", "-f", &good, "--gpu", "h1000"],
        2,
        "did you mean `h100`?",
    );
    check(
        &["validate", "-f", &good, "-t", "xml"],
        2,
        "possible values: table, json",
    );
    assert_eq!(eidos(&["validate"], "").status.code(), Some(2));
}
