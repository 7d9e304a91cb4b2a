//! `eidos bundle` and `eidos recipe images`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use super::recipe::text;
use super::support::eidos;

const RECIPE: &str = "kind: Recipe
apiVersion: recipe.dgxc.io/v1
request: {os: ubuntu, osv: '24.04'}
measurements:
  - type: K8s
    subtypes:
      - subtype: image
        data: {gpu-operator: v25.3.0, driver: 570.133.20, unheard-of: '1'}
";

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_bundle_is_written_whole_and_replaced_whole() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("deep/bundles");
    let output = root.to_str().unwrap();
    let first = eidos(&["bundle", "-f", "-", "--output", output], RECIPE);
    assert_eq!(text(&first), "");
    assert_eq!(
        said(&first),
        format!("eidos: wrote {output}/gpu-operator\n")
    );
    let bundle = root.join("gpu-operator");
    let all = [
        "README.md",
        "checksums.txt",
        "manifests",
        "recipe.yaml",
        "scripts",
        "values.yaml",
    ];
    assert_eq!(names(&bundle), all);
    let mode = |path: &str| {
        fs::metadata(bundle.join(path))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (mode("scripts/install.sh"), mode("values.yaml")),
        (0o755, 0o644)
    );
    let before = fs::read(bundle.join("checksums.txt")).unwrap();

    fs::write(bundle.join("stray"), "").unwrap();
    let args = ["bundle", "-f", "-", "--output", output];
    text(&eidos(&args, RECIPE));
    assert_eq!(names(&bundle), all);
    assert_eq!(fs::read(bundle.join("checksums.txt")).unwrap(), before);
    assert_eq!(names(&root), ["gpu-operator"]);
}

#[test]
fn two_runs_at_once_leave_one_whole_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().to_str().unwrap();
    let run = || {
        let done = eidos(&["bundle", "-f", "-", "--output", output], RECIPE);
        assert!(done.status.success(), "{}", said(&done));
    };
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(run);
        }
    });
    assert_eq!(names(folder.path()), ["gpu-operator"]);
    let checked = Command::new("sha256sum")
        .args(["--strict", "--quiet", "-c", "checksums.txt"])
        .current_dir(folder.path().join("gpu-operator"))
        .status()
        .unwrap();
    assert!(checked.success());
}

#[test]
fn json_and_yaml_of_one_recipe_make_one_bundle() {
    let folder = tempfile::tempdir().unwrap();
    let made = |name: &str, format: &str| {
        let root = folder.path().join(name);
        let recipe = text(&eidos(
            &["recipe", "--gpu", "h100", "-t", format, "--context"],
            "",
        ));
        let args = ["bundle", "-f", "-", "-o", root.to_str().unwrap()];
        text(&eidos(&args, &recipe));
        let sums = |operator: &str| fs::read(root.join(operator).join("checksums.txt")).unwrap();
        (sums("gpu-operator"), sums("network-operator"))
    };
    assert_eq!(made("a", "json"), made("b", "yaml"));
}

#[test]
fn somebody_elses_folder_is_not_touched() {
    let folder = tempfile::tempdir().unwrap();
    let foreign = folder.path().join("gpu-operator");
    fs::create_dir(&foreign).unwrap();
    let args = ["bundle", "-f", "-", "-o", folder.path().to_str().unwrap()];
    text(&eidos(&args, RECIPE));
    fs::remove_file(foreign.join("checksums.txt")).unwrap();
    let refused = eidos(&args, RECIPE);
    assert_eq!(refused.status.code(), Some(3));
    assert!(said(&refused).contains("is no bundle of ours; hint: choose another --output"));
    assert!(!foreign.join("checksums.txt").exists());
    assert_eq!(names(folder.path()), ["gpu-operator"]);
}

/// Runs `eidos bundle` to a folder of its own, where nothing may be left.
fn refused(arguments: &[&str], input: &str, code: i32, says: &str) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("out");
    let all = [&["bundle", "-o", root.to_str().unwrap()], arguments].concat();
    let output = eidos(&all, input);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
    assert!(said.contains(says), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty());
    assert!(!root.exists(), "{arguments:?}");
}

#[test]
fn a_recipe_that_cannot_be_used_is_said_and_leaves_nothing() {
    for (from, to, says) in [
        (
            "driver: 570.133.20, unheard-of: '1'}",
            "driver: [",
            "this is no YAML",
        ),
        (
            "kind: Recipe",
            "kind: Snapshot",
            "kind `Snapshot` is not read; allowed are `Recipe`",
        ),
        ("recipe.dgxc.io/v1", "v9", "apiVersion `v9` is not read"),
        ("gpu-operator: v25.3.0, ", "", "there is nothing to bundle"),
        ("v25.3.0", "latest", "`latest` is not a version"),
        ("v25.3.0", "v24.1.0", "from v24.6.0 on"),
        (
            "570.133.20",
            "'$(reboot)'",
            "`K8s.image.driver`: `$(reboot)` is not the tag of an image",
        ),
    ] {
        assert!(RECIPE.contains(from));
        refused(&["-f", "-"], &RECIPE.replace(from, to), 5, says);
    }
    refused(&["-f", "/nowhere"], "", 3, "cannot read `/nowhere`");
    refused(&["-f", "/tmp"], "", 3, "cannot read `/tmp`: Is a directory");
}

#[test]
fn a_choice_that_does_not_fit_is_said_and_leaves_nothing() {
    refused(&[], "", 2, "--recipe <FILE>");
    for (flag, value, says) in [
        ("-b", "gpu-oprator", "did you mean `gpu-operator`?"),
        (
            "-b",
            "network-operator",
            "has no `K8s.image.network-operator`",
        ),
        ("--deployer", "argo", "allowed: script, helm, argocd, flux"),
        ("--set", "driver.version=1", "COMPONENT:PATH=VALUE"),
        (
            "--set",
            "gpu-operator:driver.versio=1",
            "did you mean `driver.version`?",
        ),
        ("--system-node-selector", "x", "nodeGroup=system"),
        (
            "--accelerated-node-toleration",
            "a:b",
            "effects are NoSchedule",
        ),
    ] {
        refused(&["-f", "-", flag, value], RECIPE, 2, says);
    }
    let arguments = ["-f", "-", "--deployer", "argocd", "--repo", "a b"];
    refused(&arguments, RECIPE, 2, "`repo`: `a b` is not safe");
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    for place in [file.join("x").to_str().unwrap(), "/proc/x"] {
        let output = eidos(&["bundle", "-f", "-", "-o", place], RECIPE);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(&format!("cannot write `{place}")), "{said}");
    }
    assert_eq!(names(folder.path()), ["file"]);
}

#[test]
fn images_are_whole_references_and_what_is_not_known_is_said() {
    let output = eidos(&["recipe", "images", "-f", "-"], RECIPE);
    assert_eq!(
        text(&output),
        "nvcr.io/nvidia/driver:570.133.20-ubuntu24.04\nnvcr.io/nvidia/gpu-operator:v25.3.0\n"
    );
    assert!(said(&output).contains("K8s.image.unheard-of 1 is not listed: no registry is known"));
    let mirrored = eidos(
        &[
            "recipe",
            "images",
            "-f",
            "-",
            "--registry",
            "m.example:5000/x",
            "-t",
            "json",
        ],
        RECIPE,
    );
    let listed: serde_json::Value = serde_json::from_str(&text(&mirrored)).unwrap();
    assert_eq!(
        listed["images"][0],
        serde_json::json!({
            "path": "K8s.image.driver",
            "image": "m.example:5000/x/nvidia/driver:570.133.20-ubuntu24.04",
            "origin": "nvcr.io/nvidia/driver:570.133.20-ubuntu24.04",
        })
    );
    assert_eq!(listed["unresolved"][0]["tag"], "1");
}

#[test]
fn images_of_an_environment_need_its_system_for_the_driver() {
    let known = eidos(
        &[
            "recipe", "images", "--gpu", "h100", "--os", "rhel", "--osv", "9.6",
        ],
        "",
    );
    assert!(text(&known).contains("nvcr.io/nvidia/driver:580.82.07-rhel9.6\n"));
    let open = eidos(&["recipe", "images", "--gpu", "h100"], "");
    assert!(!text(&open).contains("nvidia/driver:"));
    assert!(said(&open).contains("--osv"), "{}", said(&open));
    let both = eidos(&["recipe", "images", "-f", "-", "--os", "rhel"], RECIPE);
    assert_eq!(both.status.code(), Some(2), "{}", said(&both));
    let mirror = eidos(
        &["recipe", "images", "-f", "-", "--registry", "a b"],
        RECIPE,
    );
    assert_eq!(mirror.status.code(), Some(2), "{}", said(&mirror));
}
