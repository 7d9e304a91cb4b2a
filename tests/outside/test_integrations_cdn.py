"""nginx with the shipped configuration stores answers, and no one's headers."""

import subprocess
import urllib.error
import urllib.request

import pytest
from k8s_support import INTEGRATIONS, answers, free_port, need, serving, until


@pytest.fixture(scope="module", name="cached")
def _cached(tmp_path_factory):
    """The URL of an nginx in front of a running server."""
    program = need("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    port = free_port()
    shipped = (INTEGRATIONS / "cdn/nginx.conf").read_text()
    with serving(TRUSTED_PROXIES="127.0.0.1/32") as server:
        for known, here in (
            ("eidos-api-server.eidos.svc.cluster.local:8080", server.split("//")[1]),
            ("listen 8081", f"listen 127.0.0.1:{port}"),
            ("/var/cache/nginx/eidos", str(folder / "cache")),
        ):
            assert known in shipped
            shipped = shipped.replace(known, here)
        config = folder / "nginx.conf"
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config.write_text(
            f"daemon off;\nmaster_process off;\npid {folder}/pid;\n"
            f"error_log {folder}/error;\nevents {{}}\n"
            f"http {{\naccess_log off;\n{temporary}{shipped}}}\n"
        )
        process = subprocess.Popen(
            [program, "-e", f"{folder}/error", "-c", str(config)]
        )
        try:
            url = f"http://127.0.0.1:{port}"
            until(lambda: answers(f"{url}/health"))
            yield url
        finally:
            process.terminate()
            process.wait(10)


def ask(url, **headers):
    """An answer and its body."""
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=5) as response:
        return response, response.read()


def test_the_second_answer_is_the_stored_one(cached):
    url = f"{cached}/v1/recipe?os=ubuntu&gpu=h100"
    first, body = ask(url)
    second, same = ask(url)
    assert first.headers["X-Cache-Status"] == "MISS"
    assert second.headers["X-Cache-Status"] == "HIT"
    assert body == same
    assert second.headers["ETag"] == first.headers["ETag"]
    for answer in (first, second):
        for name in answer.headers:
            assert not name.lower().startswith(("x-request-id", "x-ratelimit")), name


def test_what_varies_is_stored_apart(cached):
    url = f"{cached}/v1/recipe?os=ubuntu&gpu=h200"
    json_answer, _ = ask(url)
    yaml_answer, body = ask(url, Accept="application/yaml")
    assert json_answer.headers["Content-Type"].startswith("application/json")
    assert yaml_answer.headers["Content-Type"].startswith("application/yaml")
    assert body.startswith(b"---\n")


def test_an_error_is_not_stored(cached):
    for _ in range(2):
        with pytest.raises(urllib.error.HTTPError) as raised:
            ask(f"{cached}/v1/recipe?gup=h100")
        assert raised.value.code == 400
        assert raised.value.headers["X-Cache-Status"] != "HIT"
