"""The load test: every request on both servers, round by round, and the report.

One server at a time has a core of its own; the load comes from another. Rounds
are interleaved and medians compared, so that a noisy machine treats both alike.
"""

import argparse
import re
import subprocess
import sys
from contextlib import ExitStack
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
FIRST_PORT = 18081
# What the HTTP library by itself is asked too, and the file that it gives.
FLOOR = {"hit": "hit.json", "304": "hit.json", "HEAD": "hit.json", "gzip hit": "hit.json.gz"}
OVERLAYS = [10, 1_000, 10_000, 100_000]


def requests(
    eidos: servers.Server,
) -> tuple[dict[str, tuple[Ask, Ask]], dict[str, dict[str, str]]]:
    """What is asked of both, by row of the report; and the headers of those answers
    that the HTTP library gives too, by file. Writes nginx' files."""
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
    heads = {"hit.json": fetch(hit, "hit.json"), "hit.json.gz": fetch(gzip, "hit.json.gz")}
    tag = heads["hit.json"]["etag"]
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
    return rows, heads


def unchanged(nginx: servers.Server) -> dict[str, str]:
    """What makes nginx answer 304: the tag of its file."""
    url = f"http://127.0.0.1:{nginx.port}/hit.json"
    head = subprocess.run(["curl", "-fsSI", url], check=True, capture_output=True, text=True)
    return {"If-None-Match": re.search(r"ETag: (\S+)", head.stdout)[1]}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=1)
    options = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    programs = build("pace", "bare")
    figures = report.Figures(options.rounds, options.seconds)
    with ExitStack() as started:
        rows, heads = requests(running(started, servers.eidos(FIRST_PORT)))
    with ExitStack() as started:
        bases = {}
        for port, count in enumerate(OVERLAYS, FIRST_PORT + 10):
            folder = WORK / f"rules-{count}"
            rule_base.write(count, folder)
            bases[count] = running(started, servers.eidos(port, rules=folder))
        for number in range(options.rounds):
            # Each goes first every second time.
            turn = -1 if number % 2 else 1
            one_round(figures, options.seconds, programs, rows, heads, turn)
            for count, server in bases.items():
                figures.base(count, server, load.full(server, COLD, options.seconds))
    return 1 if report.write(figures) else 0


def running(started: ExitStack, server: servers.Server) -> servers.Server:
    """A server that stops with the others."""
    started.callback(server.stop)
    return server


def cost(server: servers.Server, ask: Ask, programs: dict[str, Path], seconds: int) -> load.Cost:
    """Of one request, with as many as the server answers."""
    if ask.method == "HEAD":
        return load.full_head(server, programs["pace"], ask.path, seconds)
    return load.full(server, ask, seconds)


def one_round(figures, seconds, programs, rows, heads, turn) -> None:
    """Everything once, on servers that start now: where its memory happens to lie
    decides up to a fifth of what a process can do, for as long as it runs. `turn` is
    the order in which they are asked."""
    with ExitStack() as started:
        eidos = running(started, servers.eidos(FIRST_PORT))
        figures.start(eidos.ready_ms, eidos.resident_mib())
        nginx = running(started, servers.nginx(FIRST_PORT + 1, WORK / "files"))
        rows["304"][1].headers.update(unchanged(nginx))
        log = running(started, servers.eidos(FIRST_PORT + 2, log=WORK / "eidos.log"))
        other = running(
            started, servers.nginx(FIRST_PORT + 3, WORK / "files", log=WORK / "nginx.log")
        )
        bare = {
            file: running(
                started, servers.bare(port, programs["bare"], WORK / "files" / file, head)
            )
            for port, (file, head) in enumerate(heads.items(), FIRST_PORT + 4)
        }
        for suffix, *both in [("", eidos, nginx), (", both with a log", log, other)]:
            for name, asks in rows.items():
                if suffix and name not in FLOOR:
                    continue
                asked = list(zip(both, asks))
                if not suffix and name in FLOOR:
                    asked.append((bare[FLOOR[name]], asks[0]))
                for server, ask in asked[::turn]:
                    taken = cost(server, ask, programs, seconds)
                    figures.cost(name + suffix, server.name, taken)
                    print(f"{name}{suffix}, {server.name}: {taken.rate:,.0f}/s", file=sys.stderr)
        for rate in RATES:
            for server, ask in list(zip([eidos, nginx], rows["hit"]))[::turn]:
                taken = load.steady(server, programs["pace"], ask.path, rate, seconds)
                figures.latency(rate, server.name, taken)
        figures.loaded(eidos.resident_mib())


if __name__ == "__main__":
    sys.exit(main())
