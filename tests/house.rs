//! The house rules that a machine can check: imports point down, files open by
//! saying what they own, and none grows into something that needs scrolling.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What each module may import, lowest layer first. A module that is not here
/// has not found its place yet.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("rules", &["model"]),
    ("diff", &["model"]),
    ("assess", &["model", "diff"]),
    ("bundle", &["model"]),
    ("wire", &["model", "rules", "assess", "diff", "bundle"]),
    ("library", &["model", "rules"]),
    ("serving", &["model", "rules", "library", "metrics"]),
    ("metrics", &[]),
    ("archive", &["bundle"]),
    ("files", &[]),
    ("client", &[]),
    ("cluster", &[]),
    ("collect", &["model", "client"]),
    (
        "agent",
        &[
            "model", "diff", "wire", "library", "files", "client", "collect",
        ],
    ),
    ("telemetry", &[]),
    ("settings", &["model", "telemetry"]),
    (
        "operator",
        &["model", "rules", "assess", "diff", "wire", "metrics"],
    ),
    (
        "cli",
        &[
            "model",
            "rules",
            "assess",
            "diff",
            "bundle",
            "wire",
            "library",
            "archive",
            "files",
            "client",
            "cluster",
            "collect",
            "telemetry",
            "operator",
        ],
    ),
    (
        "http",
        &[
            "model",
            "rules",
            "assess",
            "diff",
            "bundle",
            "wire",
            "library",
            "archive",
            "serving",
            "metrics",
            "settings",
            "telemetry",
        ],
    ),
];

/// Names that the pure layers must not know, and why.
const PURE: &[&str] = &["model", "rules", "assess", "diff", "bundle", "wire"];
const IMPURE_NAMES: &[&str] = &[
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "SystemTime",
    "Instant::now",
    "actix",
    "tokio",
    "tracing::",
    "kube::",
];

fn source_files() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let mut found = Vec::new();
    walk(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
        &mut found,
    );
    found.sort();
    found
}

/// The path below `src`, with `/`.
fn name_of(path: &Path) -> String {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    path.strip_prefix(source)
        .unwrap()
        .to_str()
        .unwrap()
        .replace('\\', "/")
}

/// Lines above the inline tests.
fn code(text: &str) -> Vec<&str> {
    text.lines()
        .take_while(|line| line.trim() != "#[cfg(test)]")
        .collect()
}

fn is_test(name: &str) -> bool {
    name.ends_with("/tests.rs") || name.contains("/tests/")
}

#[test]
fn imports_point_down() {
    let layers: BTreeMap<&str, &[&str]> = LAYERS.iter().copied().collect();
    let mut wrong = Vec::new();
    for path in source_files() {
        let name = name_of(&path);
        let module = name
            .split_once('/')
            .map_or_else(|| name.trim_end_matches(".rs"), |(module, _)| module);
        if matches!(module, "bin" | "lib") || is_test(&name) {
            continue;
        }
        let Some(allowed) = layers.get(module) else {
            wrong.push(format!("{name}: `{module}` has no layer"));
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in code(&text).iter().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            for rest in line.split("crate::").skip(1) {
                let target: String = rest
                    .chars()
                    .take_while(|character| character.is_alphanumeric() || *character == '_')
                    .collect();
                if target != module && !allowed.contains(&target.as_str()) {
                    wrong.push(format!(
                        "{name}:{}: `{module}` imports `{target}`",
                        number + 1
                    ));
                }
            }
            for impure in IMPURE_NAMES.iter().filter(|_| PURE.contains(&module)) {
                if line.contains(impure) {
                    wrong.push(format!(
                        "{name}:{}: `{module}` knows `{impure}`",
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_file_opens_by_saying_what_it_owns() {
    let silent: Vec<String> = source_files()
        .into_iter()
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//! "))
        .map(|path| name_of(&path))
        .collect();
    assert!(silent.is_empty(), "no `//!` in the first line: {silent:?}");
}

#[test]
fn files_stay_short() {
    let mut sizes: Vec<(usize, String)> = source_files()
        .into_iter()
        .map(|path| {
            (
                code(&fs::read_to_string(&path).unwrap()).len(),
                name_of(&path),
            )
        })
        .filter(|(_, name)| !is_test(name))
        .collect();
    sizes.sort();
    let long: Vec<&(usize, String)> = sizes.iter().filter(|(lines, _)| *lines > 320).collect();
    assert!(long.is_empty(), "split these: {long:?}");
    let mains: Vec<&(usize, String)> = sizes
        .iter()
        .filter(|(lines, name)| name.starts_with("bin/") && *lines > 60)
        .collect();
    assert!(
        mains.is_empty(),
        "a main only wires things together: {mains:?}"
    );
    let median = sizes[sizes.len() / 2].0;
    assert!(median <= 150, "the median file has {median} lines");
}
