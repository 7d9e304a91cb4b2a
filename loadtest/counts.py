"""Instructions on the hot path, counted by callgrind, against `budget.toml`.

Repeatable where times are not: the same source and compiler give the same
counts to a fraction of a percent on a busy machine. `--update` writes what was
counted as the new budget.
"""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import budget
import rule_base

# Scenario of hot_path.rs, how often, on how many generated overlays.
SCENARIOS = {
    "hit": ("hit", 2000, None),
    "hit-with-log": ("log", 2000, None),
    "unchanged": ("unchanged", 2000, None),
    "gzip-hit": ("gzip", 2000, None),
    "head": ("head", 2000, None),
    "query-parsed": ("query", 2000, None),
    "cold-10-overlays": ("cold", 200, 10),
    "cold-100000-overlays": ("cold", 200, 100_000),
}


def build() -> Path:
    """The program under `hot_path.rs`, as releases are built."""
    command = ["cargo", "bench", "--locked", "--no-run", "--bench", "hot_path"]
    command += ["--no-default-features", "--features", "server"]
    said = subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True).stderr
    return Path(re.search(r"Executable .*\((.+)\)", said)[1])


def count(program: Path, name: str) -> int:
    """Instructions of one request in a scenario."""
    scenario, times, overlays = SCENARIOS[name]
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += ["--toggle-collect=*hot_path*measured*", program, scenario, str(times)]
    if overlays:
        folder = Path(f"target/loadtest/rules-{overlays}")
        rule_base.write(overlays, folder)
        command.append(folder)
    said = subprocess.run(command, check=True, stderr=subprocess.PIPE, text=True).stderr
    return int(re.search(r"Collected : (\d+)", said)[1]) // times


def main() -> int:
    program = build()
    with ThreadPoolExecutor(max_workers=2) as pool:
        counted = dict(zip(SCENARIOS, pool.map(lambda name: count(program, name), SCENARIOS)))
    if "--update" in sys.argv:
        budget.store_instructions(counted)
    failures = 0
    for row in budget.instructions(counted):
        print(row)
        failures += not row.met
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
