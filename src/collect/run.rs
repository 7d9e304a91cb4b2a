//! Runs collectors side by side and puts together what they brought.
//!
//! Which collector reads what, and which readings are noise, the caller says.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use super::{CollectError, Collected, Source, secrets};
use crate::model::{Path, Snapshot};

/// The version of the document's format, not of the program: it changes when a
/// reader has to know.
pub const FORMAT_VERSION: &str = "1.0";

/// The longest reason in a snapshot's metadata, in characters.
const LONGEST_REASON: usize = 200;

/// How one collector fared.
#[derive(Debug)]
pub struct Report {
    /// Which one.
    pub source: Source,
    /// How long it took, or how long it was waited for.
    pub took: Duration,
    /// What it brought.
    pub result: Result<Collected, CollectError>,
}

/// Runs `collect` for each source on a thread of its own and waits until all are
/// done or `limit` is over. Reports come in the order of `sources`, one for each.
///
/// A collector that panics or overruns is reported as failed; the others are
/// not touched. One that hangs in the kernel cannot be ended, so its thread is
/// left behind, which is why `collect` must own what it uses.
pub fn run<C>(sources: &[Source], collect: C, limit: Duration) -> Vec<Report>
where
    C: Fn(Source) -> Result<Collected, CollectError> + Send + Sync + 'static,
{
    let started = Instant::now();
    let collect = Arc::new(collect);
    let (sender, receiver) = mpsc::channel();
    let mut finished: BTreeMap<Source, Report> = BTreeMap::new();
    let mut wanted: Vec<Source> = Vec::new();
    for &source in sources {
        if wanted.contains(&source) {
            continue;
        }
        wanted.push(source);
        let (collect, sender) = (Arc::clone(&collect), sender.clone());
        let work = move || {
            let result = catch_unwind(AssertUnwindSafe(|| collect(source)))
                .unwrap_or_else(|_| Err(CollectError::Failed("it panicked".to_owned())));
            // Nobody listens any more once the limit is over.
            let _ = sender.send(Report {
                source,
                took: started.elapsed(),
                result,
            });
        };
        if let Err(error) = thread::Builder::new()
            .name(source.name().to_owned())
            .spawn(work)
        {
            let why = format!("no thread for it: {error}");
            finished.insert(source, failed(source, started, why));
        }
    }
    drop(sender);
    while let Ok(report) = receiver.recv_timeout(limit.saturating_sub(started.elapsed())) {
        finished.insert(report.source, report);
    }
    let overrun = |source| failed(source, started, format!("no answer within {limit:?}"));
    wanted
        .into_iter()
        .map(|source| finished.remove(&source).unwrap_or_else(|| overrun(source)))
        .collect()
}

fn failed(source: Source, started: Instant, why: String) -> Report {
    Report {
        source,
        took: started.elapsed(),
        result: Err(CollectError::Failed(why)),
    }
}

/// What `--full` adds to a snapshot. It makes every snapshot different, so it is
/// not there by default.
#[derive(Debug, Clone, Default)]
pub struct Extras {
    /// When it was taken, RFC 3339 in UTC.
    pub timestamp: String,
    /// The node's name in its cluster, where it is known.
    pub source_node: Option<String>,
}

/// Makes a snapshot of all readings that `keep` wants.
#[must_use]
pub fn assemble(
    reports: Vec<Report>,
    extras: Option<Extras>,
    keep: impl Fn(&Path) -> bool,
) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let mut say = |name: &str, value: String| snapshot.metadata.insert(name.to_owned(), value);
    say("snapshot-version", FORMAT_VERSION.to_owned());
    if let Some(extras) = extras {
        say("snapshot-timestamp", extras.timestamp);
        if let Some(node) = extras.source_node {
            say("source-node", node);
        }
    }
    for report in reports {
        let state = match &report.result {
            Ok(_) => "ok".to_owned(),
            Err(CollectError::Absent(_)) => "absent".to_owned(),
            Err(CollectError::Failed(why)) => format!("failed: {}", reason(why)),
        };
        snapshot
            .metadata
            .insert(format!("collector.{}", report.source), state);
        if let Ok(collected) = report.result {
            let kept = collected
                .readings
                .into_iter()
                .filter(|(path, _)| keep(path));
            snapshot.readings.extend(kept);
        }
    }
    snapshot
}

/// One line, short, and without secrets: it is written into the snapshot.
fn reason(why: &str) -> String {
    if secrets::looks_like_one("", why) {
        return "the reason holds what looks like a secret".to_owned();
    }
    let line = why.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = line.chars().take(LONGEST_REASON).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::{Extras, Report, assemble, run};
    use crate::collect::{CollectError, Collected, Source};
    use crate::model::{MeasurementType, Path, Reading};
    use std::sync::{Arc, Barrier};
    use std::time::Duration;

    const LONG: Duration = Duration::from_secs(60);

    fn brought() -> Collected {
        let mut collected = Collected::default();
        collected.add(
            Path::new(MeasurementType::Os, "grub", "audit"),
            Reading::from("1"),
        );
        collected
    }

    fn texts(reports: &[Report]) -> Vec<String> {
        let text = |report: &Report| match &report.result {
            Ok(_) => format!("{} ok", report.source),
            Err(error) => format!("{} {error}", report.source),
        };
        reports.iter().map(text).collect()
    }

    #[test]
    fn a_panic_and_an_overrun_hide_nothing_else() {
        // Met by nobody: the collector that waits here waits for ever.
        let never = Arc::new(Barrier::new(2));
        let collect = move |source| match source {
            Source::Gpu => {
                never.wait();
                Ok(Collected::default())
            }
            Source::K8s => panic!("a bug"),
            Source::Systemd => Err(CollectError::Absent("no bus".to_owned())),
            Source::Os => Ok(brought()),
        };
        let reports = run(&Source::ALL, collect, Duration::from_secs(3));
        assert_eq!(
            texts(&reports),
            [
                "os ok",
                "systemd no bus",
                "k8s it panicked",
                "gpu no answer within 3s"
            ]
        );
        let snapshot = assemble(reports, None, |_| true);
        let metadata: Vec<String> = snapshot
            .metadata
            .iter()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        assert_eq!(
            metadata,
            [
                "collector.gpu: failed: no answer within 3s",
                "collector.k8s: failed: it panicked",
                "collector.os: ok",
                "collector.systemd: absent",
                "snapshot-version: 1.0"
            ]
        );
        assert_eq!(snapshot.readings.len(), 1);
    }

    #[test]
    fn collectors_run_side_by_side() {
        let together = Arc::new(Barrier::new(4));
        let collect = move |_| {
            together.wait();
            Ok(Collected::default())
        };
        let reports = run(&Source::ALL, collect, LONG);
        assert_eq!(texts(&reports), ["os ok", "systemd ok", "k8s ok", "gpu ok"]);
    }

    #[test]
    fn a_source_asked_for_twice_is_reported_once() {
        let reports = run(&[Source::Os, Source::Os], |_| Ok(brought()), LONG);
        assert_eq!(texts(&reports), ["os ok"]);
    }

    #[test]
    fn extras_and_noise_are_the_callers_choice() {
        let reports = run(&[Source::Os], |_| Ok(brought()), LONG);
        let extras = Extras {
            timestamp: "2026-11-23T12:00:00Z".to_owned(),
            source_node: Some("node-1".to_owned()),
        };
        let snapshot = assemble(reports, Some(extras), |path| &*path.key != "audit");
        assert!(snapshot.readings.is_empty());
        assert_eq!(snapshot.metadata["source-node"], "node-1");
        assert_eq!(
            snapshot.metadata["snapshot-timestamp"],
            "2026-11-23T12:00:00Z"
        );
    }

    #[test]
    fn a_reason_is_one_short_line_without_secrets() {
        let state = |why: &str| {
            let why = why.to_owned();
            let collect = move |_| Err(CollectError::Failed(why.clone()));
            let snapshot = assemble(run(&[Source::Gpu], collect, LONG), None, |_| true);
            snapshot.metadata["collector.gpu"].clone()
        };
        assert_eq!(state("a\n b\tc"), "failed: a b c");
        assert!(state(&"é".repeat(10_000)).chars().count() < 220);
        assert!(!state("https://user:hunter2@host refused").contains("hunter2"));
    }
}
