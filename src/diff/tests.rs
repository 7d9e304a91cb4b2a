//! Differences between readings.

use super::{Readings, changes};
use crate::model::{Comparison, MeasurementType, Path, PathPattern, Profile, Severity};

fn readings(lines: &[(&str, &str)]) -> Readings {
    let path = |text: &str| {
        let (kind, rest) = text.split_once('.').unwrap();
        let (subtype, key) = rest.rsplit_once('/').unwrap();
        Path::new(MeasurementType::from_name(kind).unwrap(), subtype, key)
    };
    let lines = lines
        .iter()
        .map(|(text, value)| (path(text), (*value).into()));
    lines.collect()
}

fn profile() -> Profile {
    Profile {
        modes: vec![
            (PathPattern::new("K8s.image.*"), Comparison::Version),
            (PathPattern::new("K8s.server.version"), Comparison::Minimum),
        ],
        noise: vec![PathPattern::new("SystemD.*PID")],
        severities: vec![(PathPattern::new("K8s.image.*"), Severity::Error)],
    }
}

fn check(before: &[(&str, &str)], after: &[(&str, &str)], expected: &[&str]) {
    let found = changes(&readings(before), &readings(after), &profile(), &[]);
    let found: Vec<String> = found
        .iter()
        .map(|change| {
            format!(
                "{} {} {}",
                change.severity.name(),
                change.kind(),
                change.path
            )
        })
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn what_was_added_removed_and_changed_is_found_in_order() {
    check(
        &[
            ("K8s.image/driver", "1"),
            ("OS.grub/a", "1"),
            ("OS.grub/b", "1"),
        ],
        &[
            ("GPU.smi/driver", "1"),
            ("K8s.image/driver", "2"),
            ("OS.grub/a", "1"),
        ],
        &[
            "warning removed OS.grub.b",
            "error changed K8s.image.driver",
            "warning added GPU.smi.driver",
        ],
    );
}

#[test]
fn noise_and_suffixes_are_no_difference_but_a_later_version_is() {
    check(
        &[
            ("SystemD.kubelet.service/MainPID", "1"),
            ("K8s.image/driver", "570.1-ubuntu22.04"),
            ("K8s.server/version", "1.30"),
        ],
        &[
            ("SystemD.kubelet.service/MainPID", "2"),
            ("K8s.image/driver", "570.1"),
            ("K8s.server/version", "1.33"),
        ],
        &["warning changed K8s.server.version"],
    );
}

#[test]
fn a_unit_that_is_not_installed_has_no_readings() {
    let unit = "SystemD.docker.service/LoadState";
    let value = "SystemD.docker.service/LimitNPROC";
    check(
        &[(unit, "not-found"), (value, "1")],
        &[(unit, "not-found"), (value, "2")],
        &[],
    );
    check(
        &[(unit, "not-found")],
        &[(unit, "loaded"), (value, "1")],
        &[
            "warning added SystemD.docker.service.LimitNPROC",
            "warning added SystemD.docker.service.LoadState",
        ],
    );
}

#[test]
fn what_the_caller_ignores_is_left_out() {
    let (before, after) = (
        readings(&[("OS.grub/a", "1")]),
        readings(&[("OS.grub/b", "1")]),
    );
    let ignore = [PathPattern::new("OS.grub.*")];
    assert_eq!(changes(&before, &after, &profile(), &ignore), []);
}
