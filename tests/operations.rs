//! `docs/operations.md` names every metric and alert there is, and calculates with
//! the figures that it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The rows of every table, cell by cell.
fn rows(page: &str) -> Vec<Vec<String>> {
    let cells = |line: &str| -> Vec<String> {
        let line = line.trim().trim_matches('|');
        line.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let table = page.lines().filter(|line| line.starts_with('|'));
    table.map(cells).collect()
}

#[test]
fn every_metric_is_explained() {
    let page = read("docs/operations.md");
    let explained: BTreeSet<String> = rows(&page)
        .into_iter()
        .filter_map(|row| Some(row.first()?.trim_matches('`').to_owned()))
        .filter(|name| name.starts_with("eidos_") && !name.contains(' '))
        .collect();
    let names = read("src/metrics/names.rs");
    let known: BTreeSet<String> = names
        .split('"')
        .filter(|text| text.starts_with("eidos_"))
        .map(str::to_owned)
        .collect();
    assert!(known.len() > 10, "{known:?}");
    assert_eq!(explained, known);
}

#[test]
fn every_alert_has_a_part_and_every_part_an_alert() {
    let page = read("docs/operations.md");
    let parts: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let rules = read("integrations/prometheus/prometheus-rules.yaml");
    let alerts: BTreeSet<&str> = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("- alert: "))
        .collect();
    assert_eq!(parts.iter().copied().collect::<BTreeSet<_>>(), alerts);
    assert_eq!(parts.len(), alerts.len());
}

#[test]
fn the_fleet_is_calculated_from_the_figures_above_it() {
    let page = read("docs/operations.md");
    let rows = rows(&page);
    let given: BTreeMap<&str, f64> = rows
        .iter()
        .filter(|row| row.len() == 3 && row[1].starts_with('`'))
        .filter_map(|row| Some((row[1].trim_matches('`'), row[2].parse().ok()?)))
        .collect();
    let of = |name: &str| given[name];
    let replicas = |origin: f64, cost: f64| {
        let needed = origin * cost / 1e6 / (of("busy") * of("cores"));
        (1.0 + needed.ceil()).max(3.0)
    };
    let mut count = 0;
    for row in rows.iter().filter(|row| row.len() == 6) {
        let Ok(asked) = row[0].replace(',', "").parse::<f64>() else {
            continue;
        };
        count += 1;
        let fresh = of("kept") * of("hit") + (1.0 - of("kept")) * of("new");
        let origin = (of("queries") * of("places") / of("age")).min(asked);
        let edge = 1.0 - origin / asked;
        let cost = edge * of("same") + (1.0 - edge) * fresh;
        let shown = [
            format!("{}", replicas(asked, fresh)),
            format!("{:.1}", edge * 100.0),
            format!("{origin:.0}"),
            format!("{cost:.1}"),
            format!("{}", replicas(origin, cost)),
        ];
        let written: Vec<String> = row[1..]
            .iter()
            .map(|cell| cell.replace([',', '%'], ""))
            .collect();
        assert_eq!(written, shown, "at {} requests a second", row[0]);
    }
    assert_eq!(count, 4);
    let script = page.split("awk ").nth(1).unwrap();
    for (name, value) in given {
        let set = script.split(&format!("-v {name}=")).nth(1).unwrap();
        let set = set.split_whitespace().next().unwrap();
        assert_eq!(set.parse(), Ok(value), "{name} in the script");
    }
}
