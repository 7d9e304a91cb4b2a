"""Bundles in the hands of the tools that take them: charts, CRDs, linters, shells."""

import contextlib
import functools
import http.server
import itertools
import json
import os
import re
import shutil
import threading

import jsonschema
import pytest
import yaml
from chart_keys import closed, spec_of, table
from k8s_support import ROOT, Cluster, eidos_program, from_go, need, run

CHARTS = ROOT / "src" / "bundle" / "charts"
HELM = "helm.sh/helm/v3/cmd/helm@v3.18.6"
OPERATORS = ("gpu-operator", "network-operator")
CRDS = {
    "gpu-operator": "clusterpolicy-crd.yaml",
    "network-operator": "nicclusterpolicy-crd.yaml",
}
DEPLOYERS = ("script", "helm", "argocd", "flux")

ENVIRONMENTS = [
    dict(zip(("service", "gpu", "os", "intent"), one))
    for one in itertools.product(
        ("eks", "gke", "aks", "oke", "self-managed"),
        ("h100", "gb200", "a100"),
        ("ubuntu", "cos"),
        ("training",),
    )
]


@pytest.fixture(name="upstream")
def _upstream(shared):
    folder = shared / "upstream"
    if not folder.is_dir():
        pytest.skip("no ../shared/upstream beside the project")
    return folder


def releases(upstream, operator):
    """Each release whose chart is at hand."""
    found = sorted(upstream.glob(f"{operator}-v*"))
    assert found
    return [folder.name.removeprefix(f"{operator}-") for folder in found]


def chart_values(upstream, operator, release):
    path = upstream / f"{operator}-{release}" / "values.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@functools.cache
def recipe_text(*flags):
    return run(eidos_program("bundle"), "recipe", "--context", *flags).stdout


def recipe_of(environment, **pins):
    """A recipe as JSON, with other versions pinned where they are given."""
    flags = [f"--{name}={value}" for name, value in environment.items()]
    recipe = json.loads(recipe_text(*flags))
    for measurement in recipe["measurements"]:
        for subtype in measurement["subtypes"]:
            if (measurement["type"], subtype["subtype"]) == ("K8s", "image"):
                subtype["data"].update(pins)
    return recipe


def bundled(folder, recipe, *flags):
    """The folder of the bundles of a recipe."""
    path = folder / "recipe.json"
    path.write_text(json.dumps(recipe), encoding="utf-8")
    output = folder / "bundles"
    run(eidos_program("bundle"), "bundle", "-f", path, "-o", output, *flags)
    return output


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def strangers(values, chart, read_by_templates, prefix=""):
    """Paths of values that a chart does not know."""
    for name, value in values.items():
        path = f"{prefix}{name}"
        if path in read_by_templates:
            continue
        if name not in chart:
            yield path
        elif isinstance(value, dict) and isinstance(chart[name], dict):
            if closed(chart[name]):
                yield from strangers(value, chart[name], read_by_templates, f"{path}.")


def read_by_templates(operator):
    lines = (CHARTS / f"{operator}-templates.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[0] for line in lines}


def strict(schema):
    """The schema, refusing fields that an API server would drop in silence."""
    if "properties" in schema:
        inner = {name: strict(one) for name, one in schema["properties"].items()}
        schema = {**schema, "properties": inner}
        schema.setdefault("additionalProperties", False)
    if isinstance(schema.get("items"), dict):
        schema = {**schema, "items": strict(schema["items"])}
    return schema


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_tables_are_those_of_the_charts(upstream, operator):
    for release in releases(upstream, operator):
        values = chart_values(upstream, operator, release)
        crd = load(upstream / f"{operator}-{release}" / CRDS[operator])
        spec = spec_of(crd) if operator == "gpu-operator" else None
        committed = CHARTS / f"{operator}-{release}.txt"
        assert committed.read_text(encoding="utf-8").splitlines() == table(values, spec)


@pytest.mark.parametrize("operator", OPERATORS)
def test_values_and_policy_fit_each_release(upstream, tmp_path, operator):
    for release in releases(upstream, operator):
        chart = chart_values(upstream, operator, release)
        crd = load(upstream / f"{operator}-{release}" / CRDS[operator])
        schema = strict(spec_of(crd))
        for number, environment in enumerate(ENVIRONMENTS):
            folder = tmp_path / f"{release}-{number}"
            folder.mkdir()
            recipe = recipe_of(environment, **{operator: release})
            bundle = bundled(folder, recipe, "-b", operator) / operator
            values = load(bundle / "values.yaml")
            assert not list(strangers(values, chart, read_by_templates(operator)))
            (manifest,) = (bundle / "manifests").iterdir()
            policy = load(manifest)
            group = crd["spec"]["group"]
            version = crd["spec"]["versions"][0]["name"]
            assert policy["apiVersion"] == f"{group}/{version}"
            assert policy["kind"] == crd["spec"]["names"]["kind"]
            jsonschema.validate(policy["spec"], schema)


def test_a_bundle_says_what_the_recipe_says(tmp_path):
    recipe = recipe_of({"service": "eks", "gpu": "gb200", "intent": "training"})
    values = load(bundled(tmp_path, recipe) / "gpu-operator" / "values.yaml")
    images, policy = {}, {}
    for measurement in recipe["measurements"]:
        for subtype in measurement["subtypes"]:
            if measurement["type"] == "K8s":
                images |= subtype["data"] if subtype["subtype"] == "image" else {}
                policy |= subtype["data"] if subtype["subtype"] == "policy" else {}
    assert values["driver"]["version"] == images["driver"]
    assert values["toolkit"]["version"] == images["container-toolkit"]
    assert values["dcgmExporter"]["version"] == images["dcgm-exporter"]
    assert values["driver"]["kernelModuleType"] == "open"
    assert "useOpenKernelModules" not in values["driver"]
    assert values["gds"]["enabled"] is policy["gds.enabled"] is False


def test_an_older_operator_gets_the_key_it_knows(tmp_path):
    recipe = recipe_of({"service": "eks", "gpu": "gb200"}, **{"gpu-operator": "v24.9.2"})
    values = load(bundled(tmp_path, recipe) / "gpu-operator" / "values.yaml")
    assert values["driver"]["useOpenKernelModules"] is True
    assert "kernelModuleType" not in values["driver"]


@pytest.fixture(name="recipe")
def _recipe():
    return recipe_of({"service": "aks", "gpu": "h100", "os": "ubuntu", "intent": "training"})


@pytest.mark.parametrize("deployer", DEPLOYERS)
def test_linters_find_nothing(tmp_path, recipe, deployer):
    flags = ["--set", "gpu-operator:operator.annotations.note=" + "a long text" + " that goes on" * 12]
    output = bundled(tmp_path, recipe, "--deployer", deployer, *flags)
    run(need("yamllint"), "--strict", output)
    for operator in OPERATORS:
        run("sha256sum", "--strict", "-c", "checksums.txt", cwd=output / operator)
        listed = (output / operator / "checksums.txt").read_text().splitlines()
        files = [path for path in (output / operator).rglob("*") if path.is_file()]
        assert len(listed) == len(files) - 1
        assert any(line.endswith("  recipe.yaml") for line in listed)
    scripts = list(output.rglob("*.sh"))
    assert bool(scripts) == (deployer == "script")
    for script in scripts:
        run(need("shellcheck"), script)
        run("dash", "-n", script)
        assert os.access(script, os.X_OK)


def stand_in(upstream, charts, operator, pin):
    """A chart with an operator's real values, whose template prints them all."""
    release = max(
        releases(upstream, operator), key=lambda one: [int(n) for n in re.findall(r"\d+", one)]
    )
    chart = charts / operator
    (chart / "templates").mkdir(parents=True)
    shutil.copy(upstream / f"{operator}-{release}" / "values.yaml", chart)
    facts = {"apiVersion": "v2", "name": operator, "version": pin}
    (chart / "Chart.yaml").write_text(yaml.safe_dump(facts))
    (chart / "templates" / "values.yaml").write_text(
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Chart.Name }}-values\n"
        "data:\n  values: |\n{{ .Values | toYaml | indent 4 }}\n"
    )
    return chart


@pytest.mark.parametrize("operator", OPERATORS)
def test_helm_takes_the_chart_and_merges_its_values(upstream, tmp_path, recipe, operator):
    helm = from_go("helm", package=HELM)
    output = bundled(tmp_path, recipe, "--deployer", "helm", "-b", operator) / operator
    (dependency,) = load(output / "Chart.yaml")["dependencies"]
    stand_in(upstream, output / "charts", operator, dependency["version"])
    run(helm, "lint", "--strict", output)
    rendered = run(helm, "template", operator, output, "--namespace", operator).stdout
    objects = [one for one in yaml.safe_load_all(rendered) if one]
    (merged,) = [one for one in objects if one["kind"] == "ConfigMap"]
    values = yaml.safe_load(merged["data"]["values"])
    own = load(output / "values.yaml")[operator]
    for path in ("nfd", "driver", "sriovNetworkOperator"):
        for name, value in own.get(path, {}).items():
            if not isinstance(value, dict):
                assert values[path][name] == value
    kinds = {one["kind"] for one in objects}
    assert ("NicClusterPolicy" in kinds) == (operator == "network-operator")


@pytest.mark.parametrize("operator", OPERATORS)
def test_helm_takes_the_values_of_the_script(upstream, tmp_path, recipe, operator):
    helm = from_go("helm", package=HELM)
    output = bundled(tmp_path, recipe, "-b", operator) / operator
    chart = stand_in(upstream, tmp_path / "charts", operator, "1.0.0")
    run(helm, "lint", chart, "--values", output / "values.yaml")
    rendered = run(helm, "template", operator, chart, "--values", output / "values.yaml").stdout
    assert list(yaml.safe_load_all(rendered))


def test_kustomize_and_argo_find_each_object(tmp_path, recipe):
    flux = bundled(tmp_path, recipe, "--deployer", "flux")
    kinds = {}
    for folder in sorted(flux.glob("*/flux/*/")):
        text = run(need("kubectl"), "kustomize", folder).stdout
        name = str(folder.relative_to(flux))
        kinds[name] = sorted(one["kind"] for one in yaml.safe_load_all(text))
    released = ["HelmRelease", "HelmRepository", "Namespace"]
    assert kinds == {
        "gpu-operator/flux/release": released,
        "network-operator/flux/policy": ["NicClusterPolicy"],
        "network-operator/flux/release": released,
    }
    for sync in flux.glob("*/flux/sync.yaml"):
        for one in yaml.safe_load_all(sync.read_text()):
            assert (flux / one["spec"]["path"]).is_dir()

    repository = "https://git.example.com/bundles.git"
    flags = ["--deployer", "argocd", "--repo", repository]
    argocd = bundled(tmp_path / "bundles", recipe, *flags)
    root = load(argocd / "app-of-apps.yaml")["spec"]["source"]
    assert root["repoURL"] == repository
    waves = {}
    for path in argocd.glob(root["directory"]["include"]):
        one = load(path)
        wave = one["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"]
        waves[one["kind"], one["metadata"]["name"]] = int(wave)
        if one["kind"] == "Application":
            own = load(path.parents[1] / "values.yaml")
            assert one["spec"]["source"]["helm"]["valuesObject"] == own
    assert waves == {
        ("Application", "gpu-operator"): 0,
        ("Application", "network-operator"): 1,
        ("NicClusterPolicy", "nic-cluster-policy"): 2,
    }


# A kubectl that notes each call and keeps what is applied. A Job ends as
# $JOB_ENDS says.
KUBECTL = r"""#!/bin/sh
printf '%s\n' "$*" >> "$CALLS"
case "$*" in
  'get --raw /version') exit "${UNREACHABLE:-0}" ;;
  'get namespace '*) exit 1 ;;
  'apply --filename -') cat > "$CALLS.job" ;;
  'get job '*) printf '%s ' "$JOB_ENDS" ;;
  'logs '*) echo 'output of helm' ;;
esac
"""

HELM_STUB = r"""#!/bin/sh
printf 'helm %s\n' "$*" >> "$CALLS"
exit "${HELM_FAILS:-0}"
"""


class Machine:
    """A folder of programs: the usual ones, stubs, and what they were called with."""

    def __init__(self, folder, **stubs):
        self.bin = folder / "bin"
        self.bin.mkdir()
        for tool in ("cat", "date", "dirname", "sh", "sleep"):
            (self.bin / tool).symlink_to(shutil.which(tool))
        for name, text in stubs.items():
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)
        self.calls = folder / "calls"
        self.calls.touch()

    def run(self, shell, script, *arguments, **environment):
        environment = {
            "PATH": str(self.bin),
            "CALLS": str(self.calls),
            "JOB_ENDS": "Complete",
            "POLL": "0",
            **environment,
        }
        shell = shutil.which(shell)
        return run(shell, script, *arguments, check=False, cwd="/", env=environment)

    def called(self):
        return self.calls.read_text().splitlines()


@pytest.fixture(name="scripts")
def _scripts(tmp_path, recipe):
    output = bundled(tmp_path, recipe)
    return {operator: output / operator / "scripts" for operator in OPERATORS}


CHART_VERSIONS = {"gpu-operator": "v25.10.1", "network-operator": "26.1.1"}
NAMESPACES = {
    "gpu-operator": "gpu-operator",
    "network-operator": "nvidia-network-operator",
}


def upgrade(operator):
    """What helm has to be called with."""
    return (
        f"upgrade --install {operator} {operator} "
        f"--repo https://helm.ngc.nvidia.com/nvidia --version {CHART_VERSIONS[operator]} "
        f"--namespace {NAMESPACES[operator]} --values values.yaml --wait --timeout 600s"
    )


SHELLS = ("dash", "bash")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("operator", OPERATORS)
def test_the_installer_calls_helm_with_the_pinned_chart(tmp_path, scripts, operator, shell):
    machine = Machine(tmp_path, kubectl=KUBECTL, helm=HELM_STUB)
    done = machine.run(shell, scripts[operator] / "install.sh")
    assert done.returncode == 0, done.stderr
    namespace = NAMESPACES[operator]
    expected = [
        "get --raw /version",
        f"get namespace {namespace}",
        f"create namespace {namespace}",
        f"label --overwrite namespace {namespace} "
        "pod-security.kubernetes.io/enforce=privileged",
        f"helm {upgrade(operator)}",
    ]
    if operator == "network-operator":
        expected += [
            "wait --for=condition=Established "
            "crd/nicclusterpolicies.mellanox.com --timeout=60s",
            "apply --filename manifests/nicclusterpolicy.yaml",
        ]
    assert machine.called() == expected


@pytest.mark.parametrize("shell", SHELLS)
def test_without_helm_a_job_does_it_and_is_cleaned_up(tmp_path, scripts, shell):
    machine = Machine(tmp_path, kubectl=KUBECTL)
    done = machine.run(shell, scripts["gpu-operator"] / "install.sh")
    assert done.returncode == 0, done.stderr
    assert "output of helm" in done.stdout
    job = yaml.safe_load((tmp_path / "calls.job").read_text())
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert container["image"] == "docker.io/alpine/helm:3.18.6"
    assert container["command"] == ["helm"]
    assert " ".join(container["args"]) == upgrade("gpu-operator")
    assert pod["serviceAccountName"] == job["metadata"]["name"] == "eidos-install-gpu-operator"
    assert pod["securityContext"]["runAsNonRoot"]
    calls = machine.called()
    applied = calls.index("apply --filename -")
    name = "eidos-install-gpu-operator"
    made = [call for call in calls[:applied] if call.startswith("create ") and name in call]
    assert [call.split()[1] for call in made] == [
        "serviceaccount",
        "clusterrolebinding",
        "configmap",
    ]
    removed = [call.split()[1] for call in calls[applied:] if call.startswith("delete ")]
    assert removed == ["job", "configmap", "clusterrolebinding", "serviceaccount"]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_job_that_fails_shows_why_and_is_cleaned_up(tmp_path, scripts, shell):
    machine = Machine(tmp_path, kubectl=KUBECTL)
    done = machine.run(shell, scripts["gpu-operator"] / "install.sh", JOB_ENDS="Failed")
    assert done.returncode == 1
    assert "output of helm" in done.stdout
    assert "helm failed in the cluster" in done.stderr
    assert machine.called()[-1].startswith("delete serviceaccount")


def test_a_job_that_does_not_end_is_given_up(tmp_path, scripts):
    # Each look at the clock is an hour later.
    clock = '#!/bin/sh\necho "" >> "$CALLS.clock"\nset -- $(wc -l < "$CALLS.clock")\n'
    machine = Machine(tmp_path, kubectl=KUBECTL)
    (machine.bin / "date").unlink()
    (machine.bin / "date").write_text(clock + "echo $(($1 * 3600))\n")
    (machine.bin / "date").chmod(0o755)
    (machine.bin / "wc").symlink_to(shutil.which("wc"))
    done = machine.run("dash", scripts["gpu-operator"] / "install.sh", JOB_ENDS="Suspended")
    assert done.returncode == 1
    assert "helm did not end within 780 s" in done.stderr
    assert any(call.startswith("describe pods") for call in machine.called())


def test_helm_that_fails_fails_the_installer(tmp_path, scripts):
    machine = Machine(tmp_path, kubectl=KUBECTL, helm=HELM_STUB)
    done = machine.run("dash", scripts["network-operator"] / "install.sh", HELM_FAILS="1")
    assert done.returncode == 1
    assert not any(call.startswith("apply") for call in machine.called())


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_uninstaller_takes_it_away(tmp_path, scripts, operator):
    machine = Machine(tmp_path, kubectl=KUBECTL, helm=HELM_STUB)
    done = machine.run("dash", scripts[operator] / "uninstall.sh")
    assert done.returncode == 0, done.stderr
    calls = machine.called()
    assert calls[-1] == (
        f"helm uninstall {operator} --namespace {NAMESPACES[operator]} "
        "--ignore-not-found --wait --timeout 600s"
    )
    removed = "delete --filename manifests/nicclusterpolicy.yaml --ignore-not-found"
    assert (removed in calls) == (operator == "network-operator")


@pytest.mark.parametrize(
    "stubs, arguments, environment, status, says",
    [
        ({}, [], {}, 1, "kubectl is not installed"),
        ({"kubectl": KUBECTL}, [], {"UNREACHABLE": "1"}, 1, "no cluster answers"),
        ({"kubectl": KUBECTL}, [], {"TIMEOUT": "10m"}, 1, "'10m' is no time"),
        ({"kubectl": KUBECTL}, ["now"], {}, 2, "Usage:"),
        ({}, ["--help"], {}, 0, ""),
    ],
)
def test_the_installer_says_what_it_misses(
    tmp_path, scripts, stubs, arguments, environment, status, says
):
    machine = Machine(tmp_path, **stubs)
    script = scripts["gpu-operator"] / "install.sh"
    done = machine.run("dash", script, *arguments, **environment)
    assert done.returncode == status
    assert says in done.stderr
    assert not any(call.startswith(("create", "helm")) for call in machine.called())


@contextlib.contextmanager
def keeping(config_map):
    """The URL of an API server that has one ConfigMap and nothing else."""
    path = "/api/v1/namespaces/{namespace}/configmaps/{name}".format(**config_map["metadata"])
    body = json.dumps(config_map).encode()

    class Api(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200 if self.path == path else 404)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    api = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    threading.Thread(target=api.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{api.server_port}"
    finally:
        api.shutdown()


def test_the_guides_pipeline_goes_from_a_real_node_to_the_installer(tmp_path, shared):
    """All four jobs, word for word; each starts with what the one before it kept."""
    program = eidos_program("bundle", "cm://")
    guide = (shared / "GUIDE.md").read_text(encoding="utf-8")
    pages = re.findall(r"```yaml\n(.*?)```", guide, re.S)
    (jobs,) = [yaml.safe_load(page) for page in pages if "create_bundle:" in page]
    text = (shared / "snapshots" / "h100.yaml").read_text(encoding="utf-8")
    cluster = Cluster(tmp_path / "edge", {"default": text})
    config_map = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"namespace": "gpu-operator", "name": "eidos-snapshot"},
        "data": {"snapshot.yaml": text},
    }
    kept, ran = {}, []
    with keeping(config_map) as url:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(json.dumps({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": url}}],
            "users": [{"name": "me", "user": {}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "me"}}],
        }))
        environment = {**cluster.environment(program), "KUBECONFIG": str(kubeconfig)}
        for name, job in jobs.items():
            if name == "stages":
                continue
            folder = tmp_path / name
            folder.mkdir()
            (folder / "deployments").symlink_to(ROOT / "deployments")
            for path in [path for other in job.get("dependencies", []) for path in kept[other]]:
                copy = shutil.copytree if path.is_dir() else shutil.copy
                copy(path, folder / path.name)
            script = "\n".join(["set -e", *job["script"]])
            done = run("bash", "-c", script, check=False, cwd=folder, env=environment)
            assert done.returncode == 0, f"{name}: {done.stdout}{done.stderr}"
            paths = job.get("artifacts", {}).get("paths", [])
            kept[name] = [folder / path for path in paths]
            assert all(path.exists() for path in kept[name]), name
            ran.append(name)
    assert ran == ["capture_snapshot", "generate_recipe", "create_bundle", "deploy_operators"]
    assert (tmp_path / "capture_snapshot" / "snapshot.yaml").read_text() == text
    checked = (tmp_path / "deploy_operators" / "bundles" / "gpu-operator")
    run("sha256sum", "--strict", "-c", "checksums.txt", cwd=checked)
    (call,) = cluster.installed()
    images = load(tmp_path / "generate_recipe" / "recipe.yaml")
    (pinned,) = [
        subtype["data"]["gpu-operator"]
        for measurement in images["measurements"]
        for subtype in measurement["subtypes"]
        if (measurement["type"], subtype["subtype"]) == ("K8s", "image")
    ]
    assert f"--version {pinned} " in call
