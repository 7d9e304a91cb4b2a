//! What has to be done between requests: looking for changed files, draining
//! histograms, writing log lines.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use actix_web::web;

use super::state::State;
use super::tls::Certificate;
use crate::rules::{Diagnostic, DiagnosticSeverity};
use crate::serving::{Outcome, ReloadError, Watch};

/// How long a log line may wait for company.
const LOG_DELAY: Duration = Duration::from_millis(100);
/// How long durations may pile up before they are put into buckets.
const UPKEEP: Duration = Duration::from_secs(1);

/// Files that are looked at for changes.
pub(super) struct Watched {
    pub(super) state: web::Data<State>,
    pub(super) rules: Option<Watch>,
    pub(super) certificate: Option<Arc<Certificate>>,
}

/// What was last wrong with a file, so that it is told once.
#[derive(Default)]
struct Faults {
    keys: Option<String>,
    certificate: Option<String>,
}

/// Starts both threads. Each message of `asked` is one SIGHUP; the first thread
/// ends when the sender is gone, the second with the process.
pub(super) fn start(mut watched: Watched, asked: Receiver<()>) {
    let state = web::Data::clone(&watched.state);
    let interval = state.settings.reload_interval;
    thread::spawn(move || {
        let mut faults = Faults::default();
        loop {
            match asked.recv_timeout(interval) {
                Ok(()) => watched.look(true, &mut faults),
                Err(RecvTimeoutError::Timeout) => watched.look(false, &mut faults),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    thread::spawn(move || {
        let mut kept_up = Instant::now();
        loop {
            thread::sleep(LOG_DELAY);
            state.log.flush();
            if kept_up.elapsed() >= UPKEEP {
                state.metrics.upkeep();
                kept_up = Instant::now();
            }
        }
    });
}

impl Watched {
    fn look(&mut self, asked: bool, faults: &mut Faults) {
        if let Some(watch) = &mut self.rules {
            let outcome = if asked {
                watch.look_now(&self.state.publisher)
            } else {
                watch.look(&self.state.publisher)
            };
            report(&self.state, outcome, asked);
        }
        if let Some(keys) = &self.state.keys {
            changed("file of API keys", keys.reload(), &mut faults.keys);
        }
        if let Some(certificate) = &self.certificate {
            changed(
                "TLS certificate",
                certificate.reload(),
                &mut faults.certificate,
            );
        }
    }
}

fn report(state: &State, outcome: Outcome, asked: bool) {
    match outcome {
        Outcome::Unchanged if asked => tracing::info!("the rule base has not changed"),
        Outcome::Unchanged => {}
        Outcome::Swapped { revision, warnings } => {
            let rules = revision.rules();
            let names: Vec<_> = rules
                .overlays()
                .skip(1)
                .map(|overlay| Arc::clone(overlay.name))
                .collect();
            state.metrics.reload(true);
            state.metrics.rules_published(
                rules.version(),
                rules.digest(),
                names.iter().map(|name| &**name),
            );
            log_findings(&warnings);
            tracing::info!(
                version = rules.version(),
                rules_digest = &**rules.digest(),
                overlays = rules.overlay_count(),
                "a new rule base is served"
            );
        }
        Outcome::Refused(error) => {
            state.metrics.reload(false);
            if let ReloadError::Invalid(found) = &error {
                log_findings(found);
            }
            tracing::error!(%error, "the rule base was refused; the last good one is still served");
        }
    }
}

/// One event a finding, by file and place.
pub(super) fn log_findings(found: &[Diagnostic]) {
    for finding in found {
        match finding.severity {
            DiagnosticSeverity::Error => tracing::error!(%finding, "rule base"),
            DiagnosticSeverity::Warning => tracing::warn!(%finding, "rule base"),
            DiagnosticSeverity::Note => tracing::info!(%finding, "rule base"),
        }
    }
}

fn changed<E: ToString>(what: &str, outcome: Result<bool, E>, fault: &mut Option<String>) {
    let error = match outcome {
        Ok(new) => {
            if new {
                tracing::info!("the {what} changed and is used from now on");
            }
            None
        }
        Err(error) => Some(error.to_string()),
    };
    if let Some(error) = error
        .as_ref()
        .filter(|error| fault.as_ref() != Some(*error))
    {
        tracing::error!(%error, "the {what} cannot be read; the old one stays");
    }
    *fault = error;
}
