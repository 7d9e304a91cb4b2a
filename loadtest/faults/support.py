"""A server of a scenario's own, a client that sends bytes as they are, and what
the kernel says about both."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ.get("EIDOS_SERVER_BIN", ROOT / "target/release/eidos-api-server")
PATIENCE = 30
TICKS = os.sysconf("SC_CLK_TCK")


class Failed(Exception):
    """Something that was promised does not hold."""


def hold(what, holds):
    """Says what is promised, and stops where it does not hold."""
    if not holds:
        raise Failed(what)


class Server:
    """A server process on a port of its own; ended with the scenario."""

    def __init__(self, limit=None, extra=None, binary=BINARY, **settings):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = free.getsockname()
        host, port = self.address
        environment = {"HOST": host, "PORT": str(port), "WORKERS": "2", **(extra or {})}
        environment.update({name: str(value) for name, value in settings.items()})
        command = [str(binary)]
        if limit:
            command = ["/bin/sh", "-c", f'ulimit {limit} && exec "$0"', *command]
        self.process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        self.log = []
        self.follower = threading.Thread(target=self._follow, daemon=True)
        self.follower.start()
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            hold("the server starts", time.monotonic() < deadline)
            time.sleep(0.01)

    def _follow(self):
        for text in self.process.stdout:
            self.log.append(json.loads(text))

    def _answers(self):
        try:
            return self.client().get("/ready")[0] == 200
        except OSError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """Ends it as Kubernetes does; the whole log is there afterwards."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE)
        self.follower.join(PATIENCE)
        return code

    def resident(self):
        """Resident memory in MiB."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def cpu(self):
        """Seconds of CPU so far."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def client(self, source=None):
        return Client(self.address, source)

    def metric(self, series):
        """The value of one series."""
        _, _, body = self.client().get("/metrics")
        for line in body.decode().splitlines():
            name, _, value = line.rpartition(" ")
            if name == series:
                return float(value)
        raise Failed(f"{series} is a metric")


class Client:
    """One connection that is kept."""

    def __init__(self, address, source=None):
        bound = (source, 0) if source else None
        self.socket = socket.create_connection(address, PATIENCE, bound)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def _until(self, length_of):
        while (length := length_of()) is None or len(self.buffer) < length:
            more = self.socket.recv(1 << 16)
            if not more:
                raise ConnectionError("closed")
            self.buffer += more
        taken, self.buffer = self.buffer[:length], self.buffer[length:]
        return taken

    def read(self, head_only=False):
        """Status, headers in lower case and body of the next answer."""

        def end_of_head():
            at = self.buffer.find(b"\r\n\r\n")
            return at + 4 if at >= 0 else None

        head = self._until(end_of_head)
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        length = 0 if head_only else int(headers.get("content-length", 0))
        return int(first.split()[1]), headers, self._until(lambda: length)

    def get(self, path, **headers):
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: t\r\n{lines}\r\n".encode())
        return self.read()

    def timed(self, path):
        """How long a good answer takes, in milliseconds."""
        started = time.monotonic()
        status, _, _ = self.get(path)
        hold(f"{path} is answered with 200, not {status}", status == 200)
        return (time.monotonic() - started) * 1000


def percentile(values, share):
    """The value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(values):
    """Median, 99th percentile and the worst, in words."""
    middle, high, worst = percentile(values, 0.5), percentile(values, 0.99), max(values)
    return f"{middle:.2f} / {high:.2f} / {worst:.2f} ms"
