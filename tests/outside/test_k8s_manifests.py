"""The manifests are accepted as they are, and ask for no more than they use."""

import json
import re

import pytest
from k8s_support import (
    AGENT,
    INTEGRATIONS,
    K8S,
    ROOT,
    SERVER,
    documents,
    from_go,
    kustomize,
    only,
    pod_spec,
    run,
)

OVERLAYS = sorted(path.name for path in (SERVER / "overlays").iterdir())
WATCHER = K8S / "drift-watcher"
KUSTOMIZATIONS = [
    SERVER,
    SERVER / "base",
    *(SERVER / "overlays" / name for name in OVERLAYS),
    WATCHER,
    WATCHER / "base",
    AGENT,
    K8S / "eidos-agent-nvidia",
]
AGENT_FILES = sorted(
    path for path in AGENT.glob("*.yaml") if path.name != "kustomization.yaml"
)
AGENTS = [
    ("2-job.yaml", "Job"),
    ("cronjob.yaml", "CronJob"),
    ("daemonset.yaml", "DaemonSet"),
]

# Each right an agent has, and what it reads or writes with it. A right that is
# not listed here fails the test, and so does a line here that no file grants.
USES = {
    ("", "nodes", "get"): "K8s.node: the node it runs on",
    ("", "pods", "list"): "K8s.image: the images of all pods",
    ("nvidia.com", "clusterpolicies", "list"): "K8s.policy",
    ("", "configmaps", "create"): "server-side apply of a new snapshot",
    ("", "configmaps", "patch"): "server-side apply of a snapshot",
}


@pytest.fixture(scope="session")
def check(tmp_path_factory):
    """The API server's own decoding and Pod Security admission."""
    program = from_go("k8s-check", folder=ROOT / "tests/outside/k8s-check")
    return lambda text: [
        json.loads(line) for line in run(program, input=text).stdout.splitlines()
    ]


@pytest.mark.parametrize(
    "folder", KUSTOMIZATIONS, ids=lambda path: str(path.relative_to(K8S))
)
def test_a_kustomization_renders_objects_without_unknown_fields(check, folder):
    objects, text = kustomize(folder)
    found = check(text)
    assert [one for one in found if "error" in one] == []
    assert len(found) == len(objects)


@pytest.mark.parametrize("path", AGENT_FILES, ids=lambda path: path.name)
def test_a_manifest_has_no_unknown_fields(check, path):
    found = check(path.read_text(encoding="utf-8"))
    assert found
    assert [one for one in found if "error" in one] == []


def test_the_checker_sees_an_unknown_field(check):
    text = (AGENT / "2-job.yaml").read_text(encoding="utf-8")
    (found,) = check(text.replace("readOnlyRootFilesystem", "readOnlyRoot"))
    assert "readOnlyRoot" in found["error"]


@pytest.mark.parametrize("folder", KUSTOMIZATIONS[:-2], ids=lambda path: path.name)
def test_restricted_pod_security_takes_the_server_and_the_operator(check, folder):
    _, text = kustomize(folder)
    (one,) = [one for one in check(text) if one["kind"] == "Deployment"]
    assert not one.get("restricted") and not one.get("baseline")


@pytest.mark.parametrize(("file", "kind"), AGENTS)
def test_the_host_mount_is_all_that_an_agent_is_refused_for(check, file, kind):
    text = (AGENT / file).read_text(encoding="utf-8")
    (agent,) = [one for one in check(text) if one["kind"] == kind]
    assert agent["baseline"] == ["hostPath volumes"]
    assert agent["restricted"] == ["restricted volume types"]


def test_the_top_level_holds_what_a_server_needs():
    objects, _ = kustomize(SERVER)
    kinds = sorted(f"{one['kind']}/{one['metadata']['name']}" for one in objects)
    assert kinds == [
        "ConfigMap/eidos-grafana-dashboard",
        "Deployment/eidos-api-server",
        "HorizontalPodAutoscaler/eidos-api-server",
        "Namespace/eidos",
        "NetworkPolicy/eidos-api-server",
        "PodDisruptionBudget/eidos-api-server",
        "PrometheusRule/eidos-api-server",
        "Service/eidos-api-server",
        "Service/eidos-api-server",
        "ServiceAccount/eidos-api-server",
        "ServiceMonitor/eidos-api-server",
    ]


def test_the_server_is_spread_probed_and_ended_in_time():
    objects, _ = kustomize(SERVER)
    assert "egress" not in only(objects, "NetworkPolicy")["spec"]
    deployment = only(objects, "Deployment")
    spec = pod_spec(deployment)
    (container,) = spec["containers"]
    environment = {one["name"]: one.get("value") for one in container["env"]}
    assert deployment["spec"]["replicas"] == 3
    assert only(objects, "HorizontalPodAutoscaler")["spec"]["minReplicas"] == 3
    assert spec["securityContext"]["runAsUser"] == 65532
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["livenessProbe"]["httpGet"] == {"path": "/health", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "http"}
    assert {one["topologyKey"] for one in spec["topologySpreadConstraints"]} == {
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    }
    seconds = sum(
        int(environment[name].removesuffix("s"))
        for name in ("DRAIN_DELAY", "SHUTDOWN_TIMEOUT")
    )
    assert spec["terminationGracePeriodSeconds"] >= seconds + 5


def test_the_server_is_found_at_both_addresses():
    objects, _ = kustomize(SERVER)
    services = {
        one["metadata"]["namespace"]: one["spec"]
        for one in objects
        if one["kind"] == "Service"
    }
    assert services["eidos"]["ports"][0]["port"] == 8080
    assert services["default"]["type"] == "ExternalName"
    assert (
        services["default"]["externalName"]
        == "eidos-api-server.eidos.svc.cluster.local"
    )


def test_selectors_select_the_servers_pods_and_no_agent():
    objects, _ = kustomize(SERVER)
    labels = only(objects, "Deployment")["spec"]["template"]["metadata"]["labels"]
    monitor = only(objects, "ServiceMonitor")["spec"]
    services = [one for one in objects if one["kind"] == "Service"]
    (scraped,) = [
        one
        for one in services
        if monitor["selector"]["matchLabels"].items()
        <= one["metadata"]["labels"].items()
    ]
    assert scraped["metadata"]["namespace"] == "eidos"
    for selector in (
        scraped["spec"]["selector"],
        only(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        only(objects, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
        for file, kind in AGENTS:
            agent = only(documents(AGENT / file), kind)
            template = agent["spec"].get("jobTemplate", agent)["spec"]["template"]
            assert not selector.items() <= template["metadata"]["labels"].items()


def test_prometheus_rule_and_rule_file_are_the_same():
    objects, _ = kustomize(SERVER)
    (file,) = documents(INTEGRATIONS / "prometheus/prometheus-rules.yaml")
    assert only(objects, "PrometheusRule")["spec"]["groups"] == file["groups"]


def test_the_drift_alerts_and_their_rule_file_are_the_same():
    objects, _ = kustomize(WATCHER)
    (file,) = documents(INTEGRATIONS / "prometheus/drift-rules.yaml")
    assert only(objects, "PrometheusRule")["spec"]["groups"] == file["groups"]


def test_two_operators_share_one_lease_and_are_probed():
    objects, _ = kustomize(WATCHER)
    deployment = only(objects, "Deployment")
    (container,) = pod_spec(deployment)["containers"]
    assert deployment["spec"]["replicas"] == 2
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["livenessProbe"]["httpGet"] == {"path": "/health", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "http"}
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for selector in (
        only(objects, "PodMonitor")["spec"]["selector"]["matchLabels"],
        only(objects, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        only(objects, "NetworkPolicy", "eidos-watch")["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_mount_of_an_overlay_exists_and_can_change_in_place(name):
    objects, _ = kustomize(SERVER / "overlays" / name)
    spec = pod_spec(only(objects, "Deployment"))
    (container,) = spec["containers"]
    mounts = {one["name"]: one for one in container.get("volumeMounts", [])}
    assert set(mounts) == {one["name"] for one in spec.get("volumes", [])}
    for volume in spec.get("volumes", []):
        assert "subPath" not in mounts[volume["name"]]
        if "configMap" in volume:
            only(objects, "ConfigMap", volume["configMap"]["name"])
    for one in container["env"]:
        if str(one.get("value", "")).startswith("/"):
            assert any(
                one["value"].startswith(mount["mountPath"]) for mount in mounts.values()
            ), one


def test_every_right_is_used_and_every_use_is_granted():
    granted = set()
    for path in AGENT_FILES:
        for one in documents(path):
            if one["kind"] not in ("Role", "ClusterRole"):
                continue
            for rule in one["rules"]:
                assert "resources" in rule, "no right but on resources"
                granted |= {
                    (group, resource, verb)
                    for group in rule["apiGroups"]
                    for resource in rule["resources"]
                    for verb in rule["verbs"]
                }
    assert granted == set(USES)


def test_the_job_writes_its_own_configmap_only():
    (rule,) = only(documents(AGENT / "1-deps.yaml"), "Role")["rules"]
    assert rule["resourceNames"] == ["eidos-snapshot"]


def test_a_role_is_bound_to_an_account_that_exists_and_is_used():
    for path in AGENT_FILES:
        objects = documents(path)
        accounts = {
            (one["metadata"]["namespace"], one["metadata"]["name"])
            for one in objects
            if one["kind"] == "ServiceAccount"
        }
        for one in objects:
            if one["kind"].endswith("Binding"):
                (subject,) = one["subjects"]
                assert (subject["namespace"], subject["name"]) in accounts


def test_the_deps_bring_the_namespace_and_no_secret():
    objects = documents(AGENT / "1-deps.yaml")
    assert objects[0]["kind"] == "Namespace"
    assert objects[0]["metadata"]["name"] == "gpu-operator"
    assert "Secret" not in {one["kind"] for one in objects}


def test_a_waiting_pipeline_sees_the_job_end():
    (job,) = documents(AGENT / "2-job.yaml")
    assert (job["metadata"]["name"], job["metadata"]["namespace"]) == (
        "eidos",
        "gpu-operator",
    )
    assert job["spec"]["ttlSecondsAfterFinished"] == 300
    assert job["spec"]["activeDeadlineSeconds"] < 300


@pytest.mark.parametrize(("file", "kind"), AGENTS)
def test_an_agent_reaches_every_node_and_only_reads_it(file, kind):
    spec = pod_spec(only(documents(AGENT / file), kind))
    (container,) = spec["containers"]
    assert {"operator": "Exists"} in spec["tolerations"]
    assert set(spec.get("nodeSelector", {})) <= {"kubernetes.io/os"}
    assert "requiredDuringSchedulingIgnoredDuringExecution" not in str(
        spec.get("affinity")
    )
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    host = [one for one in spec["volumes"] if "hostPath" in one]
    assert len(host) == 1
    for mount in container["volumeMounts"]:
        if mount["name"] == host[0]["name"]:
            assert mount["readOnly"] is True
            assert mount["mountPath"] in container["args"]
    key = next(one for one in container["env"] if one["name"] == "EIDOS_API_KEY")
    assert key["valueFrom"]["secretKeyRef"] == {
        "name": "eidos-credentials",
        "key": "api-key",
        "optional": True,
    }


def test_the_key_example_is_what_the_job_refers_to():
    (secret,) = documents(AGENT / "kubernetes-secret.yaml")
    assert secret["metadata"] == {
        "name": "eidos-credentials",
        "namespace": "gpu-operator",
    }
    assert list(secret["stringData"]) == ["api-key"]


def pods():
    """Namespace and labels of each agent's pods as the cluster makes them."""
    for file, kind, job in (
        ("2-job.yaml", "Job", "eidos"),
        ("cronjob.yaml", "CronJob", "eidos-29395440"),
        ("daemonset.yaml", "DaemonSet", None),
    ):
        one = only(documents(AGENT / file), kind)
        template = one["spec"].get("jobTemplate", one)["spec"]["template"]
        labels = dict(template["metadata"]["labels"])
        if job:
            labels["job-name"] = job
        yield one["metadata"]["namespace"], labels


def test_a_strict_policy_binds_every_agent():
    policies = [
        *documents(AGENT / "networkpolicy-strict.yaml"),
        *(
            one
            for one in documents(AGENT / "daemonset.yaml")
            if one["kind"] == "NetworkPolicy"
        ),
    ]
    for namespace, labels in pods():
        bound = [
            one
            for one in policies
            if one["metadata"]["namespace"] == namespace
            and one["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        ]
        assert bound, labels
        for one in bound:
            assert one["spec"]["policyTypes"] == ["Ingress", "Egress"]
            assert "ingress" not in one["spec"]
            ports = {
                (port["protocol"], port["port"])
                for rule in one["spec"]["egress"]
                for port in rule["ports"]
            }
            assert ports == {
                ("TCP", 443),
                ("TCP", 6443),
                ("TCP", 8080),
                ("UDP", 53),
                ("TCP", 53),
            }


def test_the_guides_policy_is_as_users_know_it():
    (policy,) = documents(AGENT / "networkpolicy.yaml")
    assert policy["metadata"] == {"name": "eidos-agent", "namespace": "gpu-operator"}
    assert policy["spec"] == {
        "podSelector": {"matchLabels": {"job-name": "eidos"}},
        "policyTypes": ["Egress"],
        "egress": [
            {
                "to": [{"namespaceSelector": {}}],
                "ports": [{"protocol": "TCP", "port": 443}],
            }
        ],
    }


def test_the_policy_reaches_the_servers_pods():
    server = only(kustomize(SERVER)[0], "Deployment")
    labels = server["spec"]["template"]["metadata"]["labels"]
    policy, *_ = documents(AGENT / "networkpolicy-strict.yaml")
    (peer,) = next(
        rule["to"]
        for rule in policy["spec"]["egress"]
        if rule["ports"][0]["port"] == 8080
    )
    assert peer["podSelector"]["matchLabels"].items() <= labels.items()
    assert peer["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": server["metadata"]["namespace"]
    }


def test_deployments_is_where_pipelines_look():
    assert (ROOT / "deployments").is_symlink()
    assert (ROOT / "deployments/eidos-agent/1-deps.yaml").exists()
    assert (ROOT / "deployments/eidos-agent/2-job.yaml").exists()


def test_every_image_has_its_name_and_tag_from_one_place():
    names = dict(
        line.split("=", 1)
        for line in (K8S / "images.env").read_text(encoding="utf-8").splitlines()
        if "=" in line and not line.startswith("#")
    )
    manifest = (ROOT / "Cargo.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"', manifest, re.MULTILINE).group(1)
    tags = {version, "latest", "${image_version}"}
    seen = set()
    for folder in (K8S, INTEGRATIONS, ROOT / "docs"):
        for path in folder.rglob("*"):
            if not path.is_file():
                continue
            text = path.read_text(encoding="utf-8")
            for name, tag in re.findall(r"(ghcr\.io/[\w./-]+):([\w.${}-]+)", text):
                assert name in names.values(), f"{path}: {name}"
                assert tag in tags, f"{path}: {name}:{tag}"
                seen.add(name)
    assert seen == set(names.values())
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert set(re.findall(r"ARG VERSION=(.+)", dockerfile)) == {version}
