"""`budget.toml`: what figures are held to, and whether they keep to it."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent / "budget.toml"


@dataclass(frozen=True)
class Row:
    """One figure and its limit."""

    name: str
    figure: float
    limit: float
    most: bool = True

    @property
    def met(self) -> bool:
        return self.figure <= self.limit if self.most else self.figure >= self.limit

    def __str__(self) -> str:
        bound = "at most" if self.most else "at least"
        verdict = "met" if self.met else "NOT MET"
        return f"{self.name}: {self.figure:,.5g} ({bound} {self.limit:,.5g}): {verdict}"


def read() -> dict:
    return tomllib.loads(FILE.read_text())


def instructions(counted: dict[str, int]) -> list[Row]:
    """Counts against the stored ones, and what a large rule base adds."""
    kept = read()["instructions"]
    rows = [
        Row(name, figure, kept["stored"][name] * kept["tolerance"])
        for name, figure in counted.items()
    ]
    growth = counted["cold-100000-overlays"] / counted["cold-10-overlays"]
    return [*rows, Row("cold, 100,000 overlays to 10", growth, kept["growth"])]


def store_instructions(counted: dict[str, int]) -> None:
    """Writes counts as the stored ones."""
    text = FILE.read_text()
    for name, figure in counted.items():
        text = re.sub(rf"(?m)^{name} = .*$", f"{name} = {figure}", text)
    FILE.write_text(text)


def measured(figures: dict[str, dict[str, float]]) -> list[Row]:
    """Medians of a load test against the budget, row by row as it is written."""
    rows = []
    for name, limits in read()["measured"].items():
        for what, limit in limits.items():
            kind, most = what.removesuffix("-most").removesuffix("-least"), what.endswith("-most")
            rows.append(Row(f"{name}: {kind}", figures[name][kind], limit, most))
    return rows
