"""The shipped pipelines run end to end: real programs, a stand-in cluster."""

import os
import re
import shutil

import pytest
import yaml
from k8s_support import (
    INTEGRATIONS,
    ROOT,
    Cluster,
    eidos_program,
    need,
    run,
    run_step,
    serving,
    snapshot,
)


def workflow(name):
    """Environment and steps of a workflow's one job."""
    whole = yaml.safe_load((INTEGRATIONS / "github-actions" / name).read_text())
    (job,) = whole["jobs"].values()
    return whole.get("env", {}), job["steps"]


def run_workflow(name, folder, environment):
    """Runs the steps as GitHub does: one shell a step, the rest after a failure
    only where it says always(). Gives the exit statuses and what was printed."""
    own, steps = workflow(name)
    environment = {**own, **environment}
    statuses, printed = {}, ""
    for step in steps:
        failed = any(statuses.values())
        if "run" not in step or (failed and step.get("if") != "always()"):
            continue
        if step["name"] == "Install the CLI":
            # Docker is the one thing that is not here; the program itself is.
            continue
        assert "${{" not in step["run"]
        done = run_step(step["run"], folder, environment)
        statuses[step["name"]] = done.returncode
        printed += done.stdout + done.stderr
    return statuses, printed


@pytest.fixture(name="folder")
def _folder(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("drifted", [False, True])
def test_github_tells_a_drifted_cluster(tmp_path, folder, drifted):
    need("curl")
    cluster = Cluster(tmp_path / "edge", {"default": snapshot(numa=str(int(drifted)))})
    baseline = tmp_path / "baseline.yaml"
    baseline.write_text(snapshot())
    environment = {**cluster.environment(), "BASELINE": baseline.as_uri()}
    statuses, printed = run_workflow("drift-detection.yaml", folder, environment)
    assert statuses.pop("Compare with baseline") == int(drifted), printed
    assert set(statuses.values()) == {0}, printed
    assert ("::error::Configuration drift detected" in printed) == drifted
    assert ("numa_balancing" in printed) == drifted
    _, steps = workflow("drift-detection.yaml")
    upload = steps[-1]
    assert upload["if"] == "always()"
    assert len(list(folder.glob(upload["with"]["path"]))) == 1


def test_github_stops_where_the_job_does_not_end(tmp_path, folder):
    cluster = Cluster(tmp_path / "edge", {"default": snapshot()})
    stub = cluster.bin / "kubectl"
    stub.write_text('#!/bin/sh\n[ "$1" != wait ]\n')
    statuses, _ = run_workflow("drift-detection.yaml", folder, cluster.environment())
    assert statuses["Wait for completion"] == 1
    assert "Capture snapshot from ConfigMap" not in statuses


@pytest.mark.parametrize("drifted", [False, True])
def test_github_annotates_each_difference(tmp_path, folder, drifted):
    program = eidos_program("diff")
    cluster = Cluster(tmp_path / "edge", {"default": snapshot(numa=str(int(drifted)))})
    (folder / "baseline.yaml").write_text(snapshot())
    environment = cluster.environment(program)
    statuses, printed = run_workflow("drift-annotations.yaml", folder, environment)
    assert statuses.pop("Compare with the baseline") == int(drifted), printed
    assert set(statuses.values()) == {0}, printed
    found = re.findall(
        r"^::(?:error|warning|notice).*numa_balancing.*$", printed, re.MULTILINE
    )
    assert bool(found) == drifted, printed


def test_gitlab_goes_from_snapshot_to_installed_operators(tmp_path):
    program = eidos_program("bundle")
    cluster = Cluster(tmp_path / "edge", {"default": snapshot()})
    environment = cluster.environment(program)
    jobs = yaml.safe_load((INTEGRATIONS / "gitlab-ci/.gitlab-ci.yml").read_text())
    kept = {}
    for name, job in jobs.items():
        if name == "stages":
            continue
        folder = tmp_path / name
        folder.mkdir()
        (folder / "deployments").symlink_to(ROOT / "deployments")
        for other in job.get("dependencies", []):
            for path in kept[other]:
                source = tmp_path / other / path
                copy = shutil.copytree if source.is_dir() else shutil.copy
                copy(source, folder / path)
        script = "\n".join(["set -e", *job["script"]])
        done = run("sh", "-c", script, check=False, cwd=folder, env=environment)
        assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
        kept[name] = job.get("artifacts", {}).get("paths", [])
        for path in kept[name]:
            assert (folder / path).exists(), f"{name} leaves no {path}"
    recipe = (tmp_path / "generate_recipe/recipe.yaml").read_text()
    assert yaml.safe_load(recipe)["request"]["gpu"] == "h100"
    (call,) = [one for one in cluster.installed() if "gpu-operator" in one]
    assert "--version" in call


def run_circle(tmp_path, url):
    """Runs both jobs; gives what was printed and the environment handed on."""
    whole = yaml.safe_load((INTEGRATIONS / "circleci/config.yml").read_text())
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    handed = tmp_path / "bash-env"
    handed.touch()
    printed = ""
    for entry in whole["workflows"]["deploy"]["jobs"]:
        name = entry if isinstance(entry, str) else next(iter(entry))
        folder = tmp_path / name
        folder.mkdir()
        environment = {
            "PATH": os.environ["PATH"],
            "BASH_ENV": str(handed),
            **{
                key: value.replace("<< pipeline.parameters.eidos_url >>", url)
                for key, value in whole["jobs"][name].get("environment", {}).items()
            },
        }
        for step in whole["jobs"][name]["steps"]:
            ((kind, what),) = step.items()
            if kind == "run":
                done = run_step(what["command"], folder, environment)
                printed += done.stdout + done.stderr
                if done.returncode != 0:
                    return done.returncode, printed, ""
            elif kind == "persist_to_workspace":
                for path in what["paths"]:
                    shutil.copy(folder / path, workspace / path)
            elif kind == "attach_workspace":
                shutil.copytree(workspace, folder, dirs_exist_ok=True)
    return 0, printed, handed.read_text()


def test_circleci_hands_on_a_version_with_curl_and_jq_alone(tmp_path):
    need("jq"), need("curl")
    with serving() as url:
        status, printed, handed = run_circle(tmp_path, url)
    assert status == 0, printed
    assert re.fullmatch(r"export GPU_OP_VERSION=v[0-9][A-Za-z0-9._-]*\n", handed)


def test_circleci_stops_at_an_error(tmp_path):
    need("jq"), need("curl")
    with serving() as url:
        status, printed, _ = run_circle(tmp_path, f"{url}/nowhere")
    assert status != 0, printed


CLUSTERS = {
    "prod-us-east-1": snapshot(),
    "prod-eu-west-1": snapshot(),
    "staging-us-west-2": snapshot(gpu="GB200"),
}


def multi_cluster(tmp_path, snapshots, replies):
    """Runs the script; gives what it did, the folder and the stand-in."""
    program = eidos_program("bundle")
    cluster = Cluster(tmp_path / "edge", snapshots)
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "deployments").symlink_to(ROOT / "deployments")
    done = run(
        INTEGRATIONS / "multi-cluster-deploy.sh",
        check=False,
        cwd=folder,
        env=cluster.environment(program),
        input=replies,
    )
    return done, folder, cluster


def test_multi_cluster_makes_a_bundle_each_and_installs_where_told(tmp_path):
    done, folder, cluster = multi_cluster(tmp_path, CLUSTERS, "N\ny\n\n")
    assert done.returncode == 0, done.stdout + done.stderr
    for name, gpu in zip(CLUSTERS, ("h100", "h100", "gb200")):
        recipe = yaml.safe_load((folder / f"recipe-{name}.yaml").read_text())
        assert recipe["request"]["gpu"] == gpu
        bundle = folder / "bundles" / name / "gpu-operator"
        run("sha256sum", "-c", "checksums.txt", cwd=bundle)
    assert len(cluster.installed()) == 1
    # Nothing is left running, and nobody's current context was changed.
    last = {}
    for call in cluster.called():
        assert "use-context" not in call
        if "--context" in call and ("delete" in call or "apply" in call):
            last[call[call.index("--context") + 1]] = call
    assert set(last) == set(CLUSTERS)
    assert all("delete" in call for call in last.values())


def test_multi_cluster_names_the_cluster_that_fails_and_does_the_others(tmp_path):
    reachable = {name: text for name, text in CLUSTERS.items() if "eu" not in name}
    done, folder, _ = multi_cluster(tmp_path, reachable, "N\nN\n")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Failed: prod-eu-west-1"
    for name in reachable:
        assert (folder / "bundles" / name / "gpu-operator").is_dir()
