//! `eidos watch`: the operator, as a process of a cluster.

use std::io;
use std::net::SocketAddr;
use std::process;
use std::sync::Arc;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use super::embedded::embedded;
use super::exit::{Exit, Failure};
use crate::cluster;
use crate::operator::{self, Interval, Options, Pace, Term};
use crate::telemetry::{self, LogFormat, LogLevel, Stream};

/// Look after every `DriftWatch` of a cluster: measure, compare, tell, clean up,
/// and again.
///
/// Of several replicas one acts, the holder of Lease `eidos-watch`. SIGTERM ends at
/// once: whatever is under way is taken up by the next one. Log lines go to standard
/// output.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  eidos watch
  eidos watch --namespace gpu-operator --interval 1h
  LOG_FORMAT=text eidos watch --metrics-address 127.0.0.1:8080")]
pub(super) struct WatchCommand {
    /// Only the watches of this namespace; left out, those of all namespaces.
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Option<String>,
    /// The namespace of the Lease; left out, the one of this pod, or of the current
    /// context.
    #[arg(long, value_name = "NAMESPACE")]
    leader_election_namespace: Option<String>,
    /// Where /metrics, /health and /ready are.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    metrics_address: SocketAddr,
    /// The agent's image, where watches name none; left out, the one of this release.
    #[arg(long, value_name = "IMAGE")]
    agent_image: Option<String>,
    /// The time from one run to the next, where watches name none.
    #[arg(long, value_name = "TIME", default_value = "6h")]
    interval: Interval,
    /// What is logged: error, warn, info, debug or trace.
    #[arg(long, env = "LOG_LEVEL", default_value = "info", value_parser = LogLevel::parse)]
    log_level: LogLevel,
    /// How it is logged: json or text.
    #[arg(long, env = "LOG_FORMAT", default_value = "json", value_parser = LogFormat::parse)]
    log_format: LogFormat,
}

impl WatchCommand {
    pub(super) fn run(self) -> Result<Exit, Failure> {
        let rules = Arc::new(embedded()?);
        let log = Arc::new(Stream::new(io::stdout()));
        telemetry::install(log, self.log_level, self.log_format);
        cluster::runtime()?.block_on(async {
            let mut terminate = signal(SignalKind::terminate())?;
            let mut interrupt = signal(SignalKind::interrupt())?;
            let client = cluster::connect().await?;
            let options = self.options(client.default_namespace());
            let stop = async {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
            };
            operator::run(client, rules, options, stop).await?;
            Ok(Exit::Done)
        })
    }

    fn options(self, here: &str) -> Options {
        let lease_namespace = self.leader_election_namespace;
        Options {
            namespace: self.namespace,
            lease_namespace: lease_namespace.unwrap_or_else(|| here.to_owned()),
            identity: identity(),
            address: self.metrics_address,
            image: self.agent_image,
            interval: self.interval,
            term: Term::default(),
            pace: Pace::default(),
        }
    }
}

/// The pod's name, and something that its next process does not share.
fn identity() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_default();
    let host = if host.is_empty() { "eidos" } else { &host };
    format!("{host}_{:x}_{:08x}", process::id(), fastrand::u32(..))
}
