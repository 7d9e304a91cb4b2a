"""`budget.toml`: what figures are held to, and whether they keep to it."""

import math
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from statistics import median

FILE = Path(__file__).resolve().parent / "budget.toml"


@dataclass(frozen=True)
class Row:
    """One figure and its limit."""

    name: str
    figure: float
    limit: float
    most: bool = True
    # Where the figure would lie 95 times out of 100, had all of them been measured.
    between: tuple[float, float] | None = None

    @property
    def met(self) -> bool:
        return self.figure <= self.limit if self.most else self.figure >= self.limit

    @property
    def missed(self) -> bool:
        """Not met, and by more than the rounds of one load test differ by chance."""
        low, high = self.between or (self.figure, self.figure)
        return low > self.limit if self.most else high < self.limit

    def __str__(self) -> str:
        bound = "at most" if self.most else "at least"
        said = f"{self.name}: {_number(self.figure)}"
        if self.between:
            said += " between {} and {}".format(*map(_number, self.between))
        verdict = "met" if self.met else "NOT MET" if self.missed else "at the limit"
        return f"{said} ({bound} {_number(self.limit)}): {verdict}"


def _number(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 1000 else f"{figure:.4g}"


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


def sure(values: list[float]) -> tuple[float, float]:
    """Between what the median lies with 95 %, whatever the values' distribution: each
    is on either side of it like a coin."""
    values, count = sorted(values), len(values)
    outside, skip = 0.0, 0
    while skip < count // 2 and outside + 2 * math.comb(count, skip) / 2**count <= 0.05:
        outside += 2 * math.comb(count, skip) / 2**count
        skip += 1
    first = max(skip - 1, 0)
    return values[first], values[count - 1 - first]


def measured(figures: dict[str, dict[str, list[float]]]) -> list[Row]:
    """Figures of a load test against the budget, row by row as it is written."""
    rows = []
    for name, limits in read()["measured"].items():
        for what, limit in limits.items():
            kind, most = what.removesuffix("-most").removesuffix("-least"), what.endswith("-most")
            values = figures[name][kind]
            between = sure(values) if len(values) > 1 else None
            rows.append(Row(f"{name}: {kind}", median(values), limit, most, between))
    return rows
