"""The agent with its own account in front of a real API server.

$EIDOS_AGENT_BIN is the program, else what cargo built.
"""

import os
import pathlib
import subprocess

import pytest
import yaml
from k8s_support import AGENT, ROOT, documents, only

# The cluster and what runs in it are the other file's.
from test_k8s_real_api import _api, _deployed, pod  # noqa: F401

PODS = 620

POLICY_KIND = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "clusterpolicies.nvidia.com"},
    "spec": {
        "group": "nvidia.com",
        "scope": "Cluster",
        "names": {
            "kind": "ClusterPolicy",
            "plural": "clusterpolicies",
            "singular": "clusterpolicy",
        },
        "versions": [
            {
                "name": "v1",
                "served": True,
                "storage": True,
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "x-kubernetes-preserve-unknown-fields": True,
                    }
                },
            }
        ],
    },
}

POLICY = {
    "apiVersion": "nvidia.com/v1",
    "kind": "ClusterPolicy",
    "metadata": {"name": "cluster-policy"},
    "spec": {"driver": {"enabled": True, "version": "570.133.20"}},
}

NODE = {
    "apiVersion": "v1",
    "kind": "Node",
    "metadata": {"name": "gpu-1"},
    "spec": {"providerID": "gce://project/zone/gpu-1"},
}

NODE_INFO = {
    "architecture": "amd64",
    "bootID": "x",
    "containerRuntimeVersion": "containerd://1.7.27",
    "kernelVersion": "6.8.0-1028-gke",
    "kubeProxyVersion": "",
    "kubeletVersion": "v1.33.5",
    "machineID": "x",
    "operatingSystem": "linux",
    "osImage": "Ubuntu 24.04",
    "systemUUID": "x",
}


def program():
    """The agent's path, or a skipped test."""
    for candidate in (
        os.environ.get("EIDOS_AGENT_BIN"),
        ROOT / "target/release/eidos-agent",
        ROOT / "target/debug/eidos-agent",
    ):
        if candidate and pathlib.Path(candidate).exists():
            return candidate
    pytest.skip("no eidos-agent: see make agent-program")


@pytest.fixture(scope="module", name="populated")
def _populated(deployed):
    """The cluster with a node, pods on two pages, and a policy."""
    status, answer = deployed.call("POST", "/api/v1/nodes", body=NODE)
    assert status == 201, answer
    status, answer = deployed.call(
        "PATCH",
        "/api/v1/nodes/gpu-1/status",
        body={"status": {"nodeInfo": NODE_INFO}},
        kind="application/merge-patch+json",
    )
    assert status == 200, answer
    deployed.apply("-f", "-", text=yaml.safe_dump(POLICY_KIND))
    deployed.kubectl(
        "wait", "--for=condition=Established", "crd/clusterpolicies.nvidia.com"
    )
    deployed.apply("-f", "-", text=yaml.safe_dump(POLICY))
    plain = {"containers": [{"name": "c", "image": "registry:5000/x/many:v1"}]}
    for number in range(PODS):
        one = {"metadata": {"name": f"many-{number}"}, "spec": plain}
        path = "/api/v1/namespaces/default/pods"
        status, answer = deployed.call("POST", path, body=one)
        assert status == 201, answer
    last = {"metadata": {"name": "z-last"}, "spec": yaml.safe_load(yaml.dump(plain))}
    last["spec"]["containers"][0]["image"] = "registry:5000/x/many:v2"
    deployed.call("POST", "/api/v1/namespaces/default/pods", body=last)
    job = pod(only(documents(AGENT / "2-job.yaml"), "Job"), "gpu-operator", "eidos-x")
    job["metadata"]["ownerReferences"] = [
        {"apiVersion": "batch/v1", "kind": "Job", "name": "eidos", "uid": "x"}
    ]
    status, answer = deployed.call(
        "POST", "/api/v1/namespaces/gpu-operator/pods", body=job
    )
    assert status == 201, answer
    return deployed


@pytest.fixture(name="agent")
def _agent(populated, tmp_path):
    """The agent as the Job runs it: its account, its address, its name."""
    account = tmp_path / "account"
    account.mkdir()
    token = populated.kubectl("create", "token", "eidos", "-n", "gpu-operator").stdout
    (account / "token").write_text(token)
    certificate = populated.kubeconfig.parent / "certs/apiserver.crt"
    (account / "ca.crt").write_text(certificate.read_text())
    port = populated.url.rsplit(":", 1)[1]

    def start(*arguments):
        done = subprocess.run(
            [program(), "--service-account", account, *arguments],
            env={
                "KUBERNETES_SERVICE_HOST": "127.0.0.1",
                "KUBERNETES_SERVICE_PORT": port,
                "NODE_NAME": "gpu-1",
            },
            capture_output=True,
            check=False,
            text=True,
        )
        assert token not in done.stdout + done.stderr
        return done

    return start


def test_the_cluster_is_measured_with_the_rights_of_the_manifests(agent):
    done = agent("--collectors", "k8s", "--full")
    assert done.returncode == 0, done.stderr
    snapshot = yaml.safe_load(done.stdout)
    assert snapshot["metadata"]["collector.k8s"] == "ok"
    (k8s,) = (one for one in snapshot["measurements"] if one["type"] == "K8s")
    found = {one["subtype"]: one["data"] for one in k8s["subtypes"]}
    assert found["server"]["version"].startswith("v")
    assert found["node"]["provider"] == "gke"
    assert found["node"]["container-runtime-name"] == "containerd"
    # The second tag is on the second page; what Jobs run is left out.
    assert found["image"] == {"many": "v1,v2"}
    assert found["policy"] == {"driver.enabled": "true", "driver.version": "570.133.20"}
    assert done.stderr == ""


def test_the_snapshot_is_written_and_nothing_else_may_be(agent, populated):
    for _ in range(2):
        done = agent("--collectors", "k8s", "-o", "cm://gpu-operator/eidos-snapshot")
        assert done.returncode == 0, done.stderr
        read = populated.kubectl(
            *("get", "configmap", "eidos-snapshot", "-n", "gpu-operator"),
            *("-o", r"jsonpath={.data.snapshot\.yaml}"),
        )
        assert yaml.safe_load(read.stdout)["kind"] == "Snapshot"
    done = agent("--collectors", "k8s", "-o", "cm://gpu-operator/other")
    assert done.returncode == 4
    assert "its role has to allow `patch` on `configmaps`" in done.stderr
    done = agent("--collectors", "k8s", "-o", "cm://nowhere/eidos-snapshot")
    assert done.returncode == 4
