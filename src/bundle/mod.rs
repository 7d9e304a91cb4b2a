//! Bundles: a recipe as files that bring the operators to a cluster.
//!
//! Given are a recipe and a user's choices, made are relative paths, modes and
//! bytes, the same ones for the same input. Where they are written, packed or
//! sent, the edges decide; what a document looks like is `wire`'s.

mod argocd;
mod chart;
mod checked;
mod checksums;
mod deployer;
mod error;
mod flux;
mod images;
mod mapping;
mod operator;
mod overrides;
mod placement;
mod policy;
mod readme;
mod reads;
mod script;
mod tree;
mod values;
mod yaml;

pub use argocd::Repository;
pub use deployer::Deployer;
pub use error::BundleError;
pub use images::{Image, Images, Unresolved, images};
pub use operator::Operator;
pub use overrides::Override;
pub use placement::{Label, Placement, Toleration};
pub use reads::reads;

use crate::model::{Recipe, nearest};
use policy::{cluster_policy, nic_cluster_policy};
use values::Source;

/// One file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Relative, with `/`; starts with the operator's name, unless the file is
    /// about all of them.
    pub path: String,
    /// Permissions as Unix has them.
    pub mode: u32,
    /// The content.
    pub bytes: Vec<u8>,
}

/// What a user chooses beside the recipe.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choices {
    /// The operators to bundle; empty for those that the recipe pins.
    pub operators: Vec<Operator>,
    /// Who brings the bundle to the cluster.
    pub deployer: Deployer,
    /// Values set by hand, in order.
    pub overrides: Vec<Override>,
    /// Which nodes are meant.
    pub placement: Placement,
    /// The Git repository that Argo CD reads the bundle from.
    pub repository: Option<Repository>,
}

impl Choices {
    /// The operators of a list such as `gpu-operator,network-operator`; none for
    /// an empty one.
    ///
    /// # Errors
    /// When a name is not known.
    pub fn parse_operators(text: &str) -> Result<Vec<Operator>, BundleError> {
        let names = text.split(',').map(str::trim).filter(|_| !text.is_empty());
        let mut found = Vec::new();
        for name in names {
            let operator =
                Operator::from_name(name).ok_or_else(|| BundleError::UnknownBundler {
                    given: error::shown(name),
                    nearest: nearest(name, Operator::ALL.map(Operator::name)).map(str::to_owned),
                })?;
            if !found.contains(&operator) {
                found.push(operator);
            }
        }
        found.sort();
        Ok(found)
    }

    /// The deployer with a name.
    ///
    /// # Errors
    /// When it is not known.
    pub fn parse_deployer(name: &str) -> Result<Deployer, BundleError> {
        Deployer::from_name(name).ok_or_else(|| BundleError::UnknownDeployer {
            given: error::shown(name),
            nearest: nearest(name, Deployer::ALL.map(Deployer::name)).map(str::to_owned),
        })
    }
}

/// The files of the bundles of a recipe, sorted by path. `document` is the recipe
/// as YAML: each bundle carries it.
///
/// # Errors
/// Says which value of the recipe or which choice cannot be used, and why.
pub fn bundle(
    recipe: &Recipe,
    document: &[u8],
    choices: &Choices,
) -> Result<Vec<File>, BundleError> {
    let operators = operators(recipe, &choices.operators)?;
    let mut overrides = Vec::new();
    for given in &choices.overrides {
        overrides.push((given.operator(&operators)?, given));
    }
    let mut files = Vec::new();
    if choices.deployer == Deployer::ArgoCd {
        files.push(File {
            path: "app-of-apps.yaml".to_owned(),
            mode: DATA,
            bytes: argocd::app_of_apps(choices.repository.as_ref()).into_bytes(),
        });
    }
    for operator in operators {
        let own: Vec<&Override> = overrides
            .iter()
            .filter(|(meant, _)| *meant == operator)
            .map(|(_, given)| *given)
            .collect();
        files.extend(one(operator, recipe, document, choices, &own)?);
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

const DATA: u32 = 0o644;
const PROGRAM: u32 = 0o755;

fn operators(recipe: &Recipe, asked: &[Operator]) -> Result<Vec<Operator>, BundleError> {
    if !asked.is_empty() {
        return Ok(asked.to_vec());
    }
    let pinned = |operator: &Operator| operator.pinned_in(recipe).is_some();
    let found: Vec<Operator> = Operator::ALL.into_iter().filter(pinned).collect();
    if found.is_empty() {
        return Err(BundleError::NothingPinned);
    }
    Ok(found)
}

/// The bundle of one operator.
fn one(
    operator: Operator,
    recipe: &Recipe,
    document: &[u8],
    choices: &Choices,
    overrides: &[&Override],
) -> Result<Vec<File>, BundleError> {
    let source = Source::new(operator, recipe, &choices.placement)?;
    let filled = source.fill(overrides)?;
    let policy = match operator {
        Operator::Gpu => cluster_policy(&source, &filled.values),
        Operator::Network => nic_cluster_policy(&source)?,
    };
    let deployer = choices.deployer;
    let mut texts = match deployer {
        Deployer::Script => vec![
            (
                "scripts/install.sh".to_owned(),
                script::install(operator, source.pin),
            ),
            (
                "scripts/uninstall.sh".to_owned(),
                script::uninstall(operator),
            ),
        ],
        Deployer::Helm => deployer::helm(&source),
        Deployer::ArgoCd => argocd::files(&source, &filled.values, &policy),
        Deployer::Flux => flux::files(&source, &filled.values, &policy),
    };
    texts.push((
        "README.md".to_owned(),
        readme::readme(&source, deployer, &filled.unsaid),
    ));
    texts.push((
        format!("manifests/{}", operator.policy_file()),
        yaml::document(&policy),
    ));
    let values = match deployer {
        Deployer::Helm => deployer::nested(operator, filled.values),
        _ => filled.values,
    };
    texts.push(("values.yaml".to_owned(), yaml::document(&values)));

    let mut files: Vec<File> = texts
        .into_iter()
        .map(|(path, text)| File {
            mode: if path.starts_with("scripts/") {
                PROGRAM
            } else {
                DATA
            },
            path,
            bytes: text.into_bytes(),
        })
        .collect();
    files.push(File {
        path: "recipe.yaml".to_owned(),
        mode: DATA,
        bytes: document.to_vec(),
    });
    files.sort_by(|left, right| left.path.cmp(&right.path));
    files.push(File {
        path: checksums::NAME.to_owned(),
        mode: DATA,
        bytes: checksums::of(&files).into_bytes(),
    });
    for file in &mut files {
        file.path = format!("{operator}/{}", file.path);
    }
    Ok(files)
}
