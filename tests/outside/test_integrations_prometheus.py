"""Prometheus scrapes a running server with the shipped configuration."""

import contextlib
import http.server
import json
import re
import shutil
import subprocess
import threading
import urllib.parse
import urllib.request

import pytest
import yaml
from k8s_support import (
    INTEGRATIONS,
    K8S,
    answers,
    free_port,
    need,
    run,
    serving,
    until,
)

GUIDE_TARGET = "eidos-api-server.default.svc.cluster.local:8080"


@contextlib.contextmanager
def prometheus(folder, config):
    """A running Prometheus's URL."""
    shutil.copy(INTEGRATIONS / "prometheus/prometheus-rules.yaml", folder)
    (folder / "prometheus.yaml").write_text(yaml.safe_dump(config))
    url = f"http://127.0.0.1:{free_port()}"
    process = subprocess.Popen(
        [
            need("prometheus"),
            f"--config.file={folder}/prometheus.yaml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address={url.removeprefix('http://')}",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: answers(f"{url}/-/ready"))
        yield url
    finally:
        process.terminate()
        process.wait(10)


def config(name):
    """A shipped configuration that scrapes often enough for a test."""
    text = (INTEGRATIONS / "prometheus" / name).read_text()
    shipped = yaml.safe_load(text)
    shipped["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    return shipped


def api(url, path, **query):
    """An answer's data."""
    whole = f"{url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(whole) as response:
        return json.load(response)["data"]


@pytest.fixture(scope="module")
def scraped(tmp_path_factory):
    """A Prometheus that has seen a server answer."""
    shipped = config("prometheus-config.yaml")
    (job,) = shipped["scrape_configs"]
    (static,) = job["static_configs"]
    assert static["targets"] == [GUIDE_TARGET]
    with serving(RATE_LIMIT="0") as server:
        static["targets"] = [server.removeprefix("http://")]
        with prometheus(tmp_path_factory.mktemp("prometheus"), shipped) as url:
            query = "os=ubuntu&gpu=h100&service=eks"
            ask = lambda: answers(f"{server}/v1/recipe?{query}")
            until(
                lambda: ask()
                and api(
                    url,
                    "query",
                    query='rate(eidos_http_requests_total{path="/v1/recipe",'
                    'status="200"}[10s]) > 0',
                )["result"]
            )
            yield url


def test_the_target_is_up_under_the_job_users_know(scraped):
    (up,) = api(scraped, "query", query="up")["result"]
    assert up["metric"]["job"] == "eidos-api-server"
    assert up["value"][1] == "1"


def test_every_rule_is_evaluated_and_nothing_fires(scraped):
    (group,) = until(
        lambda: [
            one
            for one in api(scraped, "rules")["groups"]
            if all(rule["health"] == "ok" for rule in one["rules"])
        ]
    )
    assert (group["name"], group["interval"]) == ("eidos_alerts", 30)
    assert {rule["state"] for rule in group["rules"]} == {"inactive"}


def test_every_metric_of_the_rules_exists_from_the_start(scraped):
    text = (INTEGRATIONS / "prometheus/prometheus-rules.yaml").read_text()
    for name in sorted(set(re.findall(r"eidos_\w+_(?:total|bucket|count)", text))):
        assert api(scraped, "query", query=name)["result"], name


def expressions():
    """Title and query of each line that the dashboard draws."""
    dashboard = json.loads((INTEGRATIONS / "grafana/eidos.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"]


EXPRESSIONS = list(expressions())


@pytest.mark.parametrize(
    "query", [one[1] for one in EXPRESSIONS], ids=[one[0] for one in EXPRESSIONS]
)
def test_every_panel_of_the_dashboard_draws_something(scraped, query):
    asked = query.replace("$__rate_interval", "30s").replace('"$job"', '".*"')
    assert "$" not in asked
    until(lambda: api(scraped, "query", query=asked)["result"])


class Pods(http.server.BaseHTTPRequestHandler):
    """Lists and watches one server pod, as far as discovery asks."""

    protocol_version = "HTTP/1.1"
    port = 0
    asked = []

    def log_message(self, *_):
        """Says nothing."""

    def do_GET(self):
        """One pod for a list, silence for a watch."""
        url = urllib.parse.urlparse(self.path)
        query = urllib.parse.parse_qs(url.query)
        self.asked.append((url.path, query.get("labelSelector", [""])[0]))
        labels = {
            "app.kubernetes.io/name": "eidos",
            "app.kubernetes.io/component": "api-server",
        }
        container = {
            "name": "eidos-api-server",
            "image": "image",
            "ports": [
                {"name": "http", "containerPort": self.port, "protocol": "TCP"},
                {"name": "other", "containerPort": 1, "protocol": "TCP"},
            ],
        }
        pod = {
            "metadata": {
                "name": "eidos-api-server-abc",
                "namespace": "eidos",
                "uid": "1",
                "resourceVersion": "1",
                "labels": labels,
            },
            "spec": {"containers": [container], "nodeName": "node"},
            "status": {
                "phase": "Running",
                "podIP": "127.0.0.1",
                "hostIP": "127.0.0.1",
            },
        }
        items = [] if "watch" in query else [pod]
        body = json.dumps(
            {
                "kind": "PodList",
                "apiVersion": "v1",
                "metadata": {"resourceVersion": "1"},
                "items": items,
            }
        ).encode()
        if "watch" in query:
            body = b""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def test_each_replica_is_found_by_its_pod(tmp_path):
    shipped = config("prometheus-config-pods.yaml")
    plain = config("prometheus-config.yaml")
    path = tmp_path / "check.yaml"
    path.write_text(yaml.safe_dump({"scrape_configs": shipped["scrape_configs"]}))
    checked = run(need("promtool"), "check", "config", path, check=False)
    if "kubernetes_sd_configs not found" in checked.stderr + checked.stdout:
        pytest.skip("this Prometheus has no Kubernetes discovery: see make cluster")
    assert checked.returncode == 0, checked.stderr
    (job,) = shipped["scrape_configs"]
    assert job["job_name"] == plain["scrape_configs"][0]["job_name"]
    with serving() as server, http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), Pods
    ) as pods:
        Pods.port = int(server.rsplit(":", 1)[1])
        threading.Thread(target=pods.serve_forever, daemon=True).start()
        (discovery,) = job["kubernetes_sd_configs"]
        discovery["api_server"] = f"http://127.0.0.1:{pods.server_port}"
        with prometheus(tmp_path, shipped) as url:
            (up,) = until(lambda: api(url, "query", query="up == 1")["result"])
        pods.shutdown()
    assert up["metric"]["pod"] == "eidos-api-server-abc"
    assert up["metric"]["instance"] == f"127.0.0.1:{Pods.port}"
    assert (
        "/api/v1/namespaces/eidos/pods",
        "app.kubernetes.io/name=eidos,app.kubernetes.io/component=api-server",
    ) in Pods.asked


def test_the_pods_port_has_the_name_that_discovery_keeps():
    text = (K8S / "eidos-api-server/base/deployment.yaml").read_text()
    assert "- name: http\n              containerPort: 8080" in text
