//! `tests/cases/bundle/<deployer>/`: a recipe and the files made of it. The recipes
//! are frozen, so that a change of rules changes nothing here.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use eidos::bundle::{
    Choices, Deployer, Label, Override, Placement, Repository, Toleration, bundle,
};
use eidos::wire::{Format, read_recipe, recipe_file};

fn choices(deployer: Deployer) -> Choices {
    let choices = Choices {
        deployer,
        ..Choices::default()
    };
    match deployer {
        Deployer::Script | Deployer::Flux => choices,
        Deployer::Helm => Choices {
            overrides: [
                "gpu-operator:daemonsets.updateStrategy=OnDelete",
                "network-operator:operator.resources.limits.memory=256Mi",
            ]
            .map(|text| Override::parse(text).unwrap())
            .to_vec(),
            placement: Placement {
                system_selector: vec![Label::parse("nodeGroup=system").unwrap()],
                system_tolerations: vec![Toleration::parse("dedicated=system:NoSchedule").unwrap()],
                gpu_selector: vec![Label::parse("nodeGroup=gpu").unwrap()],
                gpu_tolerations: vec![Toleration::parse("sku=gpu:NoExecute").unwrap()],
            },
            ..choices
        },
        Deployer::ArgoCd => Choices {
            repository: Some(
                Repository::parse("https://git.example.com/platform/gb200.git").unwrap(),
            ),
            ..choices
        },
    }
}

/// Paths and texts below a folder.
fn below(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().to_str().unwrap();
                found.insert(name.to_owned(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    found
}

fn check(deployer: Deployer) {
    let case: PathBuf = [
        env!("CARGO_MANIFEST_DIR"),
        "tests/cases/bundle",
        deployer.name(),
    ]
    .iter()
    .collect();
    let given = fs::read(case.join("recipe.yaml")).unwrap();
    let recipe = read_recipe(&given, Format::Yaml).unwrap();
    let document = recipe_file(&recipe).unwrap();
    assert!(
        document == given,
        "a recipe that is read back is written as it was"
    );
    let files = bundle(&recipe, &document, &choices(deployer)).unwrap();
    let mut made = BTreeMap::new();
    for file in files {
        let text = String::from_utf8(file.bytes).unwrap();
        let program = text.starts_with("#!");
        assert_eq!(
            file.mode,
            if program { 0o755 } else { 0o644 },
            "{}",
            file.path
        );
        // The same in each bundle, and the input.
        if file.path.ends_with("/recipe.yaml") {
            assert!(text.as_bytes() == given);
        } else {
            made.insert(file.path, text);
        }
    }
    let expected = case.join("expected");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        drop(fs::remove_dir_all(&expected));
        for (path, text) in &made {
            let path = expected.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }
    let before = below(&expected);
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&made), names(&before), "`make expect` rewrites them");
    for (path, text) in &made {
        assert!(
            text == &before[path],
            "{}/{path} is not as expected; `make expect` rewrites it:\n{text}",
            expected.display()
        );
    }
}

#[test]
fn a_script_installs_an_h100_cluster() {
    check(Deployer::Script);
}

#[test]
fn a_chart_depends_on_the_operators_of_an_aks_cluster() {
    check(Deployer::Helm);
}

#[test]
fn an_app_of_apps_installs_a_gb200_cluster() {
    check(Deployer::ArgoCd);
}

#[test]
fn flux_reconciles_a_gke_cluster() {
    check(Deployer::Flux);
}
