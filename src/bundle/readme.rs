//! `README.md`: what a bundle installs, how, and what to know before.
//!
//! Texts of a recipe are anybody's, so that they are written as text and never
//! as markup.

use std::fmt::Write;

use super::deployer::Deployer;
use super::operator::{CHART_REPOSITORY, Operator};
use super::values::Source;

/// The page of one operator's bundle.
pub(super) fn readme(source: &Source<'_>, deployer: Deployer, unsaid: &[String]) -> String {
    let Source {
        operator,
        recipe,
        pin,
        ..
    } = source;
    let mut page = format!("# {operator} {pin}\n\n");
    let asked: Vec<String> = recipe
        .request
        .iter()
        .map(|(parameter, value)| format!("{parameter} {}", plain(value)))
        .collect();
    let environment = if asked.is_empty() {
        "any environment".to_owned()
    } else {
        asked.join(", ")
    };
    let _ = writeln!(
        page,
        "Made of `recipe.yaml` for {environment}. Rule base: {}; coverage: {}.\n",
        known(&recipe.version),
        recipe.coverage.level.name()
    );
    let _ = writeln!(
        page,
        "Chart: `{operator}` `{}` from {CHART_REPOSITORY}.\n",
        operator.chart_version(pin)
    );
    page.push_str("## Install\n\n");
    page.push_str(&how(*operator, deployer));
    page.push_str(&policy(*operator));
    let issues: Vec<String> = recipe
        .advisories
        .iter()
        .map(|one| {
            let (id, severity) = (plain(&one.id), one.severity.name());
            format!(
                "{id} ({severity}): {} {}",
                plain(&one.message),
                plain(&one.remedy)
            )
        })
        .collect();
    list(&mut page, "Known issues", &issues);
    let unsaid: Vec<String> = unsaid.iter().map(|text| plain(text)).collect();
    list(&mut page, "Not in the values", &unsaid);
    page
}

fn how(operator: Operator, deployer: Deployer) -> String {
    let namespace = operator.namespace();
    match deployer {
        Deployer::Script => "    sha256sum -c checksums.txt\n    ./scripts/install.sh\n\n\
             It needs kubectl with a cluster in its current context. Where helm is not\n\
             installed, helm runs as a Job in the cluster with an account that is removed\n\
             afterwards. `./scripts/install.sh --help` lists what can be changed, such as a\n\
             mirror of the chart; `./scripts/uninstall.sh` takes the release away again.\n\n"
            .to_owned(),
        Deployer::Helm => format!(
            "    sha256sum -c checksums.txt\n    helm dependency build .\n    \
             helm upgrade --install {operator} . --namespace {namespace} \\\n      \
             --create-namespace --wait\n\n"
        ),
        Deployer::ArgoCd => format!(
            "Commit the folder that holds `app-of-apps.yaml`, write your repository into that\n\
             file unless it is there already, and apply it once:\n\n    \
             kubectl apply -f app-of-apps.yaml\n\n\
             `{operator}/argocd/` holds what it then syncs, in the order of the sync waves.\n\n"
        ),
        Deployer::Flux => format!(
            "Commit this folder as `{operator}/` of the repository that Flux bootstrapped as\n\
             `flux-system`, and apply `flux/sync.yaml`. It reconciles `flux/release/`{}.\n\n",
            match operator {
                Operator::Gpu => "",
                Operator::Network =>
                    " first and\n`flux/policy/` when the chart has brought its CRDs",
            }
        ),
    }
}

fn policy(operator: Operator) -> String {
    let file = operator.policy_file();
    match operator {
        Operator::Gpu => format!(
            "The chart makes the ClusterPolicy of `values.yaml`. `manifests/{file}` says the\n\
             same, to be read and compared; it need not be applied.\n"
        ),
        Operator::Network => format!(
            "`manifests/{file}` says what the operator deploys; the chart does not make it.\n"
        ),
    }
}

fn list(page: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(page, "\n## {title}\n");
    for item in items {
        let _ = writeln!(page, "- {item}");
    }
}

fn known(text: &str) -> String {
    if text.is_empty() {
        "not named".to_owned()
    } else {
        plain(text)
    }
}

/// A text on one line without markup.
fn plain(text: &str) -> String {
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    let mut plain = String::new();
    for word in words.filter(|word| !word.is_empty()) {
        if !plain.is_empty() {
            plain.push(' ');
        }
        for character in word.chars() {
            if "\\`*_[]<>|#&".contains(character) {
                plain.push('\\');
            }
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_text_stays_text() {
        assert_eq!(plain("a\n# b <script>"), "a \\# b \\<script\\>");
    }
}
