//! Between two states of the shipped rules, impact names exactly the queries that
//! get another recipe: asked one by one, over the revisions of this repository.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use eidos::library;
use eidos::model::{Parameter, ParameterKind, Query, Recipe, Version};
use eidos::rules::{Change, RuleBase, Scope, compile, impact};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// Versions on both sides of every bound that the rules have had.
const K8S: [&str; 21] = [
    "1.20", "1.24.9", "1.25", "1.26", "1.27.3", "1.28", "1.29", "1.29.5", "1.30", "1.31", "1.31.4",
    "1.32", "1.32.1", "1.33", "1.33.5", "1.34", "1.34.2", "1.35", "1.36.1", "1.37", "1.40",
];
const OSV: [&str; 11] = [
    "7.9", "8.0", "8.10", "9.0", "9.4", "10", "20.04", "22.04", "24.04", "25.10", "2023",
];
const KERNEL: [&str; 7] = ["4.18", "5.4", "5.15.0", "6.2", "6.8.0", "6.14", "6.17"];

fn shown(setting: &str, old: Option<&str>, new: Option<&str>) -> String {
    format!("{setting}: {old:?} -> {new:?}")
}

/// What differs between two recipes, setting by setting.
fn differing(old: &Recipe, new: &Recipe) -> BTreeSet<String> {
    let value = |recipe: &Recipe, path: &eidos::model::Path| {
        let found = recipe.settings.iter().find(|one| *one.path == *path);
        found.map(|one| one.value.to_string())
    };
    let paths = old.settings.iter().chain(&new.settings);
    let paths: BTreeSet<_> = paths.map(|setting| &*setting.path).collect();
    paths
        .into_iter()
        .filter_map(|path| {
            let (before, after) = (value(old, path), value(new, path));
            let same = before == after;
            (!same).then(|| shown(&path.to_string(), before.as_deref(), after.as_deref()))
        })
        .collect()
}

/// What impact says about a query, setting by setting.
fn named(changes: &[Change], query: &Query, rules: &RuleBase) -> BTreeSet<String> {
    let holds = |scope: &Scope, parameter| {
        let text = query.text(rules.vocabulary(), parameter);
        match scope {
            Scope::Any => true,
            Scope::Open => text.is_none(),
            Scope::Value(name) => text == Some(name),
            Scope::Range(range) => text
                .and_then(|text| text.parse::<Version>().ok())
                .is_some_and(|version| range.contains(version.point())),
        }
    };
    let touches = |change: &&Change| {
        let mut boxes = change.queries.iter();
        boxes.any(|scopes| {
            let mut pairs = Parameter::ALL.into_iter().zip(scopes);
            pairs.all(|(parameter, scope)| holds(scope, parameter))
        })
    };
    let changes = changes.iter().filter(touches);
    changes
        .flat_map(|change| &change.values)
        .filter(|value| value.path.contains('.') && !value.path.contains(' '))
        .map(|value| shown(&value.path, value.old.as_deref(), value.new.as_deref()))
        .collect()
}

fn git(arguments: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new("git")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(arguments)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

/// The rules of a revision, if they compile today.
fn rules_of(revision: &str) -> Option<RuleBase> {
    let archive = git(&["archive", revision, "recipes"])?;
    let folder = tempfile::tempdir().unwrap();
    let packed = folder.path().join("recipes.tar");
    std::fs::write(&packed, archive).unwrap();
    let unpacked = Command::new("tar")
        .arg("-xf")
        .arg(&packed)
        .arg("-C")
        .arg(folder.path())
        .status();
    assert!(unpacked.unwrap().success());
    read(&folder.path().join("recipes"))
}

fn read(folder: &Path) -> Option<RuleBase> {
    let texts = library::read(folder).ok()?;
    let compiled = compile(&texts.files, &texts.defaults, &texts.digest).ok()?;
    Some(compiled.rules)
}

fn values(rules: &RuleBase, parameter: Parameter) -> Vec<&str> {
    let ParameterKind::Enum(choice) = parameter.kind() else {
        return Vec::new();
    };
    let values = rules.vocabulary().values_of(choice);
    values.iter().map(|value| &*value.name).collect()
}

fn any(random: &mut StdRng, rules: &RuleBase) -> Query {
    let mut query = Query::default();
    for parameter in Parameter::ALL {
        let known: Vec<&str> = match parameter {
            Parameter::K8s => K8S.to_vec(),
            Parameter::Osv => OSV.to_vec(),
            Parameter::Kernel => KERNEL.to_vec(),
            other => values(rules, other),
        };
        if random.random_ratio(3, 4) {
            let value = known.choose(random).unwrap();
            query.set(rules.vocabulary(), parameter, value).unwrap();
        }
    }
    query
}

#[test]
fn impact_between_states_of_the_shipped_rules_is_exact() {
    let revisions = git(&["rev-list", "HEAD", "--", "recipes"]).unwrap_or_default();
    let revisions = String::from_utf8(revisions).unwrap();
    let now = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("recipes")).unwrap();
    // The oldest states differ in most queries, which is for the optimised engine.
    let (most, queries) = if cfg!(debug_assertions) {
        (2, 4_000)
    } else {
        (100, 20_000)
    };
    let mut random = StdRng::seed_from_u64(7);
    let mut compared = 0;
    for revision in revisions.lines().take(most) {
        let Some(then) = rules_of(revision) else {
            continue;
        };
        let changes = impact(&then, &now);
        for _ in 0..queries {
            let query = any(&mut random, &now);
            assert_eq!(
                named(&changes, &query, &now),
                differing(&then.recipe(&query), &now.recipe(&query)),
                "{revision} {query:?}"
            );
        }
        compared += 1;
    }
    if compared == 0 {
        eprintln!("skipped: no earlier state of the rules is here");
    }
}
