//! `install.sh` and `uninstall.sh`: what differs between bundles as variables at
//! the top, what is always the same below.
//!
//! They run under any POSIX shell and need kubectl alone.

use std::fmt::Write;

use super::operator::Operator;

const COMMON: &str = include_str!("scripts/common.sh");
const INSTALL: &str = include_str!("scripts/install.sh");
const UNINSTALL: &str = include_str!("scripts/uninstall.sh");

/// Installs the pinned release.
pub(super) fn install(operator: Operator, pin: &str) -> String {
    let does = format!("Installs {operator} {pin}, as recipe.yaml pins it");
    let version = operator.chart_version(pin);
    let chart = [("chart", operator.name()), ("version", version)];
    script(&does, "install", operator, &chart, INSTALL)
}

/// Takes it away again.
pub(super) fn uninstall(operator: Operator) -> String {
    let does = format!("Removes {operator}, as install.sh installed it");
    script(&does, "uninstall", operator, &[], UNINSTALL)
}

fn script(
    does: &str,
    action: &str,
    operator: Operator,
    chart: &[(&str, &str)],
    body: &str,
) -> String {
    let (policy, crd) = match operator {
        // The chart makes the policy.
        Operator::Gpu => (String::new(), ""),
        Operator::Network => (
            format!("manifests/{}", operator.policy_file()),
            "nicclusterpolicies.mellanox.com",
        ),
    };
    let fixed = [
        ("action", action),
        ("release", operator.name()),
        ("namespace", operator.namespace()),
        ("policy", &policy),
        ("policy_crd", crd),
    ];
    let mut variables = String::new();
    for (name, value) in fixed.iter().chain(chart) {
        let _ = writeln!(variables, "{name}={}", quoted(value));
    }
    format!(
        "#!/bin/sh\n# {does}.\n# With helm where it is installed, else with helm in a \
         Job in the cluster,\n# through kubectl alone.\nset -eu\n\n{variables}{COMMON}\n{body}"
    )
}

/// A word that the shell takes as it is.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_quoted_word_is_one_word() {
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(id)'; rm"), "'$(id)'\\''; rm'");
    }
}
