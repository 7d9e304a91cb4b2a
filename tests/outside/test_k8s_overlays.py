"""Each overlay's settings, with its mounts in a folder, make the real server do
what the overlay is for."""

import hashlib
import os
import ssl
import urllib.error
import urllib.request

import pytest
from k8s_support import (
    SERVER,
    answers,
    documents,
    kustomize,
    only,
    pod_spec,
    run,
    serving,
    until,
)


def publish(folder, files):
    """Writes files as the kubelet does: a new folder, then one link is moved."""
    folder.mkdir(exist_ok=True)
    version = folder / f"..{len(list(folder.iterdir()))}"
    version.mkdir()
    for name, content in files.items():
        (version / name).write_text(content)
        link = folder / name
        if not link.is_symlink():
            link.symlink_to(f"..data/{name}")
    fresh = folder / "..data_tmp"
    fresh.symlink_to(version.name)
    os.replace(fresh, folder / "..data")


def settings(name, folder):
    """The overlay's own environment, its mount points moved into a folder."""
    objects, _ = kustomize(SERVER / "overlays" / name)
    base = only(kustomize(SERVER / "base")[0], "Deployment")
    known = {one["name"] for one in pod_spec(base)["containers"][0]["env"]}
    (container,) = pod_spec(only(objects, "Deployment"))["containers"]
    given = {}
    for one in container["env"]:
        if one["name"] not in known:
            value = one["value"]
            for mount in container.get("volumeMounts", []):
                value = value.replace(mount["mountPath"], str(folder))
            given[one["name"]] = value
    return objects, given


def ask(url, **headers):
    """Status and text of an answer."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=5
        ) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


VALUE = "/v1/query?service=eks&gpu=h100&selector=K8s.image.gpu-operator"


def test_a_changed_configmap_is_served_and_a_broken_one_is_not(tmp_path):
    folder = tmp_path / "rules"
    objects, given = settings("rules", folder)
    rules = only(objects, "ConfigMap", "eidos-rules")["data"]
    publish(folder, rules)
    with serving(RELOAD_INTERVAL="100ms", **given) as url:
        assert '"v25.3.3"' in ask(url + VALUE)[1]
        publish(folder, {k: v.replace("v25.3.3", "v25.3.4") for k, v in rules.items()})
        until(lambda: '"v25.3.4"' in ask(url + VALUE)[1])
        publish(folder, {k: v.replace("eks", "moon") for k, v in rules.items()})
        failed = 'eidos_rules_reloads_total{result="failure"} 1'
        until(lambda: failed in ask(f"{url}/metrics")[1])
        assert '"v25.3.4"' in ask(url + VALUE)[1]


def test_a_key_of_the_secret_is_asked_for(tmp_path):
    folder = tmp_path / "keys"
    _, given = settings("api-keys", folder)
    digest = hashlib.sha256(b"secret").hexdigest()
    publish(folder, {"api-keys": f"ci:{digest}"})
    with serving(**given) as url:
        assert ask(url + VALUE)[0] == 401
        assert ask(url + VALUE, Authorization="Bearer other")[0] == 401
        assert ask(url + VALUE, Authorization="Bearer secret")[0] == 200
        # Probes and scrapes bring no key.
        assert answers(f"{url}/ready") and answers(f"{url}/metrics")


def test_the_certificate_of_the_secret_is_shown(tmp_path):
    folder = tmp_path / "tls"
    objects, given = settings("tls", folder)
    name = only(objects, "ServiceMonitor")["spec"]["endpoints"][0]["tlsConfig"][
        "serverName"
    ]
    run(
        *("openssl", "req", "-x509", "-nodes", "-days", "1", "-newkey", "rsa:2048"),
        *("-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"),
        *("-keyout", tmp_path / "key", "-out", tmp_path / "crt"),
    )
    publish(
        folder,
        {
            "tls.key": (tmp_path / "key").read_text(),
            "tls.crt": (tmp_path / "crt").read_text(),
        },
    )
    context = ssl.create_default_context(cafile=tmp_path / "crt")
    # The name is the Service's; the address here is this machine's.
    context.check_hostname = False

    def ready(url):
        try:
            with urllib.request.urlopen(f"{url}/ready", context=context) as response:
                return response.status == 200
        except OSError:
            return False

    with serving(ready=lambda url: ready(url.replace("http:", "https:")), **given):
        pass
    for probe in ("livenessProbe", "readinessProbe"):
        (container,) = pod_spec(only(objects, "Deployment"))["containers"]
        assert container[probe]["httpGet"]["scheme"] == "HTTPS"


@pytest.mark.parametrize("path", ["/v1/recipe", "/docs/", "/openapi.json", "/"])
def test_the_ingress_leads_to_what_users_call(path):
    (ingress,) = documents(SERVER / "overlays/ingress/ingress.yaml")
    (rule,) = ingress["spec"]["rules"]
    assert any(
        path == one["path"]
        or (one["pathType"] == "Prefix" and path.startswith(one["path"] + "/"))
        for one in rule["http"]["paths"]
    )


def test_the_ingress_keeps_probes_and_metrics_inside():
    (ingress,) = documents(SERVER / "overlays/ingress/ingress.yaml")
    (rule,) = ingress["spec"]["rules"]
    for one in rule["http"]["paths"]:
        assert one["path"] not in ("/metrics", "/health", "/ready")
        assert one["path"] != "/" or one["pathType"] == "Exact"


def test_behind_the_ingress_each_client_has_its_own_limit(tmp_path):
    _, given = settings("ingress", tmp_path)
    proxy = given["TRUSTED_PROXIES"]
    given["TRUSTED_PROXIES"] = "127.0.0.1/32"
    assert proxy == "10.0.0.0/8"
    with serving(RATE_LIMIT="1", RATE_BURST="1", **given) as url:
        first = {"X-Forwarded-For": "192.0.2.1"}
        assert ask(url + VALUE, **first)[0] == 200
        assert ask(url + VALUE, **first)[0] == 429
        assert ask(url + VALUE, **{"X-Forwarded-For": "192.0.2.2"})[0] == 200
