//! `eidos bundle`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::exit::{Exit, Failure};
use super::folder::Target;
use super::input;
use super::output;
use super::remote::RemoteArguments;
use crate::archive::pack;
use crate::bundle::{
    BundleError, Choices, File, Label, Override, Placement, Repository, Toleration, bundle,
};
use crate::wire::{read_recipe, recipe_file};

/// Make the files that bring a recipe's operators to a cluster.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos recipe --service eks --gpu h100 --intent training -o recipe.yaml
  eidos bundle --recipe recipe.yaml --output ./bundles
  eidos bundle -f cm://gpu-operator/eidos-recipe -o bundles.zip
  eidos bundle -f recipe.yaml -b gpu-operator --set gpu-operator:driver.version=580.95.05
  eidos bundle -f recipe.yaml --deployer argocd --repo https://git.example.com/bundles.git")]
pub(super) struct BundleCommand {
    /// The recipe, JSON or YAML: a file, - for standard input, `cm://NAMESPACE/NAME`
    /// or a URL.
    #[arg(short = 'f', long, value_name = "FILE")]
    recipe: PathBuf,
    /// The operators to bundle: gpu-operator, network-operator, or both with a
    /// comma between. Left out, those that the recipe pins.
    #[arg(short, long, value_name = "NAMES", value_delimiter = ',')]
    bundlers: Vec<String>,
    /// Who brings the bundle to the cluster: script, helm, argocd or flux.
    #[arg(long, default_value = "script", value_name = "NAME")]
    deployer: String,
    /// A value of a chart, such as gpu-operator:driver.version=580.95.05; may be
    /// repeated.
    #[arg(long, value_name = "COMPONENT:PATH=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    nodes: Nodes,
    #[command(flatten)]
    remote: RemoteArguments,
    /// The Git repository that Argo CD reads the bundles from.
    #[arg(long, value_name = "URL")]
    repo: Option<String>,
    /// The folder to write into; each operator gets a folder in it. A name that ends
    /// in .zip gets an archive of them, and - writes it to standard output.
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    output: PathBuf,
}

/// Which nodes are meant, where the charts' defaults are not right.
#[derive(Debug, Args)]
struct Nodes {
    /// A label of the nodes that operators run on; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    system_node_selector: Vec<String>,
    /// A taint of those nodes; may be repeated.
    #[arg(long, value_name = "NAME=VALUE:EFFECT")]
    system_node_toleration: Vec<String>,
    /// A label of the nodes that have GPUs; may be repeated.
    #[arg(long, value_name = "NAME=VALUE")]
    accelerated_node_selector: Vec<String>,
    /// A taint of those nodes, beside nvidia.com/gpu; may be repeated.
    #[arg(long, value_name = "NAME=VALUE:EFFECT")]
    accelerated_node_toleration: Vec<String>,
}

impl BundleCommand {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let files = match self.remote.remote()? {
            Some(remote) => {
                let bundlers = self.bundlers.join(",");
                remote.files(&self.pairs(&bundlers), &input::bytes(&self.recipe)?)?
            }
            None => self.made()?,
        };
        if self.wants_archive() {
            let packed = pack(&files).map_err(|error| Failure::Output(error.into()))?;
            output::deliver(Some(&self.output), &packed)?;
            return Ok(Exit::Done);
        }
        for folder in Target::new(&self.output, &files).write()? {
            output::complain(&format!("wrote {}", folder.display()));
        }
        Ok(Exit::Done)
    }

    fn wants_archive(&self) -> bool {
        let zip = output::ending(Some(&self.output)) == Some("zip");
        self.output.as_os_str() == "-" || zip && !self.output.is_dir()
    }

    /// As a server takes them.
    fn pairs<'a>(&'a self, bundlers: &'a str) -> Vec<(&'a str, &'a str)> {
        let nodes = &self.nodes;
        let mut pairs = vec![("deployer", self.deployer.as_str())];
        for (name, values) in [
            ("set", &self.set),
            ("system-node-selector", &nodes.system_node_selector),
            ("system-node-toleration", &nodes.system_node_toleration),
            (
                "accelerated-node-selector",
                &nodes.accelerated_node_selector,
            ),
            (
                "accelerated-node-toleration",
                &nodes.accelerated_node_toleration,
            ),
        ] {
            pairs.extend(values.iter().map(|value| (name, value.as_str())));
        }
        pairs.extend((!bundlers.is_empty()).then_some(("bundlers", bundlers)));
        pairs.extend(self.repo.as_deref().map(|repo| ("repo", repo)));
        pairs
    }

    /// By the engine at hand.
    fn made(&self) -> Result<Vec<File>, Failure> {
        let choices = self.choices().map_err(Failure::Choice)?;
        let recipe = input::read(&self.recipe, read_recipe)?;
        let document = recipe_file(&recipe)?;
        bundle(&recipe, &document, &choices).map_err(|error| refused(&self.recipe, error))
    }

    fn choices(&self) -> Result<Choices, BundleError> {
        let nodes = &self.nodes;
        Ok(Choices {
            operators: Choices::parse_operators(&self.bundlers.join(","))?,
            deployer: Choices::parse_deployer(&self.deployer)?,
            overrides: each(&self.set, Override::parse)?,
            placement: Placement {
                system_selector: each(&nodes.system_node_selector, Label::parse)?,
                system_tolerations: each(&nodes.system_node_toleration, Toleration::parse)?,
                gpu_selector: each(&nodes.accelerated_node_selector, Label::parse)?,
                gpu_tolerations: each(&nodes.accelerated_node_toleration, Toleration::parse)?,
            },
            repository: self.repo.as_deref().map(Repository::parse).transpose()?,
        })
    }
}

fn each<T>(
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, BundleError>,
) -> Result<Vec<T>, BundleError> {
    texts.iter().map(|text| parse(text)).collect()
}

/// A choice that does not fit the recipe is an argument to correct; a recipe that
/// cannot be used is not.
pub(super) fn refused(path: &Path, error: BundleError) -> Failure {
    if error.is_about_choices() {
        Failure::Choice(error)
    } else {
        Failure::Bundle {
            path: path.to_owned(),
            error,
        }
    }
}
