"""The load test: every request on both servers, round by round, and the report.

One server at a time has a core of its own; the load comes from another. Rounds
are interleaved and medians compared, so that a noisy machine treats both alike.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import load
import report
import rule_base
import servers
import snapshot
from load import Ask
from programs import WORK, build

QUERY = "os=ubuntu&osv=24.04&service=eks&k8s=1.33.5&gpu=h100&intent=training"
RECIPE = f"/v1/recipe?{QUERY}"
# Below any rule base that is generated, and in no cache.
COLD = Ask("/v1/recipe?os=ubuntu&service=eks&k8s=1.30.0&gpu=gb200&intent=training&osv=24.*")
RATES = [1000, 5000, 20000]
# What the HTTP library by itself is asked too, and the file that it gives.
FLOOR = {"hit": "hit.json", "304": "hit.json", "HEAD": "hit.json", "gzip hit": "hit.json.gz"}
OVERLAYS = [10, 1_000, 10_000, 100_000]


def requests(eidos: servers.Server) -> dict[str, tuple[Ask, Ask]]:
    """What is asked of both, by row of the report; writes nginx' files."""
    files = WORK / "files"
    files.mkdir(parents=True, exist_ok=True)

    def fetch(ask: Ask, name: str) -> dict[str, str]:
        """Saves an answer for nginx to serve; its headers."""
        url = f"http://127.0.0.1:{eidos.port}{ask.path}"
        command = ["curl", "-fsS", "-X", ask.method, "-o", files / name, "-D", "-", url]
        for header in ask.headers.items():
            command += ["-H", ": ".join(header)]
        if ask.body:
            command += ["--data-binary", f"@{ask.body}"]
        head = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        pairs = (line.split(": ", 1) for line in head.splitlines() if ": " in line)
        return {name.lower(): value for name, value in pairs}

    hit, gzip = Ask(RECIPE), Ask(RECIPE, headers={"Accept-Encoding": "gzip"})
    tag = fetch(hit, "hit.json")["etag"]
    fetch(gzip, "hit.json.gz")
    snapshot.write(WORK)
    rows = {
        "hit": (hit, Ask("/hit.json")),
        "gzip hit": (gzip, Ask("/hit.json", headers=gzip.headers)),
        "304": (Ask(RECIPE, headers={"If-None-Match": tag}), Ask("/hit.json")),
        "HEAD": (Ask(RECIPE, "HEAD"), Ask("/hit.json", "HEAD")),
        "cold query": (COLD, Ask("/cold.json")),
        "bundle": (Ask(f"/v1/bundle?{QUERY}"), Ask("/bundle.zip")),
    }
    for kind in ["JSON", "YAML"]:
        kept = kind.lower()
        posted = Ask("/v1/recipe", "POST", WORK / f"snapshot.{kept}")
        posted.headers["Content-Type"] = f"application/{kept}"
        fetch(posted, f"posted-{kept}.json")
        rows[f"snapshot as {kind}"] = (posted, Ask(f"/posted-{kept}.json"))
    fetch(Ask(COLD.path.replace("*", "0")), "cold.json")
    fetch(rows["bundle"][0], "bundle.zip")
    return rows


def unchanged(nginx: servers.Server) -> dict[str, str]:
    """What makes nginx answer 304: the tag of its file."""
    url = f"http://127.0.0.1:{nginx.port}/hit.json"
    head = subprocess.run(["curl", "-fsSI", url], check=True, capture_output=True, text=True)
    return {"If-None-Match": re.search(r"ETag: (\S+)", head.stdout)[1]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    programs = build("pace", "bare")
    figures = report.Figures(options.rounds, options.seconds)
    started = []

    def running(server: servers.Server) -> servers.Server:
        started.append(server)
        return server

    try:
        eidos = running(servers.eidos(18081))
        figures.start(eidos.ready_ms, eidos.resident_mib())
        rows = requests(eidos)
        nginx = running(servers.nginx(18082, WORK / "files"))
        rows["304"][1].headers.update(unchanged(nginx))
        pairs = [("", eidos, nginx)]
        bare = {
            file: running(servers.bare(port, programs["bare"], WORK / "files" / file))
            for port, file in enumerate(sorted(set(FLOOR.values())), 18085)
        }
        logged = running(servers.eidos(18083, log=WORK / "eidos.log"))
        other = running(servers.nginx(18084, WORK / "files", log=WORK / "nginx.log"))
        pairs.append((", both with a log", logged, other))
        bases = {}
        for count in OVERLAYS:
            folder = WORK / f"rules-{count}"
            rule_base.write(count, folder)
            bases[count] = running(servers.eidos(18090 + len(bases), rules=folder))
        for number in range(options.rounds):
            # Each goes first every second time.
            turn = -1 if number % 2 else 1
            one_round(figures, options.seconds, programs, rows, pairs, bare, bases, turn)
        figures.loaded(eidos.resident_mib())
    finally:
        for server in started:
            server.stop()
    failed = report.write(figures)
    return 1 if failed else 0


def cost(server: servers.Server, ask: Ask, programs: dict[str, Path], seconds: int) -> load.Cost:
    """Of one request, with as many as the server answers."""
    if ask.method == "HEAD":
        return load.full_head(server, programs["pace"], ask.path, seconds)
    return load.full(server, ask, seconds)


def one_round(figures, seconds, programs, rows, pairs, bare, bases, turn) -> None:
    """Everything once; `turn` is the order in which servers are asked."""
    for suffix, *both in pairs:
        for name, asks in rows.items():
            if suffix and name not in {"hit", "gzip hit", "304", "HEAD"}:
                continue
            asked = list(zip(both, asks))
            if not suffix and name in FLOOR:
                asked.append((bare[FLOOR[name]], asks[0]))
            for server, ask in asked[::turn]:
                taken = cost(server, ask, programs, seconds)
                figures.cost(name + suffix, server.name, taken)
                print(f"{name}{suffix}, {server.name}: {taken.rate:,.0f}/s", file=sys.stderr)
    _, *both = pairs[0]
    for rate in RATES:
        for server, ask in list(zip(both, rows["hit"]))[::turn]:
            taken = load.steady(server, programs["pace"], ask.path, rate, seconds)
            figures.latency(rate, server.name, taken)
    for count, server in bases.items():
        figures.base(count, server, load.full(server, COLD, seconds))


if __name__ == "__main__":
    sys.exit(main())
