"""A real API server takes the manifests, refuses what it should, and lets the
agent do its work and nothing else.

Without kubelet and controllers: objects are admitted and kept, no pod runs.
`make cluster` builds the two programs.
"""

import json
import os
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request

import pytest
import yaml
from k8s_support import (
    AGENT,
    INTEGRATIONS,
    K8S,
    ROOT,
    SERVER,
    TOOLS,
    Cluster,
    answers,
    documents,
    eidos_program,
    free_port,
    kustomize,
    need,
    only,
    run,
    snapshot,
    terraform_settings,
    until,
)

AGENT_USER = "system:serviceaccount:gpu-operator:eidos"
NODES_USER = "system:serviceaccount:eidos-nodes:eidos"


class Api:
    """A running API server and its admin."""

    def __init__(self, folder, url):
        self.url = url
        self.kubeconfig = folder / "kubeconfig"
        cluster = {"server": url, "insecure-skip-tls-verify": True}
        self.kubeconfig.write_text(
            json.dumps(
                {
                    "apiVersion": "v1",
                    "kind": "Config",
                    "current-context": "test",
                    "clusters": [{"name": "test", "cluster": cluster}],
                    "users": [{"name": "admin", "user": {"token": "admin"}}],
                    "contexts": [
                        {
                            "name": "test",
                            "context": {"cluster": "test", "user": "admin"},
                        }
                    ],
                }
            )
        )

    def kubectl(self, *arguments, check=True, text=None):
        """A finished kubectl."""
        return run(
            need("kubectl"),
            f"--kubeconfig={self.kubeconfig}",
            *arguments,
            check=check,
            input=text,
        )

    def apply(self, *arguments, **options):
        """An apply that takes no unknown field."""
        return self.kubectl("apply", "--validate=strict", *arguments, **options)

    def call(self, method, path, user=None, body=None, kind="application/json"):
        """Status and answer of one request, in the name of a user."""
        request = urllib.request.Request(
            self.url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": "Bearer admin", "Content-Type": kind},
        )
        if user:
            request.add_header("Impersonate-User", user)
            request.add_header("Impersonate-Group", "system:authenticated")
        context = ssl._create_unverified_context()
        try:
            with urllib.request.urlopen(request, context=context) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture(scope="module", name="api")
def _api(tmp_path_factory):
    for program in ("etcd", "kube-apiserver"):
        if not (TOOLS / program).exists():
            pytest.skip(f"no {TOOLS}/{program}: see make cluster")
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "tokens.csv").write_text('admin,admin,admin,"system:masters"\n')
    run("openssl", "genrsa", "-out", folder / "accounts.key", "2048")
    client, peer, port = (free_port() for _ in range(3))
    etcd = f"http://127.0.0.1:{client}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    processes = [
        subprocess.Popen(
            [
                TOOLS / "etcd",
                f"--data-dir={folder}/etcd",
                f"--listen-client-urls={etcd}",
                f"--advertise-client-urls={etcd}",
                f"--listen-peer-urls=http://127.0.0.1:{peer}",
                "--unsafe-no-fsync",
            ],
            **quiet,
        )
    ]
    try:
        until(lambda: answers(f"{etcd}/health"))
        processes.append(
            subprocess.Popen(
                [
                    TOOLS / "kube-apiserver",
                    f"--etcd-servers={etcd}",
                    f"--secure-port={port}",
                    "--bind-address=127.0.0.1",
                    f"--cert-dir={folder}/certs",
                    f"--token-auth-file={folder}/tokens.csv",
                    "--authorization-mode=RBAC",
                    "--service-account-issuer=https://cluster.test",
                    f"--service-account-key-file={folder}/accounts.key",
                    f"--service-account-signing-key-file={folder}/accounts.key",
                    "--service-cluster-ip-range=10.96.0.0/16",
                    # No controller makes the default account of a namespace.
                    "--disable-admission-plugins=ServiceAccount",
                ],
                **quiet,
            )
        )
        api = Api(folder, f"https://127.0.0.1:{port}")

        def ready():
            path = "/api/v1/namespaces/default"
            role = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:discovery"
            try:
                return {api.call("GET", one)[0] for one in (path, role)} == {200}
            except OSError:
                return False

        until(ready, 60)
        yield api
    finally:
        for process in reversed(processes):
            process.terminate()
            process.wait(20)


@pytest.fixture(scope="module", name="deployed")
def _deployed(api):
    """The cluster with the server and every kind of agent."""
    api.apply("-k", SERVER / "base")
    for file in (
        "1-deps.yaml",
        "2-job.yaml",
        "cronjob.yaml",
        "daemonset.yaml",
        "networkpolicy.yaml",
        "networkpolicy-strict.yaml",
        "kubernetes-secret.yaml",
    ):
        api.apply("-f", AGENT / file)
    return api


def test_applying_again_changes_nothing(deployed):
    said = deployed.apply("-k", SERVER / "base").stdout
    for file in ("1-deps.yaml", "2-job.yaml"):
        said += deployed.apply("-f", ROOT / "deployments/eidos-agent" / file).stdout
    changed = [line for line in said.splitlines() if not line.endswith("unchanged")]
    # kubectl writes a disruption budget again each time, as it was.
    assert [line for line in changed if "poddisruptionbudget" not in line] == []


@pytest.mark.parametrize(
    "folder",
    [
        *(
            f"eidos-api-server/overlays/{name}"
            for name in ("rules", "api-keys", "ingress")
        ),
        "eidos-agent-nvidia",
    ],
)
def test_a_variant_applies(deployed, folder):
    if folder == "eidos-agent-nvidia":
        # A Job's pod does not change: as pipelines do, away with the old one.
        deployed.kubectl("delete", "job", "eidos", "-n", "gpu-operator")
    try:
        deployed.apply("-k", K8S / folder)
    finally:
        if folder == "eidos-agent-nvidia":
            deployed.kubectl("delete", "job", "eidos", "-n", "gpu-operator")
            deployed.apply("-f", AGENT / "2-job.yaml")


def test_the_tls_variants_core_applies(deployed):
    objects, _ = kustomize(SERVER / "overlays/tls")
    core = [one for one in objects if not one["apiVersion"].startswith("monitoring")]
    deployed.apply("-f", "-", text=yaml.safe_dump_all(core))


def pod(workload, namespace, name):
    """A pod as the workload's controller would make it."""
    spec = workload["spec"]["template"]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {**spec["metadata"], "name": name, "namespace": namespace},
        "spec": spec["spec"],
    }


def test_admission_takes_the_servers_pod_and_no_lesser_one(deployed):
    path = "/api/v1/namespaces/eidos/pods?dryRun=All"
    server = pod(only(kustomize(SERVER)[0], "Deployment"), "eidos", "one")
    status, answer = deployed.call("POST", path, body=server)
    assert status == 201, answer
    server["spec"]["containers"][0]["securityContext"]["capabilities"] = {}
    status, answer = deployed.call("POST", path, body=server)
    assert status == 403 and "violates PodSecurity" in answer


def test_admission_takes_the_agents_pods(deployed):
    for file, kind, namespace in (
        ("2-job.yaml", "Job", "gpu-operator"),
        ("daemonset.yaml", "DaemonSet", "eidos-nodes"),
    ):
        one = pod(only(documents(AGENT / file), kind), namespace, "one")
        path = f"/api/v1/namespaces/{namespace}/pods?dryRun=All"
        status, answer = deployed.call("POST", path, body=one)
        assert status == 201, answer


def configmap(namespace, name):
    """A snapshot as the agent writes it."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": {"snapshot.yaml": "---\n"},
    }


def write(api, user, namespace, name):
    """The status of a server-side apply."""
    return api.call(
        "PATCH",
        f"/api/v1/namespaces/{namespace}/configmaps/{name}?fieldManager=eidos&force=true",
        user=user,
        body=configmap(namespace, name),
        kind="application/apply-patch+yaml",
    )[0]


def test_the_job_writes_its_snapshot_again_and_again_and_nothing_else(deployed):
    assert write(deployed, AGENT_USER, "gpu-operator", "eidos-snapshot") == 201
    assert write(deployed, AGENT_USER, "gpu-operator", "eidos-snapshot") == 200
    assert write(deployed, AGENT_USER, "gpu-operator", "other") == 403
    assert write(deployed, AGENT_USER, "default", "eidos-snapshot") == 403
    assert write(deployed, AGENT_USER, "eidos-nodes", "eidos-snapshot-a") == 403


def test_the_daemonset_writes_one_snapshot_a_node_in_its_namespace(deployed):
    assert write(deployed, NODES_USER, "eidos-nodes", "eidos-snapshot-a") == 201
    assert write(deployed, NODES_USER, "eidos-nodes", "eidos-snapshot-a") == 200
    assert write(deployed, NODES_USER, "gpu-operator", "eidos-snapshot") == 403


@pytest.mark.parametrize("user", [AGENT_USER, NODES_USER])
def test_what_an_agent_reads_it_may_read(deployed, user):
    # 404 is what is not there; 403 would be what may not be asked.
    for path, expected in (
        ("/version", 200),
        ("/api/v1/nodes/one", 404),
        ("/api/v1/pods?limit=500", 200),
        ("/apis/nvidia.com/v1/clusterpolicies", 404),
    ):
        assert deployed.call("GET", path, user=user)[0] == expected, path


@pytest.mark.parametrize("user", [AGENT_USER, NODES_USER])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/secrets"),
        ("GET", "/api/v1/namespaces/gpu-operator/secrets/eidos-credentials"),
        ("GET", "/api/v1/nodes"),
        ("GET", "/api/v1/configmaps"),
        ("GET", "/api/v1/namespaces/gpu-operator/configmaps/eidos-snapshot"),
        ("DELETE", "/api/v1/namespaces/gpu-operator/configmaps/eidos-snapshot"),
        ("POST", "/api/v1/namespaces/gpu-operator/pods"),
        ("POST", "/apis/batch/v1/namespaces/gpu-operator/jobs"),
        ("DELETE", "/api/v1/nodes/one"),
    ],
)
def test_what_an_agent_does_not_need_it_may_not(deployed, user, method, path):
    body = {} if method == "POST" else None
    assert deployed.call(method, path, user=user, body=body)[0] == 403


def test_the_job_is_deleted_as_pipelines_do(deployed):
    command = ("delete", "job", "eidos", "-n", "gpu-operator")
    deployed.kubectl(*command)
    assert deployed.kubectl(*command, check=False).returncode == 1
    deployed.kubectl(*command, "--ignore-not-found")
    deployed.apply("-f", AGENT / "2-job.yaml")


def test_terraform_applies_to_a_cluster_and_leaves_the_namespace(deployed, tmp_path):
    program = shutil.which("terraform") or need("tofu")
    settings = terraform_settings(tmp_path)
    copy = tmp_path / "terraform"
    shutil.copytree(INTEGRATIONS / "terraform", copy)
    eidos = tmp_path / "eidos"
    eidos.write_text("#!/bin/sh\ntouch cluster-dev-recipe.yaml\n")
    eidos.chmod(0o755)
    edge = Cluster(tmp_path / "edge", {"default": snapshot()})
    (tmp_path / "edge/job-applied").touch()
    environment = {
        **os.environ,
        **edge.environment(eidos),
        "TF_CLI_CONFIG_FILE": str(settings),
        "TF_VAR_kubeconfig": str(deployed.kubeconfig),
    }

    def terraform(*arguments):
        return run(program, *arguments, cwd=copy, env=environment).stdout

    deployed.kubectl("delete", "job", "eidos", "-n", "gpu-operator")
    deployed.kubectl(
        "delete",
        "-f",
        AGENT / "1-deps.yaml",
        "--ignore-not-found",
        "--wait=false",
        "--selector=app.kubernetes.io/component=agent",
    )
    terraform("get")
    terraform("apply", "-auto-approve", "-no-color")
    assert (copy / "cluster-dev-snapshot.yaml").read_text() == snapshot()
    job = json.loads(
        deployed.kubectl(
            "get", "job", "eidos", "-n", "gpu-operator", "-o", "json"
        ).stdout
    )
    spec = job["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"nodeGroup": "gpu-nodes"}
    assert spec["tolerations"] == [
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
    ]
    assert write(deployed, AGENT_USER, "gpu-operator", "eidos-snapshot") == 200
    quiet = terraform("plan", "-no-color", "-detailed-exitcode")
    assert "No changes" in quiet
    terraform("destroy", "-auto-approve", "-no-color")
    deployed.kubectl("get", "namespace", "gpu-operator")
    assert write(deployed, AGENT_USER, "gpu-operator", "eidos-snapshot") == 403


CRDS = {
    "gpu-operator": ("v25.10.1", "clusterpolicy-crd.yaml"),
    "network-operator": ("v25.10.0", "nicclusterpolicy-crd.yaml"),
}


@pytest.fixture(name="bundles")
def _bundles(tmp_path):
    """Bundles of the releases whose CRDs are at hand."""
    program = eidos_program("bundle")
    text = run(program, "recipe", "--service", "aks", "--gpu", "h100").stdout
    recipe = json.loads(text)
    for measurement in recipe["measurements"]:
        for subtype in measurement["subtypes"]:
            if subtype["subtype"] == "image":
                subtype["data"].update({name: one for name, (one, _) in CRDS.items()})
    path = tmp_path / "recipe.json"
    path.write_text(json.dumps(recipe))
    run(program, "bundle", "-f", path, "-o", tmp_path / "bundles")
    return tmp_path / "bundles"


def test_a_bundles_policies_are_admitted(api, shared, bundles):
    for operator, (release, name) in CRDS.items():
        crd = shared / "upstream" / f"{operator}-{release}" / name
        api.kubectl("apply", "--server-side", "-f", crd)
        definition = yaml.safe_load(crd.read_text())["metadata"]["name"]
        api.kubectl("wait", "--for=condition=Established", f"crd/{definition}", "--timeout=20s")
        (policy,) = (bundles / operator / "manifests").iterdir()
        api.apply("-f", policy)


@pytest.mark.parametrize("ends", ["Complete", "Failed"])
def test_the_installer_follows_its_job_on_a_real_api(api, tmp_path, bundles, ends):
    """No controller runs the Job: the test says how it ends."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for tool in ("cat", "date", "dirname", "sleep", "kubectl"):
        (programs / tool).symlink_to(shutil.which(tool))
    environment = {
        "PATH": str(programs),
        "HOME": str(tmp_path),
        "KUBECONFIG": str(api.kubeconfig),
        "POLL": "1",
    }
    script = bundles / "gpu-operator" / "scripts" / "install.sh"
    process = subprocess.Popen(
        ["/bin/sh", script],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    path = "/apis/batch/v1/namespaces/gpu-operator/jobs/eidos-install-gpu-operator"

    def ended():
        # 404 until it is there, and 409 when another writer was first.
        reason = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}[ends]
        now = "2026-11-23T00:00:00Z"
        conditions = [
            {
                "type": one,
                "status": "True",
                "lastProbeTime": now,
                "lastTransitionTime": now,
            }
            for one in (reason, ends)
        ]
        status = {"startTime": now, "conditions": conditions}
        if ends == "Complete":
            status |= {"completionTime": now, "succeeded": 1}
        answer = api.call(
            "PATCH",
            f"{path}/status",
            body={"status": status},
            kind="application/merge-patch+json",
        )
        assert answer[0] in (200, 404, 409), answer
        return answer[0] == 200

    until(ended, 60)
    printed, _ = process.communicate(timeout=60)
    assert process.returncode == int(ends == "Failed"), printed
    assert ("helm failed in the cluster" in printed) == (ends == "Failed"), printed
    name = "eidos-install-gpu-operator"
    for kind in ("job", "configmap", "serviceaccount", "clusterrolebinding"):
        found = api.kubectl("get", kind, name, "-n", "gpu-operator", check=False)
        assert "NotFound" in found.stderr, kind
    labels = api.call("GET", "/api/v1/namespaces/gpu-operator")[1]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "privileged"
