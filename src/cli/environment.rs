//! An environment on the command line: flags, and a snapshot that fills what
//! the flags leave open.

use std::path::{Path, PathBuf};

use clap::Args;

use super::embedded::embedded;
use super::exit::Failure;
use super::remote::RemoteArguments;
use super::{input, output};
use crate::assess::imply;
use crate::model::{Query, Recipe};
use crate::rules::RuleBase;
use crate::wire::{Document, Format, read_document};

/// Which environment is meant, and a document that says what the flags do not.
#[derive(Debug, Args)]
pub(super) struct Environment {
    #[command(flatten)]
    flags: EnvironmentFlags,
    /// A snapshot or a query as a document, JSON or YAML: a file, - for standard
    /// input, `cm://NAMESPACE/NAME` in the current cluster, or a URL.
    #[arg(short = 'f', long = "snapshot", value_name = "FILE")]
    document: Option<PathBuf>,
}

/// Which environment is meant. What is left out may be anything.
#[derive(Debug, Args)]
pub(super) struct EnvironmentFlags {
    /// Operating system family, such as ubuntu.
    #[arg(long)]
    os: Option<String>,
    /// Operating system version, such as 24.04.
    #[arg(long)]
    osv: Option<String>,
    /// Kernel version, such as 6.8.0-1028-aws.
    #[arg(long)]
    kernel: Option<String>,
    /// Where Kubernetes runs, such as eks.
    #[arg(long, alias = "env")]
    service: Option<String>,
    /// Kubernetes version, such as 1.33.
    #[arg(long)]
    k8s: Option<String>,
    /// The accelerator, such as h100.
    #[arg(long, alias = "accelerator")]
    gpu: Option<String>,
    /// What the cluster is for: training or inference.
    #[arg(long)]
    intent: Option<String>,
}

impl Environment {
    /// The recipe, by the embedded rules or by a server. `document` is what was
    /// read already.
    pub(super) fn recipe(
        &self,
        remote: &RemoteArguments,
        document: Option<&[u8]>,
    ) -> Result<Recipe, Failure> {
        if let Some(remote) = remote.remote()? {
            let (_, recipe) = remote.recipe(&self.pairs(), document, Format::Json)?;
            return Ok(recipe);
        }
        let rules = embedded()?;
        let (query, _) = self.understand(&rules, document)?;
        Ok(rules.recipe(&query))
    }

    /// The bytes of the document, if one is named.
    pub(super) fn bytes(&self) -> Result<Option<Vec<u8>>, Failure> {
        self.document.as_deref().map(input::bytes).transpose()
    }

    /// The parameters that flags give, as a server takes them.
    pub(super) fn pairs(&self) -> Vec<(&'static str, &str)> {
        self.flags.given()
    }

    /// The document, if one is named.
    pub(super) fn document(&self) -> Option<&Path> {
        self.document.as_deref()
    }

    /// Whether any part of the environment is given by a flag.
    pub(super) fn has_flags(&self) -> bool {
        !self.flags.given().is_empty()
    }

    /// The query, and what a snapshot left unclear.
    pub(super) fn understand(
        &self,
        rules: &RuleBase,
        document: Option<&[u8]>,
    ) -> Result<(Query, Vec<String>), Failure> {
        let read = |bytes| {
            let wrong = |error| Failure::Document {
                path: self.document.clone().unwrap_or_default(),
                error,
            };
            read_document(bytes, input::format_of(bytes)).map_err(wrong)
        };
        let document = document.map(read).transpose()?;
        let mut query = Query::default();
        let mut notes = Vec::new();
        let mut wrong = Vec::new();
        match document {
            Some(Document::Snapshot(snapshot)) => {
                let implied = imply(&snapshot, rules.vocabulary());
                query = implied.query;
                notes = implied.notes;
            }
            Some(Document::Criteria(pairs)) => {
                for (name, value) in pairs {
                    set(rules, &mut query, (&name, &name), &value, &mut wrong);
                }
            }
            None => {}
        }
        self.flags.add(rules, &mut query, &mut wrong);
        if !wrong.is_empty() {
            return Err(Failure::Query(wrong));
        }
        for note in &notes {
            output::complain(note);
        }
        Ok((query, notes))
    }
}

impl EnvironmentFlags {
    /// The flags, for commands that exclude them.
    pub(super) const NAMES: [&'static str; 7] =
        ["os", "osv", "kernel", "service", "k8s", "gpu", "intent"];

    const fn pairs(&self) -> [(&'static str, &Option<String>); 7] {
        [
            ("os", &self.os),
            ("osv", &self.osv),
            ("kernel", &self.kernel),
            ("service", &self.service),
            ("k8s", &self.k8s),
            ("gpu", &self.gpu),
            ("intent", &self.intent),
        ]
    }

    /// The flags that are there.
    pub(super) fn given(&self) -> Vec<(&'static str, &str)> {
        let pairs = self.pairs().into_iter();
        pairs
            .filter_map(|(name, value)| Some((name, value.as_deref()?)))
            .collect()
    }

    /// Adds what the flags say, and wins over what is known so far.
    pub(super) fn add(&self, rules: &RuleBase, query: &mut Query, wrong: &mut Vec<String>) {
        for (name, value) in self.given() {
            let flag = format!("--{name}");
            set(rules, query, (name, &flag), value, wrong);
        }
    }
}

/// Reads one parameter, by its name and by what it was called; what is wrong with it
/// is added to the others.
pub(super) fn set(
    rules: &RuleBase,
    query: &mut Query,
    (name, called): (&str, &str),
    value: &str,
    wrong: &mut Vec<String>,
) {
    let Some(parameter) = rules.vocabulary().parameter(name) else {
        let names = crate::model::Parameter::ALL.map(crate::model::Parameter::name);
        let near = crate::model::nearest(name, names);
        let near = near.map(|near| format!("; did you mean `{near}`?"));
        wrong.push(format!(
            "`{name}` is no parameter; allowed: {}{}",
            names.join(", "),
            near.unwrap_or_default()
        ));
        return;
    };
    if let Err(problem) = query.set(rules.vocabulary(), parameter, value) {
        let near = problem
            .nearest
            .map(|near| format!("; did you mean `{near}`?"));
        wrong.push(format!(
            "{called}: `{value}` {}; allowed: {}{}",
            problem.reason,
            problem.allowed.join(", "),
            near.unwrap_or_default()
        ));
    }
}
