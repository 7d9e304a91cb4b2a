"""The operator with its own account in front of a real API server.

No kubelet and no controllers: the test runs the agent itself, on a recorded node and
with the agent's account, and says how the Job ended. $EIDOS_BIN and $EIDOS_AGENT_BIN
are the programs, else what cargo built.
"""

import datetime
import json
import signal
import subprocess

import pytest
import yaml
from k8s_support import (
    AGENT,
    K8S,
    ROOT,
    answers,
    eidos_program,
    free_port,
    kustomize,
    need,
    only,
    run,
    until,
)
from test_agent_real_api import program as agent_program

# The cluster is the other file's.
from test_k8s_real_api import _api, pod  # noqa: F401

WATCHER = K8S / "drift-watcher"
NAMESPACE = "gpu-operator"
OPERATOR = "system:serviceaccount:eidos-watch:eidos-watch"
AGENT_USER = "system:serviceaccount:gpu-operator:eidos"
WATCHES = f"/apis/drift.dgxc.io/v1alpha1/namespaces/{NAMESPACE}/driftwatches"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
MAPS = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
LEASE = "/apis/coordination.k8s.io/v1/namespaces/eidos-watch/leases/eidos-watch"
MERGE = "application/merge-patch+json"


@pytest.fixture(scope="module", name="installed")
def _installed(api):
    """The cluster as the guide leaves it, without a watch."""
    api.apply("-f", AGENT / "1-deps.yaml")
    api.apply("-k", WATCHER / "base")
    crd = "crd/driftwatches.drift.dgxc.io"
    api.kubectl("wait", "--for=condition=Established", crd, "--timeout=20s")
    return api


def test_applying_again_changes_nothing(installed):
    said = installed.apply("-k", WATCHER / "base").stdout.splitlines()
    changed = [line for line in said if not line.endswith("unchanged")]
    # kubectl writes a disruption budget again each time, as it was.
    assert [line for line in changed if "poddisruptionbudget" not in line] == []


def test_the_example_is_a_watch_and_its_columns_are_shown(installed):
    example = WATCHER / "driftwatch.yaml"
    installed.apply("-f", example, "--dry-run=server")
    try:
        installed.apply("-f", example)
        shown = installed.kubectl("get", "dw", "-n", NAMESPACE, "-o", "wide").stdout
    finally:
        installed.kubectl("delete", "-f", example)
    assert shown.splitlines()[0].split("  ")[0] == "NAME"
    for column in ("DRIFTED", "CHANGES", "FINDINGS", "SYNCED", "LAST RUN", "MESSAGE"):
        assert column in shown
    asked = installed.kubectl("explain", "driftwatch.spec.schedule.interval").stdout
    assert "such as 6h or 1h30m" in asked


BASELINE = {"baseline": {"name": "eidos-baseline"}}


def watch(spec, name="one"):
    """A watch as a document."""
    return {
        "apiVersion": "drift.dgxc.io/v1alpha1",
        "kind": "DriftWatch",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": spec,
    }


@pytest.mark.parametrize(
    ("spec", "name", "said"),
    [
        ({}, "one", "nothing to compare with: name a baseline, a recipe or both"),
        (BASELINE, "a" * 51, "the name may have 50 characters"),
        (
            {"baseline": {"name": "eidos-drift-one"}},
            "one",
            "every run overwrites this ConfigMap",
        ),
        (
            {**BASELINE, "schedule": {"interval": "30s"}},
            "one",
            "the interval has to be from 1m to 720h",
        ),
        (
            {**BASELINE, "schedule": {"interval": "721h"}},
            "one",
            "the interval has to be from 1m to 720h",
        ),
        ({**BASELINE, "schedule": {"interval": "soon"}}, "one", "should match"),
        ({"baseline": {"name": ""}}, "one", "should be at least 1 chars long"),
        ({"recipe": {}}, "one", "intent"),
        ({**BASELINE, "ignore": [""]}, "one", "should be at least 1 chars long"),
    ],
)
def test_a_bad_watch_is_refused_and_why_is_said(installed, spec, name, said):
    status, answer = installed.call(
        "POST", f"{WATCHES}?dryRun=All", body=watch(spec, name)
    )
    assert status == 422, answer
    assert said in json.loads(answer)["message"]


def test_an_unknown_field_is_refused(installed):
    path = f"{WATCHES}?dryRun=All&fieldValidation=Strict"
    body = watch({**BASELINE, "nodeselector": {}})
    status, answer = installed.call("POST", path, body=body)
    assert status == 400 and "nodeselector" in answer


@pytest.mark.parametrize(
    "spec",
    [
        BASELINE,
        {"recipe": {"intent": "training"}, "schedule": {"interval": "1h30m"}},
        {**BASELINE, "schedule": {"interval": "720h"}},
        {**BASELINE, "tolerations": [{"operator": "Exists"}], "suspend": True},
    ],
)
def test_a_good_watch_is_taken(installed, spec):
    status, answer = installed.call("POST", f"{WATCHES}?dryRun=All", body=watch(spec))
    assert status == 201, answer
    assert answer["spec"].get("baseline", {}).get("key") in ("snapshot.yaml", None)


def test_admission_takes_the_operators_pod(installed):
    deployment = only(kustomize(WATCHER / "base")[0], "Deployment")
    path = "/api/v1/namespaces/eidos-watch/pods?dryRun=All"
    status, answer = installed.call(
        "POST", path, body=pod(deployment, "eidos-watch", "one")
    )
    assert status == 201, answer


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/secrets"),
        ("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets/eidos-credentials"),
        ("GET", MAPS),
        ("DELETE", f"{MAPS}/eidos-baseline"),
        ("PATCH", f"{MAPS}/eidos-baseline"),
        ("GET", "/api/v1/namespaces/default/configmaps/eidos-baseline"),
        ("POST", f"/api/v1/namespaces/{NAMESPACE}/pods"),
        ("POST", "/apis/batch/v1/namespaces/default/jobs"),
        ("POST", "/apis/batch/v1/namespaces/eidos-watch/jobs"),
        ("PUT", f"{WATCHES}/one"),
        ("DELETE", f"{WATCHES}/one"),
        ("GET", "/apis/drift.dgxc.io/v1alpha1/driftwatches"),
        ("PUT", LEASE.replace("leases/eidos-watch", "leases/other")),
        ("DELETE", LEASE),
        ("GET", "/api/v1/nodes"),
    ],
)
def test_what_the_operator_does_not_need_it_may_not(installed, method, path):
    body = {} if method in ("POST", "PUT", "PATCH") else None
    kind = MERGE if method == "PATCH" else "application/json"
    status, answer = installed.call(method, path, user=OPERATOR, body=body, kind=kind)
    assert status == 403, answer


def kubeconfig(api, folder, account, namespace):
    """A kubeconfig of a service account, and its token."""
    token = api.kubectl("create", "token", account, "-n", namespace).stdout.strip()
    text = json.loads(api.kubeconfig.read_text())
    text["users"] = [{"name": "admin", "user": {"token": token}}]
    text["contexts"][0]["context"]["namespace"] = namespace
    path = folder / "kubeconfig"
    path.write_text(json.dumps(text))
    return path, token


@pytest.fixture(name="operator")
def _operator(installed, tmp_path):
    """Starts replicas with the shipped arguments and the shipped account."""
    deployment = only(kustomize(WATCHER / "base")[0], "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    path, _ = kubeconfig(installed, tmp_path, "eidos-watch", "eidos-watch")
    program = eidos_program("watch")
    started = []

    def start():
        address = f"127.0.0.1:{free_port()}"
        log = (tmp_path / f"log-{len(started)}").open("w+")
        process = subprocess.Popen(
            [program, "watch", *container["args"], "--metrics-address", address],
            env={"KUBECONFIG": str(path)},
            stdout=log,
            stderr=log,
        )
        started.append(process)
        return process, f"http://{address}", log.name

    yield start
    for process in started:
        process.kill()
        process.wait(20)


def run_agent(api, folder, job):
    """The agent as the Job's pod runs it, but on a recorded node."""
    (container,) = job["spec"]["template"]["spec"]["containers"]
    arguments = list(container["args"])
    arguments[arguments.index("/host")] = str(ROOT / "tests/nodes/h100")
    account = folder / "account"
    account.mkdir(exist_ok=True)
    token = api.kubectl("create", "token", "eidos", "-n", NAMESPACE).stdout
    (account / "token").write_text(token)
    certificate = api.kubeconfig.parent / "certs/apiserver.crt"
    (account / "ca.crt").write_text(certificate.read_text())
    return subprocess.run(
        [
            agent_program(),
            *arguments,
            *("--service-account", account, "--collectors", "os,gpu"),
        ],
        env={
            "KUBERNETES_SERVICE_HOST": "127.0.0.1",
            "KUBERNETES_SERVICE_PORT": api.url.rsplit(":", 1)[1],
        },
        capture_output=True,
        check=False,
        text=True,
    )


def complete(api, name):
    """What the Job controller says at the end."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    conditions = [
        {
            "type": one,
            "status": "True",
            "lastProbeTime": now,
            "lastTransitionTime": now,
        }
        for one in ("SuccessCriteriaMet", "Complete")
    ]
    status = {
        "startTime": now,
        "completionTime": now,
        "succeeded": 1,
        "conditions": conditions,
    }
    path = f"{JOBS}/{name}/status"
    answer = api.call("PATCH", path, body={"status": status}, kind=MERGE)
    assert answer[0] == 200, answer


def condition(api, kind, name="gpu-nodes"):
    """Status and reason of a condition, where there is one."""
    status, answer = api.call("GET", f"{WATCHES}/{name}")
    assert status == 200, answer
    for one in answer.get("status", {}).get("conditions", []):
        if one["type"] == kind:
            return one["status"], one["reason"]
    return None


def test_a_cycle_with_the_shipped_rights(installed, operator, tmp_path):
    api = installed
    process, url, log = operator()
    until(lambda: answers(f"{url}/ready"))
    api.apply("-f", WATCHER / "driftwatch.yaml")
    name = "eidos-drift-gpu-nodes"

    # The Job is one that the API server takes, and so are its pods.
    _, job = until(lambda: (found := api.call("GET", f"{JOBS}/{name}"))[0] == 200 and found)
    selector = job["spec"]["template"]["spec"]["nodeSelector"]
    assert selector == {"nvidia.com/gpu.present": "true"}
    one = pod(job, NAMESPACE, "one")
    labels = one["metadata"]["labels"]
    one["metadata"] = {"name": "one", "namespace": NAMESPACE, "labels": labels}
    path = f"/api/v1/namespaces/{NAMESPACE}/pods?dryRun=All"
    status, answer = api.call("POST", path, body=one)
    assert status == 201, answer

    # The agent writes this snapshot and no other, and makes none.
    done = run_agent(api, tmp_path, job)
    assert done.returncode == 0, done.stderr
    for other in ("eidos-baseline", "eidos-drift-other"):
        status, _ = api.call(
            "PATCH",
            f"{MAPS}/{other}?fieldManager=eidos",
            user=AGENT_USER,
            body={
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": other},
                "data": {"snapshot.yaml": ""},
            },
            kind="application/apply-patch+yaml",
        )
        assert status == 403
    complete(api, name)

    # No baseline yet; the recipe is compared all the same.
    until(lambda: condition(api, "Synced") == ("False", "BaselineMissing"))
    assert condition(api, "Drifted") == ("Unknown", "NotCompared")
    assert condition(api, "Deviates")[0] in ("True", "False")
    until(lambda: api.call("GET", f"{JOBS}/{name}")[0] == 404)

    # A baseline that is another node: a changed spec measures at once.
    _, found = api.call("GET", f"{MAPS}/{name}")
    snapshot = found["data"]["snapshot.yaml"]
    assert "audit_backlog_limit: 8192" in snapshot or "8192" in snapshot
    data = {"snapshot.yaml": snapshot.replace("8192", "64")}
    body = {"metadata": {"name": "eidos-baseline"}, "data": data}
    assert api.call("POST", MAPS, body=body)[0] == 201
    patch = {"spec": {"schedule": {"interval": "1h"}}}
    assert api.call("PATCH", f"{WATCHES}/gpu-nodes", body=patch, kind=MERGE)[0] == 200
    _, job = until(lambda: (found := api.call("GET", f"{JOBS}/{name}"))[0] == 200 and found)
    assert run_agent(api, tmp_path, job).returncode == 0
    complete(api, name)
    until(lambda: condition(api, "Drifted") == ("True", "Different"))
    assert condition(api, "Synced") == ("True", "Compared")
    until(lambda: api.call("GET", f"{JOBS}/{name}")[0] == 404)
    said = api.kubectl("events", "-n", NAMESPACE, "--for", "driftwatch/gpu-nodes").stdout
    assert "Warning" in said and "Drifted" in said and "OS.grub" in said
    shown = api.kubectl("get", "dw", "gpu-nodes", "-n", NAMESPACE, "--no-headers").stdout
    assert shown.split()[1] == "True"

    # The metrics, as Prometheus reads them.
    metrics = run("curl", "-sf", f"{url}/metrics").stdout
    assert 'eidos_drift_detected{namespace="gpu-operator",name="gpu-nodes"} 1' in metrics
    checked = run(need("promtool"), "check", "metrics", input=metrics)
    assert checked.stdout + checked.stderr == ""

    # Ended, it lets the next one act at once; nothing was refused on the way.
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    _, lease = api.call("GET", LEASE)
    assert not lease["spec"].get("holderIdentity")
    lines = [json.loads(line) for line in open(log, encoding="utf-8")]
    # That nobody checks the certificate here is the test's doing.
    lines = [line for line in lines if line["event"] != "Server cert bypassed"]
    assert {line["level"] for line in lines} == {"INFO"}, lines
    _, second, _ = operator()
    until(lambda: answers(f"{second}/ready"))
    until(lambda: "eidos_drift_watches 1" in run("curl", "-sf", f"{second}/metrics").stdout)
    api.kubectl("delete", "-f", WATCHER / "driftwatch.yaml")
    until(lambda: "eidos_drift_watches 0" in run("curl", "-sf", f"{second}/metrics").stdout)


def test_what_is_made_goes_with_the_watch(installed):
    """The garbage collector is told whose the objects are; nobody plays it here."""
    _, place = installed.call("GET", f"{MAPS}/eidos-drift-gpu-nodes")
    (owner,) = place["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("DriftWatch", "gpu-nodes")
    assert owner["controller"] is True and "blockOwnerDeletion" not in owner


def test_the_example_has_the_rights_it_needs():
    example = yaml.safe_load((WATCHER / "driftwatch.yaml").read_text())
    objects = kustomize(WATCHER / "base")[0]
    (rule,) = only(objects, "Role", "eidos-drift-agent")["rules"]
    assert rule["resourceNames"] == [f"eidos-drift-{example['metadata']['name']}"]
