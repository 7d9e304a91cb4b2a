//! The agent: measure a node, write the snapshot down, post it; once or on an
//! interval.
//!
//! Standard output carries documents, standard error everything else. What is
//! measured how is left to `collect`, what it means to the server.

mod exit;
mod flags;
mod options;
mod place;
mod post;
mod process;
mod spool;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use crate::client::kubernetes::{Kubernetes, KubernetesError};
use crate::client::service::{Question, Service};
use crate::client::{Clock, SystemClock};
use crate::collect::{Capture, take};
use crate::diff;
use crate::library;
use crate::model::{Path, Profile, Snapshot};
use crate::wire::{DriftDocument, Format, SnapshotDocument, encode};

use exit::{Exit, Failure};
use options::{Command, Options, Place};
use post::Poster;

/// How long collectors try to reach the cluster: they share the time in which a
/// snapshot is taken.
const COLLECTORS_TRY: Duration = Duration::from_secs(5);

/// Runs one command line, without the program's name, in one environment.
pub fn run(
    arguments: impl IntoIterator<Item = OsString>,
    lookup: impl Fn(&str) -> Option<String>,
) -> ExitCode {
    let printed = match options::parse(arguments, &lookup) {
        Ok(Command::Run(options)) => return Agent::new(&options, &lookup).run().into(),
        Ok(Command::Help) => place::print(flags::help().as_bytes()),
        Ok(Command::Version) => {
            place::print(concat!("eidos-agent ", env!("CARGO_PKG_VERSION"), "\n").as_bytes())
        }
        Err(problems) => {
            for problem in problems {
                say(&problem);
            }
            return Exit::Usage.into();
        }
    };
    match printed {
        Ok(()) => Exit::Done.into(),
        Err(failure) => {
            say(&failure.to_string());
            failure.exit().into()
        }
    }
}

/// Says something to whoever reads the log.
fn say(text: &str) {
    // Nothing is left to do when nobody reads this either.
    let _ = writeln!(io::stderr().lock(), "eidos-agent: {text}");
}

struct Agent<'a> {
    options: &'a Options,
    lookup: &'a dyn Fn(&str) -> Option<String>,
    clock: SystemClock,
    profile: Profile,
}

/// What a run has found out so far.
#[derive(Default)]
struct Outcome {
    findings: bool,
    failures: Vec<Failure>,
}

impl Outcome {
    fn note(&mut self, done: Result<(), Failure>) {
        if let Err(failure) = done {
            say(&failure.to_string());
            self.failures.push(failure);
        }
    }

    /// The first failure counts, and any of them more than findings.
    fn exit(&self) -> Exit {
        match self.failures.first() {
            Some(failure) => failure.exit(),
            None if self.findings => Exit::Findings,
            None => Exit::Done,
        }
    }
}

impl<'a> Agent<'a> {
    fn new(options: &'a Options, lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            options,
            lookup,
            clock: SystemClock::default(),
            profile: library::profile(),
        }
    }

    /// Without an interval, once. With one, until a signal ends the process, and
    /// whatever fails is tried again in the next round.
    fn run(&self) -> Exit {
        if let Err(error) = process::end_at_signals() {
            say(&format!("signals are left as they are: {error}"));
        }
        process::outlive_collectors();
        loop {
            let exit = self.once();
            let Some(interval) = self.options.interval else {
                return exit;
            };
            // Nodes that were started together drift apart.
            self.clock
                .sleep(interval.mul_f64(0.9 + fastrand::f64() / 5.0));
        }
    }

    fn once(&self) -> Exit {
        let options = self.options;
        let mut outcome = Outcome::default();
        // An empty snapshot would replace what an earlier run measured.
        if let Some(root) = options.measure.missing_root() {
            outcome.note(Err(Failure::NoRoot(root.to_owned())));
            return outcome.exit();
        }
        // Read before it is overwritten: both may be one file.
        let baseline = options.baseline.as_ref().map(|place| self.baseline(place));
        let cluster = self.cluster(COLLECTORS_TRY);
        let capture = take(&options.measure, cluster, &self.profile, say);
        if capture.empty {
            outcome.note(Err(Failure::Nothing));
        }
        if let Some(place) = &options.output {
            outcome.note(self.write(place, &capture));
        }
        if let Some(path) = &options.meta {
            outcome.note(meta(path, &capture));
        }
        match baseline {
            Some(Ok(baseline)) => match self.compare(baseline, &capture) {
                Ok(drifted) => outcome.findings |= drifted,
                Err(failure) => outcome.note(Err(failure)),
            },
            Some(Err(failure)) => outcome.note(Err(failure)),
            None => {}
        }
        match self.post(&capture.snapshot) {
            Ok(findings) => outcome.findings |= findings,
            Err(failure) => outcome.note(Err(failure)),
        }
        outcome.exit()
    }

    fn cluster(&self, patience: Duration) -> Result<Kubernetes, KubernetesError> {
        let account = &self.options.account;
        Kubernetes::in_cluster(self.lookup, account, Arc::new(self.clock), patience)
    }

    fn patient_cluster(&self) -> Result<Kubernetes, Failure> {
        Ok(self.cluster(self.options.retry_for)?)
    }

    fn baseline(&self, place: &Place) -> Result<Snapshot, Failure> {
        place::read(place, || self.patient_cluster())
    }

    fn write(&self, place: &Place, capture: &Capture) -> Result<(), Failure> {
        let document = encode(place.format(), &SnapshotDocument::new(&capture.snapshot))?;
        let timestamp = &capture.meta.timestamp;
        place::write(place, &document, timestamp, || self.patient_cluster())
    }

    /// Prints what differs, as far as it was looked at; whether anything does.
    fn compare(&self, mut baseline: Snapshot, capture: &Capture) -> Result<bool, Failure> {
        let seen = |path: &Path| !capture.unseen.contains(&path.kind);
        baseline.readings.retain(|path, _| seen(path));
        let current = &capture.snapshot.readings;
        let changes = diff::changes(&baseline.readings, current, &self.profile, &[]);
        self.print(&encode(Format::Json, &DriftDocument::new(&changes))?)?;
        Ok(!changes.is_empty())
    }

    /// Posts the snapshot and prints the answer; whether it has findings.
    fn post(&self, snapshot: &Snapshot) -> Result<bool, Failure> {
        let Some(post) = &self.options.post else {
            return Ok(false);
        };
        let key = post.key.clone().map(|key| key.0);
        let service = Service::new(post.address.clone(), key, &post.trust, post.timeout)?;
        let poster = Poster {
            service: &service,
            post,
            clock: &self.clock,
            retry_for: self.options.retry_for,
        };
        let document = encode(Format::Json, &SnapshotDocument::new(snapshot))?;
        let answer = poster.deliver(&document)?;
        self.print(&answer)?;
        Ok(post.question == Question::Validate && !passed(&answer))
    }

    /// Answers stay out of an output that carries the snapshot.
    fn print(&self, answer: &[u8]) -> Result<(), Failure> {
        if self.options.output == Some(Place::Standard) {
            return Ok(());
        }
        place::print(answer)
    }
}

fn meta(path: &std::path::Path, capture: &Capture) -> Result<(), Failure> {
    let format = Place::File(path.to_owned()).format();
    place::save(path, &encode(format, &capture.meta)?)
}

fn passed(report: &[u8]) -> bool {
    #[derive(serde::Deserialize)]
    struct Report {
        result: String,
    }
    serde_json::from_slice::<Report>(report).is_ok_and(|report| report.result == "pass")
}
