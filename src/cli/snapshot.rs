//! `eidos snapshot`: the agent's collectors at hand.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};

use super::exit::{Exit, Failure};
use super::output;
use crate::client::SystemClock;
use crate::client::kubernetes::{Kubernetes, SERVICE_ACCOUNT};
use crate::cluster::Component;
use crate::collect::{Measure, Source, take};
use crate::library;
use crate::model::Snapshot;
use crate::wire::{Format, SnapshotDocument, encode};

/// How long the cluster is tried.
const PATIENCE: Duration = Duration::from_secs(5);

/// Measure this node: kernel, distribution, units, GPUs and, in a pod, the cluster.
///
/// The same node gives the same bytes: times, process ids and counters are left out.
/// A source that is not there is named in the snapshot's metadata.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos snapshot
  eidos snapshot -o baseline.yaml
  eidos snapshot -o cm://gpu-operator/eidos-snapshot
  eidos snapshot --full --meta origin.json -t json
  eidos snapshot --collectors os,gpu --root /host")]
pub(super) struct SnapshotCommand {
    /// Where to write, a file or `cm://NAMESPACE/NAME`; the ending .json or .yaml
    /// decides the format.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The format; wins over the ending. YAML where nothing is said.
    #[arg(short = 't', long, value_enum)]
    format: Option<Written>,
    /// With times, process ids and counters, and with time and origin.
    #[arg(long)]
    full: bool,
    /// Write time and origin beside the snapshot.
    #[arg(long, value_name = "FILE")]
    meta: Option<PathBuf>,
    /// Where the node's files are, such as /host in a container.
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
    /// The collectors that run.
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        default_value = "os,systemd,k8s,gpu"
    )]
    collectors: Vec<Collector>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Written {
    Yaml,
    Json,
    /// One line a reading, for people.
    Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Collector {
    Os,
    Systemd,
    K8s,
    Gpu,
}

impl From<Collector> for Source {
    fn from(collector: Collector) -> Self {
        match collector {
            Collector::Os => Self::Os,
            Collector::Systemd => Self::Systemd,
            Collector::K8s => Self::K8s,
            Collector::Gpu => Self::Gpu,
        }
    }
}

impl SnapshotCommand {
    pub(super) fn run(&self) -> Result<Exit, Failure> {
        let meta = self.meta.as_deref();
        if meta.is_some_and(output::is_standard)
            && self.output.as_deref().is_none_or(output::is_standard)
        {
            return Err(Failure::OutputTwice);
        }
        let lookup = |name: &str| std::env::var(name).ok();
        let mut sources: Vec<Source> = self.collectors.iter().map(|one| (*one).into()).collect();
        sources.sort();
        sources.dedup();
        let measure = Measure {
            sources,
            root: self.root.clone(),
            full: self.full,
            node: Measure::node_name(lookup),
        };
        if let Some(root) = measure.missing_root() {
            return Err(Failure::NoRoot(root.to_owned()));
        }
        let account = Path::new(SERVICE_ACCOUNT);
        let clock = Arc::new(SystemClock::default());
        let cluster = Kubernetes::in_cluster(lookup, account, clock, PATIENCE);
        let capture = take(&measure, cluster, &library::profile(), output::complain);
        let document = SnapshotDocument::new(&capture.snapshot);
        let bytes = match self.written() {
            Written::Yaml => encode(Format::Yaml, &document)?,
            Written::Json => encode(Format::Json, &document)?,
            Written::Table => table(&capture.snapshot).into_bytes(),
        };
        let format = match self.written() {
            Written::Yaml => "yaml",
            Written::Json => "json",
            Written::Table => "txt",
        };
        output::keep(self.output.as_deref(), Component::Snapshot, format, &bytes)?;
        if let Some(path) = &self.meta {
            let format = match output::ending(Some(path)) {
                Some("json") => Format::Json,
                _ => Format::Yaml,
            };
            output::deliver(Some(path), &encode(format, &capture.meta)?)?;
        }
        Ok(if capture.empty {
            Exit::Findings
        } else {
            Exit::Done
        })
    }

    fn written(&self) -> Written {
        match (self.format, output::ending(self.output.as_deref())) {
            (Some(format), _) => format,
            (None, Some("json")) => Written::Json,
            (None, Some("table" | "txt")) => Written::Table,
            (None, _) => Written::Yaml,
        }
    }
}

fn table(snapshot: &Snapshot) -> String {
    let row = |(path, reading): (&_, &_)| vec![format!("{path}"), output::one_line(reading)];
    let rows: Vec<Vec<String>> = snapshot.readings.iter().map(row).collect();
    output::table(&rows)
}
