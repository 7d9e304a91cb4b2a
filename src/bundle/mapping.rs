//! The one table that says which value of a recipe fills which key of a chart,
//! and for which releases of the operator.
//!
//! `K8s.policy.*` needs no rows: its keys are named after the fields of the
//! operator's policy, and the chart's keys are, too. Whether a chart has a key
//! is in `chart.rs`, what becomes of a value in `values.rs`.

use super::chart::point;
use super::operator::Operator;
use crate::model::{MeasurementType, Path, Version};

/// One value of a recipe in one key of a chart.
#[derive(Debug)]
pub(super) struct Row {
    /// Subtype and key below `K8s`.
    pub(super) recipe: (&'static str, &'static str),
    pub(super) operator: Operator,
    /// The chart's key.
    pub(super) value: &'static str,
    /// The first release that has it, if not the first that bundles are made
    /// for.
    since: Option<&'static str>,
    /// The first release that no longer has it.
    until: Option<&'static str>,
    pub(super) form: Form,
}

/// How a recipe's value is written in the chart's terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The tag of an image, beside the chart's repository and name.
    Tag,
    /// Repository, name and tag in one; the repository is below the registry.
    Reference(&'static str),
    /// As it is.
    Same,
    /// As it is where the chart allows it; else nodes say it by a label.
    Profile,
    /// An environment variable.
    Variable(&'static str),
    /// `true`: what has a pinned image is deployed.
    Deployed,
    /// `true` for `open`.
    OpenModules,
}

const fn gpu(recipe: (&'static str, &'static str), value: &'static str, form: Form) -> Row {
    Row {
        recipe,
        operator: Operator::Gpu,
        value,
        since: None,
        until: None,
        form,
    }
}

const fn network(recipe: (&'static str, &'static str), value: &'static str, form: Form) -> Row {
    Row {
        operator: Operator::Network,
        ..gpu(recipe, value, form)
    }
}

const ROWS: &[Row] = &[
    gpu(
        ("image", "gpu-operator-validator"),
        "validator.version",
        Form::Tag,
    ),
    gpu(("image", "driver"), "driver.version", Form::Tag),
    gpu(
        ("image", "k8s-driver-manager"),
        "driver.manager.version",
        Form::Tag,
    ),
    gpu(("image", "container-toolkit"), "toolkit.version", Form::Tag),
    gpu(
        ("image", "k8s-device-plugin"),
        "devicePlugin.version",
        Form::Tag,
    ),
    // Feature discovery moved into the device plugin's image.
    Row {
        since: Some("v24.9.0"),
        ..gpu(("image", "k8s-device-plugin"), "gfd.version", Form::Tag)
    },
    gpu(("image", "dcgm"), "dcgm.version", Form::Tag),
    // Off in the chart, so that a pin alone would deploy nothing.
    gpu(("image", "dcgm"), "dcgm.enabled", Form::Deployed),
    gpu(
        ("image", "dcgm-exporter"),
        "dcgmExporter.version",
        Form::Tag,
    ),
    gpu(
        ("image", "k8s-mig-manager"),
        "migManager.version",
        Form::Tag,
    ),
    gpu(("image", "gdrdrv"), "gdrcopy.version", Form::Tag),
    gpu(
        ("config", "mig-profile"),
        "migManager.config.default",
        Form::Profile,
    ),
    gpu(
        ("config", "runtime-config-source"),
        "toolkit.env",
        Form::Variable("RUNTIME_CONFIG_SOURCE"),
    ),
    gpu(
        ("network-config", "use-host-mofed"),
        "driver.rdma.useHostMofed",
        Form::Same,
    ),
    // `driver.useOpenKernelModules` does nothing from v25.3.0 on, and
    // `driver.kernelModuleType` did not exist before.
    Row {
        until: Some("v25.3.0"),
        ..gpu(
            ("policy", "driver.kernelModuleType"),
            "driver.useOpenKernelModules",
            Form::OpenModules,
        )
    },
    Row {
        since: Some("v25.3.0"),
        ..gpu(
            ("policy", "driver.kernelModuleType"),
            "driver.kernelModuleType",
            Form::Same,
        )
    },
    network(
        ("network-config", "enable-sriov"),
        "sriovNetworkOperator.enabled",
        Form::Same,
    ),
    Row {
        since: Some("v25.7.0"),
        ..network(
            ("image", "sriov-network-device-plugin"),
            "sriov-network-operator.images.sriovDevicePlugin",
            Form::Reference("mellanox"),
        )
    },
];

impl Row {
    /// Whether it holds for a release.
    pub(super) fn covers(&self, release: &Version) -> bool {
        let at = release.point();
        self.since.is_none_or(|since| point(since) <= at)
            && self.until.is_none_or(|until| at < point(until))
    }

    /// Where the recipe has the value.
    pub(super) fn reads(&self, path: &Path) -> bool {
        path.kind == MeasurementType::K8s && self.recipe == (&*path.subtype, &*path.key)
    }
}

/// The rows of an operator's release.
pub(super) fn rows(operator: Operator, release: &Version) -> impl Iterator<Item = &'static Row> {
    ROWS.iter()
        .filter(move |row| row.operator == operator && row.covers(release))
}

/// Whether some release of an operator has a row for this value of a recipe.
pub(super) fn has_row(path: &Path) -> bool {
    ROWS.iter().any(|row| row.reads(path))
}

#[cfg(test)]
mod tests {
    use super::{Form, ROWS};
    use crate::bundle::chart::charts;

    #[test]
    fn every_row_names_a_key_that_a_chart_of_its_time_has() {
        for row in ROWS.iter().filter(|row| row.form != Form::OpenModules) {
            for chart in charts(row.operator) {
                let release = chart.release.parse().unwrap();
                if row.covers(&release) {
                    assert!(
                        chart.key(row.value).is_some(),
                        "{} {}",
                        chart.release,
                        row.value
                    );
                }
            }
        }
    }
}
