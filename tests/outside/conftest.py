"""Starts the real server for tests that use it as its users do."""

import json
import os
import pathlib
import queue
import signal
import subprocess
import threading
import time

import pytest
import requests

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("EIDOS_SERVER_BIN", ROOT / "target/release/eidos-api-server"))
PATIENCE = 20


class Server:
    """A server process of a test's own, on a port of its own."""

    def __init__(self, **settings):
        environment = {"HOST": "127.0.0.1", "PORT": "0", "PATH": os.environ["PATH"]}
        environment.update({name: str(value) for name, value in settings.items()})
        self.started = time.monotonic()
        self.process = subprocess.Popen([BINARY], env=environment, stdout=subprocess.PIPE, text=True)
        self.lines = queue.Queue()
        threading.Thread(target=self._follow, daemon=True).start()
        self.address = self.event("serving")["address"]
        scheme = "https" if "TLS_CERT" in settings else "http"
        self.url = f"{scheme}://{self.address}"
        self.port = int(self.address.rsplit(":", 1)[1])

    def _follow(self):
        for line in self.process.stdout:
            self.lines.put(json.loads(line))

    def event(self, name):
        """The next line of the log with this event."""
        deadline = time.monotonic() + PATIENCE
        while True:
            line = self.lines.get(timeout=max(0.0, deadline - time.monotonic()))
            if line["event"] == name:
                return line

    def get(self, path, **options):
        return requests.get(self.url + path, timeout=PATIENCE, **options)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)


@pytest.fixture
def start():
    """Starts servers and ends them with the test."""
    servers = []

    def one(**settings):
        servers.append(Server(**settings))
        return servers[-1]

    yield one
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server():
    """One server for all tests that only ask."""
    running = Server(RATE_LIMIT=0)
    yield running
    running.stop()


@pytest.fixture
def shared():
    """The folder beside the project with guide and facts."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("no ../shared beside the project")
    return folder
