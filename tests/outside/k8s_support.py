"""What the Kubernetes and integration tests share: files, tools, stand-ins."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
K8S = ROOT / "k8s"
SERVER = K8S / "eidos-api-server"
AGENT = K8S / "eidos-agent"
INTEGRATIONS = ROOT / "integrations"

# What Go builds here outlives one run: it takes minutes the first time.
TOOLS = pathlib.Path(
    os.environ.get("EIDOS_TEST_TOOLS", ROOT / "target" / "test-tools")
).resolve()


def run(*command, check=True, **options):
    """A finished process with its texts; a failed one shows them."""
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, **options
    )
    if check and done.returncode != 0:
        pytest.fail(
            f"{command} exits {done.returncode}\n{done.stdout}\n{done.stderr}",
            pytrace=False,
        )
    return done


def need(tool):
    """The path of a program, or a skipped test that names it."""
    beside = pathlib.Path(sys.executable).parent
    found = shutil.which(
        tool, path=os.pathsep.join([str(TOOLS), str(beside), os.environ["PATH"]])
    )
    if not found:
        pytest.skip(f"{tool} is not installed")
    return found


def from_go(name, folder=None, package=None):
    """A program that Go builds, from a folder here or a published package."""
    target = TOOLS / name
    if folder or not target.exists():
        go = need("go")
        TOOLS.mkdir(parents=True, exist_ok=True)
        if folder:
            run(go, "build", "-o", target, ".", cwd=folder)
        else:
            run(go, "install", package, env={**os.environ, "GOBIN": str(TOOLS)})
    return target


KUBECTL_PROVIDER = "github.com/gavinbunney/terraform-provider-kubectl@v1.19.0"


def terraform_settings(folder):
    """Settings with both providers of the module, built here: no registry."""
    kubectl = TOOLS / "terraform-provider-kubectl"
    if not kubectl.exists():
        found = run(need("go"), "mod", "download", "-json", KUBECTL_PROVIDER)
        # A copy, because its go.mod excludes versions and Go installs no such
        # package from afar.
        source = folder / "provider"
        shutil.copytree(json.loads(found.stdout)["Dir"], source)
        run("chmod", "-R", "u+w", source)
        TOOLS.mkdir(parents=True, exist_ok=True)
        run("go", "build", "-o", kubectl, ".", cwd=source)
    from_go("terraform-provider-null", folder=ROOT / "tests/outside/terraform-null")
    settings = folder / "settings"
    settings.write_text(
        "provider_installation {\n  dev_overrides {\n"
        f'    "gavinbunney/kubectl" = "{TOOLS}"\n'
        f'    "hashicorp/null" = "{TOOLS}"\n  }}\n}}\n'
    )
    return settings


def documents(path):
    """The objects of one manifest file."""
    with open(path, encoding="utf-8") as file:
        return [document for document in yaml.safe_load_all(file) if document]


def kustomize(folder):
    """The objects that a kustomization renders, and the text itself."""
    text = run(need("kubectl"), "kustomize", folder).stdout
    return list(yaml.safe_load_all(text)), text


def only(objects, kind, name=None):
    """The one object of a kind."""
    found = [
        one
        for one in objects
        if one["kind"] == kind and name in (None, one["metadata"]["name"])
    ]
    assert len(found) == 1, f"{len(found)} objects of kind {kind}"
    return found[0]


def pod_spec(workload):
    """The pod of a Deployment, DaemonSet, Job or CronJob."""
    spec = workload["spec"]
    if workload["kind"] == "CronJob":
        spec = spec["jobTemplate"]["spec"]
    return spec["template"]["spec"]


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def until(condition, seconds=20):
    """The first true answer of a condition."""
    end = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > end:
            pytest.fail(f"nothing after {seconds} s", pytrace=False)
        time.sleep(0.05)


def answers(url):
    """Whether a URL answers 200."""
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return response.status == 200
    except OSError:
        return False


def server_program():
    """The server's binary: $EIDOS_SERVER_BIN, else what cargo built."""
    for candidate in (
        os.environ.get("EIDOS_SERVER_BIN"),
        ROOT / "target" / "release" / "eidos-api-server",
        ROOT / "target" / "debug" / "eidos-api-server",
    ):
        if candidate and pathlib.Path(candidate).exists():
            return str(pathlib.Path(candidate).resolve())
    pytest.skip("eidos-api-server is not built; see $EIDOS_SERVER_BIN")


def eidos_program(*needed):
    """The CLI's binary: $EIDOS_BIN, else what cargo built. Fails where it lacks a
    command that is needed, or cannot read what is needed (`cm://`)."""
    for candidate in (
        os.environ.get("EIDOS_BIN"),
        ROOT / "target" / "release" / "eidos",
        ROOT / "target" / "debug" / "eidos",
    ):
        if candidate and pathlib.Path(candidate).exists():
            program = str(pathlib.Path(candidate).resolve())
            break
    else:
        pytest.skip("eidos is not built; see $EIDOS_BIN")
    for one in needed:
        asked = ["recipe"] if "://" in one else [one]
        done = run(program, *asked, "--help", check=False)
        if done.returncode != 0 or ("://" in one and one not in done.stdout):
            pytest.fail(f"eidos has no {one}")
    return program


@contextlib.contextmanager
def serving(ready=None, **environment):
    """A running server's URL, once it is ready."""
    ready = ready or (lambda url: answers(f"{url}/ready"))
    port = free_port()
    process = subprocess.Popen(
        [server_program()],
        env={
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "LOG_LEVEL": "warn",
            "DRAIN_DELAY": "0s",
            "WORKERS": "1",
            **environment,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until(lambda: ready(url))
        yield url
    finally:
        process.terminate()
        process.wait(10)


def run_step(script, folder, environment):
    """A pipeline step as runners start it."""
    return run(
        "bash",
        "--noprofile",
        "--norc",
        "-eo",
        "pipefail",
        "-c",
        script,
        check=False,
        cwd=folder,
        env=environment,
    )


class Cluster:
    """A folder with a kubectl that answers from files and notes each call.

    Only what the pipelines ask of a cluster: apply, wait, get configmap,
    delete, config view, kustomize (the real one); all else succeeds in silence. helm does, too. Objects
    are not checked; test_k8s_manifests does that.
    """

    def __init__(self, folder, snapshots):
        self.bin = folder / "bin"
        self.bin.mkdir(parents=True)
        self.calls = folder / "kubectl-calls"
        self.calls.touch()
        self.snapshots = folder / "snapshots"
        self.snapshots.mkdir()
        for context, text in snapshots.items():
            (self.snapshots / context).write_text(text, encoding="utf-8")
        for name, text in (("kubectl", KUBECTL), ("helm", HELM)):
            stub = self.bin / name
            stub.write_text(text, encoding="utf-8")
            stub.chmod(0o755)

    def environment(self, *programs):
        """An environment where kubectl is this one and programs are linked."""
        for program in programs:
            link = self.bin / pathlib.Path(program).name
            if not link.exists():
                link.symlink_to(program)
        return {
            "PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.bin.parent),
            "KUBECTL_CALLS": str(self.calls),
            "KUBECTL_SNAPSHOTS": str(self.snapshots),
            "KUBECTL_REAL": shutil.which("kubectl") or "",
            "HELM_CALLS": str(self.bin.parent / "helm-calls"),
        }

    def installed(self):
        """Each call of helm that installs something."""
        calls = self.bin.parent / "helm-calls"
        lines = calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []
        return [line for line in lines if "upgrade" in line or "install" in line]

    def called(self):
        """Each call's arguments, in order."""
        return [
            json.loads(line)
            for line in self.calls.read_text(encoding="utf-8").splitlines()
        ]


HELM = """#!/bin/sh
echo "$*" >> "$HELM_CALLS"
"""

KUBECTL = r"""#!/usr/bin/env python3
import json, os, pathlib, sys

arguments = sys.argv[1:]
with open(os.environ["KUBECTL_CALLS"], "a", encoding="utf-8") as calls:
    calls.write(json.dumps(arguments) + "\n")
words, options, rest = [], {}, iter(arguments)
for one in rest:
    if one in ("-n", "-f", "-o", "--context"):
        options[one] = next(rest)
    elif one.startswith("-"):
        name, _, value = one.partition("=")
        options[name] = value
    else:
        words.append(one)

home = pathlib.Path(os.environ["HOME"])
job = home / "job-applied"
if words[:1] == ["kustomize"]:
    os.execv(os.environ["KUBECTL_REAL"], ["kubectl", *arguments])
elif words[:2] == ["config", "view"]:
    print(json.dumps({"current-context": options["--context"]}))
elif words[:1] == ["apply"]:
    name = options["-f"]
    if name == "-":
        assert "kind: " in sys.stdin.read()
    elif not name.startswith("https://") and not pathlib.Path(name).exists():
        sys.exit(f"error: the path {name!r} does not exist")
    if name.endswith("2-job.yaml"):
        job.write_text(options.get("--context", "default"))
elif words[:1] == ["wait"]:
    if not job.exists():
        sys.exit('Error from server (NotFound): jobs.batch "eidos" not found')
elif words[:2] == ["get", "configmap"]:
    if options.get("-n") != "gpu-operator" or words[2] not in (
        "eidos-snapshot",
        "eidos-drift-gpu-nodes",
    ):
        sys.exit("Error from server (NotFound)")
    assert options["-o"] == r"jsonpath={.data.snapshot\.yaml}", options["-o"]
    context = options.get("--context", "default")
    text = pathlib.Path(os.environ["KUBECTL_SNAPSHOTS"]) / context
    if not text.exists():
        sys.exit(f"error: context {context!r} does not exist")
    sys.stdout.write(text.read_text())
elif words[:1] == ["delete"]:
    if not job.exists() and "--ignore-not-found" not in options:
        sys.exit("Error from server (NotFound)")
    job.unlink(missing_ok=True)
"""

SNAPSHOT = """---
apiVersion: snapshot.dgxc.io/v1
kind: Snapshot
measurements:
  - type: GPU
    subtypes:
      - subtype: smi
        data:
          gpu.model: NVIDIA {gpu}
  - type: K8s
    subtypes:
      - subtype: node
        data:
          provider: {service}
      - subtype: server
        data:
          version: v1.32.5
  - type: OS
    subtypes:
      - subtype: release
        data:
          ID: ubuntu
          VERSION_ID: "22.04"
      - subtype: sysctl
        data:
          /proc/sys/kernel/numa_balancing: "{numa}"
  - type: SystemD
    subtypes: []
"""


def snapshot(service="eks", gpu="H100 80GB HBM3", numa="0"):
    """A node's snapshot."""
    return SNAPSHOT.format(service=service, gpu=gpu, numa=numa)
