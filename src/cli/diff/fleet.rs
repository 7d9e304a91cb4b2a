//! Many clusters at once: who differs, and in what.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Comparison, DiffFormat, exit, readings, show};
use crate::cli::exit::{Exit, Failure};
use crate::cli::github::cell;
use crate::cli::output;
use crate::diff::{Change, Readings};
use crate::model::{Path as ReadingPath, Reading, Severity};
use crate::wire::{DriftDocument, Format, encode};

/// One cluster's snapshot and what differs in it.
struct Cluster {
    name: String,
    readings: Readings,
    changes: Vec<Change>,
}

impl Cluster {
    /// Errors weigh more than any number of warnings.
    fn weight(&self) -> (usize, usize) {
        let count = |severity| {
            let same = self
                .changes
                .iter()
                .filter(|change| change.severity == severity);
            same.count()
        };
        (count(Severity::Error), count(Severity::Warning))
    }
}

pub(super) fn run(
    baseline: &Path,
    current: Option<&Path>,
    comparison: &Comparison,
    format: DiffFormat,
) -> Result<Exit, Failure> {
    let mut clusters = match current {
        None => read_all(baseline)?,
        Some(folder) => read_all(folder)?,
    };
    let before = match current {
        Some(_) if baseline.is_dir() => Baseline::ByName(
            read_all(baseline)?
                .into_iter()
                .map(|cluster| (cluster.name, cluster.readings))
                .collect(),
        ),
        Some(_) => Baseline::One(readings(baseline)?),
        None => Baseline::One(commonest(&clusters)),
    };
    for cluster in &mut clusters {
        cluster.changes = comparison.changes(before.of(&cluster.name), &cluster.readings)?;
    }
    // A cluster that is gone is the greatest change of all.
    if let Baseline::ByName(known) = &before {
        for (name, readings) in known {
            if !clusters.iter().any(|cluster| cluster.name == *name) {
                clusters.push(Cluster {
                    name: name.clone(),
                    changes: comparison.changes(readings, &Readings::new())?,
                    readings: Readings::new(),
                });
            }
        }
    }
    clusters.sort_by(|left, right| {
        let order = right.weight().cmp(&left.weight());
        order.then_with(|| left.name.cmp(&right.name))
    });
    let differs = clusters.iter().any(|cluster| !cluster.changes.is_empty());
    output::print_bytes(&written(&clusters, &before, format)?)?;
    Ok(exit(differs))
}

/// What clusters are compared with.
enum Baseline {
    One(Readings),
    ByName(BTreeMap<String, Readings>),
}

impl Baseline {
    fn of(&self, name: &str) -> &Readings {
        static NONE: Readings = Readings::new();
        match self {
            Self::One(readings) => readings,
            Self::ByName(known) => known.get(name).unwrap_or(&NONE),
        }
    }
}

/// The snapshots of a folder, by name; what is no JSON or YAML file is passed over.
fn read_all(folder: &Path) -> Result<Vec<Cluster>, Failure> {
    let unreadable = |cause| Failure::Read {
        path: folder.to_owned(),
        cause,
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str());
        if matches!(ending, Some("yaml" | "yml" | "json")) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Failure::NoSnapshots(folder.to_owned()));
    }
    let cluster = |path: &PathBuf| {
        let name = path.file_stem().unwrap_or(path.as_os_str());
        Ok(Cluster {
            name: name.to_string_lossy().into_owned(),
            readings: readings(path)?,
            changes: Vec::new(),
        })
    };
    files.iter().map(cluster).collect()
}

/// What most clusters say at each path; none is an opinion too.
fn commonest(clusters: &[Cluster]) -> Readings {
    let mut votes: BTreeMap<&ReadingPath, BTreeMap<String, (usize, &Reading)>> = BTreeMap::new();
    for cluster in clusters {
        for (path, reading) in &cluster.readings {
            let said = votes.entry(path).or_default();
            let vote = said
                .entry(reading.text().into_owned())
                .or_insert((0, reading));
            vote.0 += 1;
        }
    }
    let mut found = Readings::new();
    for (path, said) in votes {
        let voices: usize = said.values().map(|(count, _)| count).sum();
        let silent = clusters.len() - voices;
        // Of equally common values the first by text, so that the order of files
        // does not matter.
        let best = said.values().rev().max_by_key(|(count, _)| *count);
        if let Some((count, reading)) = best
            && *count >= silent
        {
            found.insert(path.clone(), (*reading).clone());
        }
    }
    found
}

fn written(
    clusters: &[Cluster],
    before: &Baseline,
    format: DiffFormat,
) -> Result<Vec<u8>, Failure> {
    Ok(match format {
        DiffFormat::Text => output::table(&rows(clusters, before)).into_bytes(),
        DiffFormat::Markdown => markdown(&rows(clusters, before)).into_bytes(),
        DiffFormat::Github => {
            let annotated = clusters.iter();
            let annotated =
                annotated.map(|cluster| show::annotations(&cluster.changes, &cluster.name));
            annotated.collect::<String>().into_bytes()
        }
        DiffFormat::Json => {
            let clusters = clusters.iter().map(|cluster| ClusterDocument {
                name: &cluster.name,
                report: DriftDocument::new(&cluster.changes),
            });
            encode(
                Format::Json,
                &FleetDocument {
                    kind: "FleetReport",
                    api_version: "drift.dgxc.io/v1",
                    clusters: clusters.collect(),
                },
            )?
        }
    })
}

/// Clusters by components: the components whose differences are errors, as far as
/// any cluster differs there. `*` marks a cell that differs from the baseline.
fn rows(clusters: &[Cluster], before: &Baseline) -> Vec<Vec<String>> {
    let mut components: Vec<&ReadingPath> = clusters
        .iter()
        .flat_map(|cluster| &cluster.changes)
        .filter(|change| change.severity == Severity::Error)
        .map(|change| &change.path)
        .collect();
    components.sort();
    components.dedup();
    let mut heading = vec!["CLUSTER".to_owned(), "DIFFERS".to_owned()];
    heading.extend(
        components
            .iter()
            .map(|path| format!("{}.{}", path.subtype, path.key)),
    );
    let shown =
        |reading: Option<&Reading>| reading.map_or_else(|| "-".to_owned(), output::one_line);
    let mut rows = vec![heading];
    let mut baseline = vec!["(baseline)".to_owned(), String::new()];
    if let Baseline::One(readings) = before {
        baseline.extend(components.iter().map(|path| shown(readings.get(*path))));
        rows.push(baseline);
    }
    for cluster in clusters {
        let mut row = vec![cluster.name.clone(), cluster.changes.len().to_string()];
        row.extend(components.iter().map(|path| {
            let differs = cluster.changes.iter().any(|change| change.path == **path);
            let mark = if differs { "*" } else { "" };
            format!("{}{mark}", shown(cluster.readings.get(*path)))
        }));
        rows.push(row);
    }
    rows
}

fn markdown(rows: &[Vec<String>]) -> String {
    let mut text = String::from("### Fleet\n\n");
    for (position, row) in rows.iter().enumerate() {
        let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
        let _ = writeln!(text, "| {} |", cells.join(" | "));
        if position == 0 {
            let _ = writeln!(text, "|{}", "---|".repeat(row.len()));
        }
    }
    text
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct FleetDocument<'a> {
    kind: &'static str,
    api_version: &'static str,
    /// The outliers first.
    clusters: Vec<ClusterDocument<'a>>,
}

#[derive(Debug, Serialize)]
struct ClusterDocument<'a> {
    name: &'a str,
    report: DriftDocument<'a>,
}
