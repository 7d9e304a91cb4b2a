"""Every file of k8s/ and integrations/ passes the linters of its kind."""

import json
import os
import re

import pytest
import yaml
from k8s_support import INTEGRATIONS, K8S, ROOT, from_go, need, run

YAML = sorted(
    path
    for folder in (K8S, INTEGRATIONS)
    for pattern in ("*.yaml", "*.yml")
    for path in folder.rglob(pattern)
)
SHELL = sorted(INTEGRATIONS.rglob("*.sh"))
ACTIONLINT = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.8"


def test_yamllint_is_content():
    assert YAML
    run(need("yamllint"), "--strict", *YAML, cwd=ROOT)


def test_shellcheck_is_content():
    assert SHELL
    run(need("shellcheck"), *SHELL)
    for path in SHELL:
        assert os.access(path, os.X_OK), f"{path} is not executable"


def test_actionlint_is_content_with_the_workflows_and_their_scripts():
    need("shellcheck")
    workflows = sorted((INTEGRATIONS / "github-actions").glob("*.yaml"))
    assert workflows
    run(from_go("actionlint", package=ACTIONLINT), *workflows)


def scripts():
    """Name and text of each script in a pipeline that actionlint does not read."""
    circle = yaml.safe_load((INTEGRATIONS / "circleci/config.yml").read_text())
    for name, job in circle["jobs"].items():
        for step in job["steps"]:
            if isinstance(step, dict) and "run" in step:
                yield f"circleci-{name}", "bash", step["run"]["command"]
    gitlab = yaml.safe_load((INTEGRATIONS / "gitlab-ci/.gitlab-ci.yml").read_text())
    for name, job in gitlab.items():
        if name != "stages":
            # The runner stops at the first line that fails.
            yield f"gitlab-{name}", "sh", "\n".join(["set -e", *job["script"]])


SCRIPTS = list(scripts())


@pytest.mark.parametrize(
    ("shell", "text"), [one[1:] for one in SCRIPTS], ids=[one[0] for one in SCRIPTS]
)
def test_shellcheck_is_content_with_a_pipelines_script(shell, text):
    run(need("shellcheck"), "--shell", shell, "-", input=text + "\n")


def test_a_gitlab_job_depends_on_earlier_stages_only():
    jobs = yaml.safe_load((INTEGRATIONS / "gitlab-ci/.gitlab-ci.yml").read_text())
    stages = jobs.pop("stages")
    assert stages == ["snapshot", "recipe", "bundle", "deploy"]
    assert list(jobs) == [
        "capture_snapshot",
        "generate_recipe",
        "create_bundle",
        "deploy_operators",
    ]
    for name, job in jobs.items():
        for other in job.get("dependencies", []):
            assert stages.index(jobs[other]["stage"]) < stages.index(job["stage"]), name
    assert jobs["deploy_operators"]["when"] == "manual"


RULES = ["prometheus-rules", "drift-rules"]


def test_promtool_takes_the_configuration_and_the_rules():
    folder = INTEGRATIONS / "prometheus"
    run(need("promtool"), "check", "config", folder / "prometheus-config.yaml")
    for rules in RULES:
        run(need("promtool"), "check", "rules", folder / f"{rules}.yaml")


@pytest.mark.parametrize("rules", RULES)
def test_promtool_sees_each_alert_fire_and_stay_silent(rules):
    folder = INTEGRATIONS / "prometheus"
    run(need("promtool"), "test", "rules", folder / f"{rules}-test.yaml")
    (group,) = yaml.safe_load((folder / f"{rules}.yaml").read_text())["groups"]
    fired, silent = set(), set()
    for case in yaml.safe_load((folder / f"{rules}-test.yaml").read_text())["tests"]:
        for one in case["alert_rule_test"]:
            (fired if one["exp_alerts"] else silent).add(one["alertname"])
    assert fired == silent == {rule["alert"] for rule in group["rules"]}


GUIDE = r"""
groups:
  - name: eidos_alerts
    interval: 30s
    rules:
      - alert: EidosHighErrorRate
        expr: |
          rate(eidos_http_requests_total{status=~"5.."}[5m]) > 0.05
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: "Eidos API high error rate"
          description: "Error rate is {{ $value | humanizePercentage }}"
      
      - alert: EidosHighLatency
        expr: |
          histogram_quantile(0.95,
            rate(eidos_http_request_duration_seconds_bucket[5m])
          ) > 1
        for: 5m
        labels:
          severity: warning
        annotations:
          summary: "Eidos API high latency"
          description: "P95 latency is {{ $value }}s"
      
      - alert: EidosRateLimitHit
        expr: |
          rate(eidos_rate_limit_rejects_total[5m]) > 1
        for: 5m
        labels:
          severity: info
        annotations:
          summary: "Eidos API rate limit reached"
          description: "Rate limit rejections: {{ $value }}/s"
"""


def test_the_alerts_users_know_are_word_for_word_the_same():
    text = (INTEGRATIONS / "prometheus/prometheus-rules.yaml").read_text()
    known = re.sub(r"[ \t]+\n", "\n", GUIDE).strip()
    assert known in text


def test_the_dashboard_is_one_file_with_a_panel_at_each_place():
    path = INTEGRATIONS / "grafana/eidos.json"
    assert path.resolve().is_relative_to(K8S)
    dashboard = json.loads(path.read_text())
    places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in dashboard["panels"]]
    assert len(places) == len(set(places))
    for panel in dashboard["panels"]:
        assert panel["targets"] and panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
