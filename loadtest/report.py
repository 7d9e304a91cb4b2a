"""What a load test found: medians and spread, as Markdown, held to the budget."""

import os
import platform
import subprocess
from collections import defaultdict
from statistics import median, quantiles

import budget
import chart
from load import Cost
from programs import ROOT
from servers import Server

HERE = ROOT / "loadtest"


class Figures:
    """Everything measured, round by round."""

    def __init__(self, rounds: int, seconds: int) -> None:
        self.rounds, self.seconds = rounds, seconds
        self.costs: dict[str, dict[str, list[Cost]]] = defaultdict(lambda: defaultdict(list))
        self.latencies: dict[int, dict[str, list[dict]]] = defaultdict(lambda: defaultdict(list))
        self.bases: dict[int, dict] = {}
        self.ready_ms: list[float] = []
        self.idle_mib: list[float] = []
        self.loaded_mib: list[float] = []

    def start(self, ready_ms: float, idle_mib: float) -> None:
        self.ready_ms.append(ready_ms)
        self.idle_mib.append(idle_mib)

    def loaded(self, mib: float) -> None:
        self.loaded_mib.append(mib)

    def cost(self, name: str, server: str, cost: Cost) -> None:
        self.costs[name][server.removesuffix("-log")].append(cost)

    def latency(self, rate: int, server: str, taken: dict) -> None:
        self.latencies[rate][server].append(taken)

    def base(self, overlays: int, server: Server, cost: Cost) -> None:
        kept = self.bases.setdefault(overlays, {"ready": server.ready_ms, "costs": []})
        kept["costs"].append(cost)
        kept["mib"] = server.resident_mib()

    def ratios(self, name: str, figure: str, who: str = "eidos") -> list[float]:
        """A server's to nginx' in each round."""
        both = zip(self.costs[name][who], self.costs[name]["nginx"])
        return [getattr(ours, figure) / getattr(theirs, figure) for ours, theirs in both]

    def budgeted(self) -> dict[str, dict[str, list[float]]]:
        """What the budget is about, round by round."""
        figures = {
            name: {"rate": self.ratios(name, "rate"), "cpu": self.ratios(name, "cpu_us")}
            for name in self.costs
        }
        # Memory that is not there is not there on average: the worst round counts.
        figures["memory"] = {"idle": [max(self.idle_mib)], "loaded": [max(self.loaded_mib)]}
        figures["start"] = {"ready-ms": self.ready_ms}
        large, small = (self.bases[count]["costs"] for count in (100_000, 10))
        growth = [more.cpu_us / less.cpu_us for more, less in zip(large, small)]
        figures["100,000 overlays"] = {"growth": growth}
        return figures


def _spread(values: list[float], form: str = ",.0f") -> str:
    """The median, and between what the middle half of the rounds lies."""
    cuts = quantiles(values, method="inclusive") if len(values) > 1 else values * 3
    low, middle, high = (format(cut, form) for cut in cuts)
    return middle if low == high else f"{middle} ({low} to {high})"


def _costs(figures: Figures) -> list[str]:
    lines = [
        "| request | eidos req/s | nginx req/s | rate, eidos to nginx "
        "| eidos CPU s/10k | nginx CPU s/10k | CPU, eidos to nginx |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, servers in figures.costs.items():
        cells = [name]
        cells += [_spread([cost.rate for cost in servers[who]]) for who in ("eidos", "nginx")]
        cells.append(_spread(figures.ratios(name, "rate"), ".2f"))
        cells += [
            _spread([cost.cpu_us / 100 for cost in servers[who]], ".3f")
            for who in ("eidos", "nginx")
        ]
        cells.append(_spread(figures.ratios(name, "cpu_us"), ".2f"))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _floor(figures: Figures) -> list[str]:
    lines = ["| request | CPU s/10k | CPU to nginx | rate to nginx |", "|---|---|---|---|"]
    for name, servers in figures.costs.items():
        if "bare" in servers:
            cpu = _spread([cost.cpu_us / 100 for cost in servers["bare"]], ".3f")
            ratios = [_spread(figures.ratios(name, figure, "bare"), ".2f") for figure in ("cpu_us", "rate")]
            lines.append(f"| {name} | {cpu} | {' | '.join(ratios)} |")
    return lines


def _verdict(figures: Figures, row: budget.Row) -> str:
    """A row of the budget; where it is not met, what the library takes of it."""
    name, _, kind = row.name.partition(": ")
    name, _, _ = name.partition(",")
    floor = {"cpu": "cpu_us", "rate": "rate"}.get(kind)
    if row.met or not floor or "bare" not in figures.costs[name]:
        return f"- {row}"
    return f"- {row}; actix-http alone, the same head: {median(figures.ratios(name, floor, 'bare')):.2f}"


def _latencies(figures: Figures) -> list[str]:
    lines = ["| req/s | server | p50 µs | p99 µs | p99.9 µs |", "|---|---|---|---|---|"]
    for rate, servers in figures.latencies.items():
        for server, rounds in servers.items():
            shares = [_spread([taken[share] for taken in rounds]) for share in ("p50", "p99", "p99.9")]
            lines.append(f"| {rate:,} | {server} | {' | '.join(shares)} |")
    return lines


def _bases(figures: Figures) -> list[str]:
    lines = [
        "| overlays | ready ms | cold req/s | cold CPU s/10k | resident MiB |",
        "|---|---|---|---|---|",
    ]
    for count, base in figures.bases.items():
        rate = _spread([cost.rate for cost in base["costs"]])
        cpu = _spread([cost.cpu_us / 100 for cost in base["costs"]], ".3f")
        lines.append(f"| {count:,} | {base['ready']:,.0f} | {rate} | {cpu} | {base['mib']:.0f} |")
    return lines


def _machine() -> str:
    model = next(
        (line.split(": ", 1)[1] for line in open("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    said = subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr
    load = os.getloadavg()[2]
    return (
        f"{model.strip()}, {os.cpu_count()} cores, Linux {platform.release()}, "
        f"{said.split()[-1]}, load average of the last 15 minutes {load:.1f}"
    )


def write(figures: Figures) -> list[budget.Row]:
    """The report and its picture; the rows of the budget that are missed."""
    rows = budget.measured(figures.budgeted())
    template = (HERE / "report-template.md").read_text()
    parts = {
        "machine": _machine(),
        "rounds": figures.rounds,
        "seconds": figures.seconds,
        "costs": "\n".join(_costs(figures)),
        "floor": "\n".join(_floor(figures)),
        "latencies": "\n".join(_latencies(figures)),
        "bases": "\n".join(_bases(figures)),
        "memory": f"{_spread(figures.idle_mib, '.1f')} MiB idle, "
        f"{_spread(figures.loaded_mib, '.1f')} MiB after a round; "
        f"ready {_spread(figures.ready_ms)} ms after the start",
        "budget": "\n".join(_verdict(figures, row) for row in rows),
    }
    (HERE / "REPORT.md").write_text(template.format(**parts))
    (HERE / "report.svg").write_text(chart.draw({
        name: (median(figures.ratios(name, "rate")), median(figures.ratios(name, "cpu_us")))
        for name in figures.costs
    }))
    for row in rows:
        print(row)
    return [row for row in rows if row.missed]
