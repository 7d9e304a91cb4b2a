"""The Python client keeps, retries and logs as it says."""

import contextlib
import http.server
import importlib.util
import json
import logging
import threading

import pytest
from k8s_support import INTEGRATIONS, serving

pytest.importorskip("cachetools")
pytest.importorskip("requests")
tenacity = pytest.importorskip("tenacity")


@pytest.fixture(name="client")
def _client(monkeypatch):
    spec = importlib.util.spec_from_file_location(
        "eidos_client", INTEGRATIONS / "python/eidos_client.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.slept = []
    monkeypatch.setattr(module.Eidos._fetch.retry, "sleep", module.slept.append)
    return module


@contextlib.contextmanager
def replying(*replies):
    """A server that gives these (status, headers, body) in turn, and its log."""
    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            """Says nothing."""

        def do_GET(self):
            """The next reply, or the last one again."""
            asked.append(self)
            status, headers, body = replies[min(len(asked), len(replies)) - 1]
            content = json.dumps(body).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


RECIPE = {"matchedRules": ["a"], "measurements": [1, 2]}
BUSY = {"code": "SERVICE_UNAVAILABLE", "message": "m", "retryable": True}
WRONG = {"code": "INVALID_REQUEST", "message": "m", "retryable": False}


def test_a_fresh_recipe_is_asked_for_once(client):
    with replying((200, {}, RECIPE)) as (url, asked):
        eidos = client.Eidos(url)
        assert eidos.recipe(os="ubuntu") == eidos.recipe(os="ubuntu") == RECIPE
        eidos.recipe(os="rhel")
    assert len(asked) == 2


def test_a_stale_recipe_is_asked_for_again(client):
    with replying((200, {}, RECIPE)) as (url, asked):
        eidos = client.Eidos(url, ttl=0)
        eidos.recipe(os="ubuntu")
        eidos.recipe(os="ubuntu")
    assert len(asked) == 2


def test_a_busy_server_is_asked_again_when_it_says(client):
    busy = (503, {"Retry-After": "7"}, BUSY)
    with replying(busy, (503, {}, BUSY), (200, {}, RECIPE)) as (url, asked):
        assert client.Eidos(url).recipe(os="ubuntu") == RECIPE
    assert len(asked) == 3
    assert client.slept[0] == 7
    assert 4 <= client.slept[1] <= 10


def test_a_busy_server_is_asked_three_times(client):
    with replying((503, {}, BUSY)) as (url, asked):
        with pytest.raises(client.EidosError, match="SERVICE_UNAVAILABLE: m"):
            client.Eidos(url).recipe(os="ubuntu")
    assert len(asked) == 3


def test_a_wrong_question_is_not_asked_again(client):
    with replying((400, {}, WRONG)) as (url, asked):
        with pytest.raises(client.EidosError) as raised:
            client.Eidos(url).recipe(gup="h100")
    assert raised.value.code == "INVALID_REQUEST"
    assert len(asked) == 1


def test_the_key_goes_with_each_request(client):
    with replying((200, {}, RECIPE)) as (url, asked):
        client.Eidos(url, api_key="k").recipe(os="ubuntu")
    assert asked[0].headers["Authorization"] == "Bearer k"
    assert asked[0].headers["X-Request-Id"]


def test_three_environments_at_once_from_a_real_server(client, caplog, monkeypatch):
    with serving() as url, caplog.at_level(logging.INFO, "eidos"):
        monkeypatch.setenv("EIDOS_URL", url)
        client.main()
    lines = [json.loads(one.message) for one in caplog.records if one.name == "eidos"]
    assert len(lines) == 3
    for line in lines:
        assert line["event"] == "recipe_generated"
        assert line["matched_rules"] > 0
        assert line["measurements"] == 4
