"""Load on a server from the other core, and what it cost the server."""

import json
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from programs import WORK
from servers import Server

CORE = "1"
CONNECTIONS = 64

# One script for all requests. A path that ends in `*` gets a number that no
# request before had, so that its answer is in no cache.
SCRIPT = """
local path, body, from
function init(arguments)
  path, from = arguments[1], tonumber(arguments[2])
  wrk.method = arguments[3]
  local file = arguments[4] ~= "" and io.open(arguments[4], "rb")
  if file then wrk.body = file:read("*a") end
  for i = 5, #arguments do
    local name, value = arguments[i]:match("([^:]+): (.*)")
    wrk.headers[name] = value
  end
  if path:sub(-1) ~= "*" then
    local whole = wrk.format(nil, path)
    request = function() return whole end
  else
    local start = path:sub(1, -2)
    request = function()
      from = from + 1
      return wrk.format(nil, start .. from)
    end
  end
end
function done(summary, latency)
  local bad = summary.errors
  io.write(string.format("counted %d %d %d %d", summary.requests, summary.duration,
    bad.status, bad.connect + bad.read + bad.write + bad.timeout))
end
"""


@dataclass(frozen=True)
class Ask:
    """A request, many times over."""

    path: str
    method: str = "GET"
    body: Path | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cost:
    """What load led to: answers a second, and CPU of the server for each."""

    rate: float
    cpu_us: float


unused = 0


def full(server: Server, ask: Ask, seconds: float) -> Cost:
    """As many requests as one core answers."""
    global unused
    script = WORK / "load.lua"
    script.write_text(SCRIPT)
    command = ["taskset", "-c", CORE, "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s"]
    command += ["-s", script, f"http://127.0.0.1:{server.port}/", "--", ask.path, str(unused)]
    command += [ask.method, ask.body or ""]
    command += [f"{name}: {value}" for name, value in ask.headers.items()]
    before = server.cpu_seconds()
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    spent = server.cpu_seconds() - before
    counted = re.search(r"counted (\d+) (\d+) (\d+) (\d+)", said)
    requests, microseconds, status, broken = map(int, counted.groups())
    if status or broken or not requests:
        raise SystemExit(f"{server.name}: {ask}: {status} wrong answers, {broken} broken")
    unused += requests + CONNECTIONS
    return Cost(requests / microseconds * 1e6, spent / requests * 1e6)


def steady(
    server: Server, program: Path, path: str, rate: int, seconds: int, method: str = "GET"
) -> dict[str, int]:
    """Latencies in microseconds at a fixed rate, from when each was due."""
    address = f"127.0.0.1:{server.port}"
    command = ["taskset", "-c", CORE, program, address, method, path, str(rate), str(seconds)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(said)


def full_head(server: Server, program: Path, path: str, seconds: int) -> Cost:
    """As `full`, for HEAD: wrk would wait for the body that the head announces."""
    before = server.cpu_seconds()
    answered = steady(server, program, path, 0, seconds, "HEAD")["count"]
    spent = server.cpu_seconds() - before
    return Cost(answered / seconds, spent / answered * 1e6)
