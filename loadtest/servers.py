"""The servers under test: started on one core, with what they cost so far."""

import os
import subprocess
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from programs import WORK, server

CORE = "0"
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")

# Debian's nginx-light as fast as it gets here: one worker, open files
# remembered, no sendfile for small files, connections kept for good.
NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 4096; multi_accept on; }}
http {{
  types {{ application/json json; application/yaml yaml; application/zip zip; }}
  sendfile off; tcp_nopush off; tcp_nodelay on;
  keepalive_requests 100000000; keepalive_timeout 1h;
  open_file_cache max=1000 inactive=1h; open_file_cache_valid 1h; gzip_static on;
  log_format line escape=json '{{"time":"$time_iso8601","request_id":"$request_id",'
    '"method":"$request_method","path":"$uri","params":"$args","status":$status,'
    '"duration":$request_time,"client":"$remote_addr"}}';
  access_log {log};
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port} backlog=1024; root {root}; }}
}}
"""


@dataclass
class Server:
    """A process with its children, and where it listens."""

    name: str
    process: subprocess.Popen
    port: int
    ready_ms: float

    def pids(self) -> list[int]:
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [self.process.pid, *map(int, children.read_text().split())]

    def cpu_seconds(self) -> float:
        """User and system time of all processes so far."""
        ticks = 0
        for pid in self.pids():
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def resident_mib(self) -> float:
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self.pids())
        return pages * PAGE / (1 << 20)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


def _start(name: str, port: int, path: str, command: list, **more) -> Server:
    started = time.perf_counter()
    process = subprocess.Popen(["taskset", "-c", CORE, *map(str, command)], **more)
    while time.perf_counter() - started < 120:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5):
                took = (time.perf_counter() - started) * 1000
                return Server(name, process, port, took)
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.001)
    process.kill()
    raise SystemExit(f"{name} does not answer on port {port}")


def eidos(port: int, log: Path | None = None, rules: Path | None = None) -> Server:
    """The server with everything on, and a rate limit that nobody reaches."""
    settings = {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "WORKERS": "1",
        "RATE_LIMIT": "1000000000",
        "RATE_BURST": "1000000000",
        "LOG_LEVEL": "info" if log else "warn",
        "DRAIN_DELAY": "0s",
    }
    if rules:
        settings["RECIPE_DATA_PATH"] = str(rules)
    name = "eidos-log" if log else "eidos"
    with open(log or os.devnull, "w") as out:
        return _start(name, port, "/ready", [server()], env=os.environ | settings, stdout=out)


def bare(port: int, program: Path, file: Path, head: dict[str, str]) -> Server:
    """The HTTP library alone, giving one file under one head."""
    # These two it writes by itself.
    head = [": ".join(line) for line in head.items() if line[0] not in {"content-length", "date"}]
    return _start("bare", port, "/", [program, port, file, *head])


def nginx(port: int, root: Path, log: Path | None = None) -> Server:
    """nginx serving the files below `root`."""
    name = "nginx-log" if log else "nginx"
    folder = WORK / name
    folder.mkdir(parents=True, exist_ok=True)
    if log:
        # It adds to one that is there.
        log.unlink(missing_ok=True)
    line = f"{log} line buffer=64k flush=1s" if log else "off"
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, log=line, port=port, root=root))
    return _start(name, port, "/hit.json", ["nginx", "-e", folder / "error.log", "-c", config])
