"""The Terraform module plans what users know and runs its whole flow.

The providers are real programs; `terraform test` answers for the cluster that
the kubectl provider would write to, and kubectl is a stand-in. The recipe is
read from a ConfigMap over HTTP by the real CLI.
"""

import http.server
import json
import os
import shutil
import threading

import pytest
import yaml
from k8s_support import (
    AGENT,
    INTEGRATIONS,
    Cluster,
    documents,
    eidos_program,
    need,
    run,
    snapshot,
    terraform_settings,
)

EXAMPLE = INTEGRATIONS / "terraform"
MODULE = EXAMPLE / "modules/eidos-agent"


@pytest.fixture(name="terraform")
def _terraform(tmp_path):
    """Terraform in a copy of the example, and the copy."""
    program = shutil.which("terraform") or need("tofu")
    settings = terraform_settings(tmp_path)
    copy = tmp_path / "terraform"
    shutil.copytree(EXAMPLE, copy)

    def terraform(*arguments, folder=copy, check=True, text=None, env=None):
        return run(
            program,
            *arguments,
            cwd=folder,
            check=check,
            input=text,
            env={**os.environ, **(env or {}), "TF_CLI_CONFIG_FILE": str(settings)},
        )

    return terraform, copy


def test_the_example_is_formatted_and_valid(terraform):
    run_it, _ = terraform
    run_it("fmt", "-check", "-recursive")
    run_it("get")
    assert "configuration is valid" in run_it("validate", "-no-color").stdout


def variables(**others):
    """A test file's variables."""
    given = {"node_selector": {"nodeGroup": "gpu-nodes"}, **others}
    return (
        "variables {\n"
        + "".join(f"  {name} = {json.dumps(value)}\n" for name, value in given.items())
        + "}\n"
    )


MOCKS = 'mock_provider "kubectl" {}\nmock_provider "null" {}\n'


def module_test(terraform, text, **options):
    """`terraform test` of one file in the module."""
    run_it, copy = terraform
    module = copy / "modules/eidos-agent"
    (module / "flow.tftest.hcl").write_text(MOCKS + text)
    return run_it("test", "-no-color", folder=module, **options), module


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workload_intent", "serving"),
        ("image_version", "not a tag"),
        ("snapshot_output", ""),
        ("recipe_output", ""),
        ("tolerations", [{"key": "a", "value": "", "effect": "Never"}]),
        ("tolerations", [{"key": "", "value": "b", "effect": ""}]),
    ],
)
def test_a_wrong_variable_is_refused(terraform, name, value):
    text = variables(**{name: value}) + (
        f'run "refused" {{\n  command = plan\n  expect_failures = [var.{name}]\n}}\n'
    )
    done, _ = module_test(terraform, text, check=False)
    assert "1 passed, 0 failed" in done.stdout, done.stdout + done.stderr


def rendered(terraform, **given):
    """The Job that the module would apply."""
    run_it, copy = terraform
    path = copy / "modules/eidos-agent/manifests/2-job.yaml"
    folder = copy.parent / "console"
    folder.mkdir(exist_ok=True)
    done = run_it(
        "console",
        folder=folder,
        text=f'jsonencode(templatefile("{path}", {json.dumps(given)}))\n',
    )
    return yaml.safe_load(json.loads(json.loads(done.stdout)))


def test_the_template_is_the_plain_job_but_for_its_variables(terraform):
    toleration = {"key": "nvidia.com/gpu", "value": "", "effect": "NoSchedule"}
    job = rendered(
        terraform,
        node_selector={"nodeGroup": "gpu-nodes"},
        tolerations=[toleration, {"key": "a", "value": "b", "effect": "NoExecute"}],
        image_version="1.2.3",
    )
    pod = job["spec"]["template"]["spec"]
    assert pod.pop("nodeSelector") == {"nodeGroup": "gpu-nodes"}
    assert pod.pop("tolerations") == [
        {**toleration, "operator": "Exists"},
        {"key": "a", "value": "b", "effect": "NoExecute", "operator": "Equal"},
    ]
    image = pod["containers"][0].pop("image")
    assert image == "ghcr.io/mchmarny/eidos-agent:1.2.3"
    (plain,) = documents(AGENT / "2-job.yaml")
    del plain["spec"]["template"]["spec"]["tolerations"]
    del plain["spec"]["template"]["spec"]["containers"][0]["image"]
    assert job == plain


def test_no_tolerations_render_none(terraform):
    job = rendered(terraform, node_selector={}, tolerations=[], image_version="latest")
    assert not job["spec"]["template"]["spec"]["tolerations"]


def test_the_modules_deps_are_those_of_the_plain_file():
    ours = (MODULE / "manifests/1-deps.yaml").read_bytes()
    assert ours == (AGENT / "1-deps.yaml").read_bytes()


def test_each_document_of_the_deps_is_a_resource_of_its_own(terraform):
    names = [
        f"{one['kind']}/{one['metadata']['name']}"
        for one in documents(AGENT / "1-deps.yaml")
    ]
    text = variables() + (
        'run "split" {\n  command = plan\n  assert {\n'
        "    condition = toset(concat(keys(kubectl_manifest.eidos_namespace), "
        f"keys(kubectl_manifest.eidos_deps))) == toset({json.dumps(names)})\n"
        '    error_message = "not one resource a document"\n  }\n}\n'
    )
    done, _ = module_test(terraform, text)
    assert "1 passed, 0 failed" in done.stdout


class ConfigMaps(http.server.BaseHTTPRequestHandler):
    """An API server that has one ConfigMap."""

    text = ""

    def log_message(self, *_):
        """Says nothing."""

    def do_GET(self):
        """The ConfigMap, or that there is none."""
        path = self.path.split("?")[0]
        found = path == "/api/v1/namespaces/gpu-operator/configmaps/eidos-snapshot"
        body = {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "eidos-snapshot", "namespace": "gpu-operator"},
            "data": {"snapshot.yaml": self.text, "format": "yaml"},
        }
        if not found:
            body = {"kind": "Status", "apiVersion": "v1", "code": 404}
        content = json.dumps(body).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def kubeconfig(path, server):
    """A kubeconfig of one cluster."""
    name = {"name": "one"}
    path.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "one",
                "clusters": [{**name, "cluster": {"server": server}}],
                "users": [{**name, "user": {"token": "t"}}],
                "contexts": [{**name, "context": {"cluster": "one", "user": "one"}}],
            }
        )
    )
    return path


def flow(terraform, tmp_path, program):
    """Applies the module; gives its folder and the stand-in cluster."""
    cluster = Cluster(tmp_path / "edge", {"default": snapshot()})
    (tmp_path / "edge/job-applied").touch()
    text = variables(snapshot_output="s-dev.yaml", recipe_output="r-dev.yaml") + (
        'run "apply" {\n  assert {\n    condition = output.recipe_file == "r-dev.yaml"'
        ' && output.snapshot_file == "s-dev.yaml"\n    error_message = "outputs"\n'
        "  }\n}\n"
    )
    ConfigMaps.text = snapshot()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), ConfigMaps) as api:
        threading.Thread(target=api.serve_forever, daemon=True).start()
        config = kubeconfig(
            tmp_path / "kubeconfig", f"http://127.0.0.1:{api.server_port}"
        )
        done, module = module_test(
            terraform,
            text,
            env={**cluster.environment(program), "KUBECONFIG": str(config)},
        )
        api.shutdown()
    assert "1 passed, 0 failed" in done.stdout
    return module, cluster


def test_apply_waits_saves_the_snapshot_and_asks_for_the_recipe(terraform, tmp_path):
    noted = tmp_path / "noted"
    program = tmp_path / "eidos"
    program.write_text(f'#!/bin/sh\necho "$*" > {noted}\n')
    program.chmod(0o755)
    module, cluster = flow(terraform, tmp_path, program)
    assert [call[0] for call in cluster.called()] == ["wait", "get"]
    assert (module / "s-dev.yaml").read_text() == snapshot()
    assert noted.read_text() == (
        "recipe -f cm://gpu-operator/eidos-snapshot --intent training -o r-dev.yaml\n"
    )


def test_apply_leaves_a_recipe_for_the_measured_node(terraform, tmp_path):
    module, _ = flow(terraform, tmp_path, eidos_program("cm://"))
    recipe = yaml.safe_load((module / "r-dev.yaml").read_text())
    assert recipe["request"]["gpu"] == "h100"
    assert recipe["request"]["intent"] == "training"
