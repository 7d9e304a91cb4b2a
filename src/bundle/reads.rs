//! Which values of a recipe bundles and image lists use. Others are for people and
//! for comparing with what runs.

use super::chart::{Chart, charts};
use super::images::is_known;
use super::mapping::has_row;
use super::operator::Operator;
use crate::model::{MeasurementType, Path};

/// What is in no row: versions to install, the
/// registry, and what the network operator's policy holds.
const ELSEWHERE: &[(&str, &str)] = &[
    ("image", "gpu-operator"),
    ("image", "network-operator"),
    ("image", "node-feature-discovery"),
    ("image", "sriov-network-device-plugin"),
    ("registry", "uri"),
    ("network-config", "deploy-ofed"),
];

/// Whether a bundle or an image list of any release uses this value.
#[must_use]
pub fn reads(path: &Path) -> bool {
    path.kind == MeasurementType::K8s
        && (has_row(path)
            || ELSEWHERE.contains(&(&*path.subtype, &*path.key))
            || is_known(path)
            || is_policy(path))
}

/// Whether it names a field of the GPU operator's policy that some chart fills.
fn is_policy(path: &Path) -> bool {
    let named = |chart: &Chart| chart.key(&path.key).is_some();
    &*path.subtype == "policy" && charts(Operator::Gpu).iter().any(named)
}

#[cfg(test)]
mod tests {
    use super::reads;
    use crate::model::{MeasurementType, Path};

    #[test]
    fn what_nothing_uses_is_not_claimed() {
        let k8s = |subtype, key| Path::new(MeasurementType::K8s, subtype, key);
        for (subtype, key) in [
            ("image", "driver"),
            ("image", "doca-driver"),
            ("policy", "cdi.default"),
            ("policy", "driver.kernelModuleType"),
            ("registry", "uri"),
        ] {
            assert!(reads(&k8s(subtype, key)), "{subtype}.{key}");
        }
        for (subtype, key) in [
            ("image", "unheard-of"),
            ("policy", "driver.useOpenKernelModules"),
            ("config", "secure-boot"),
            ("server", "version"),
        ] {
            assert!(!reads(&k8s(subtype, key)), "{subtype}.{key}");
        }
        let elsewhere = Path::new(MeasurementType::Gpu, "image", "driver");
        assert!(!reads(&elsewhere));
    }
}
