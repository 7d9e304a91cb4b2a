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
import snapshot
from programs import WORK, build

# Scenario of hot_path.rs, how often, on how many generated overlays or with which
# snapshot.
SCENARIOS = {
    "hit": ("hit", 2000, None),
    "hit-with-log": ("log", 2000, None),
    "unchanged": ("unchanged", 2000, None),
    "gzip-hit": ("gzip", 2000, None),
    "head": ("head", 2000, None),
    "query-parsed": ("query", 2000, None),
    "cold-10-overlays": ("cold", 200, 10),
    "cold-100000-overlays": ("cold", 200, 100_000),
    "posted-json": ("post", 20, "snapshot.json"),
    "posted-yaml": ("post", 20, "snapshot.yaml"),
}


def count(program: Path, name: str) -> int:
    """Instructions of one request in a scenario."""
    scenario, times, given = SCENARIOS[name]
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no"]
    command += ["--callgrind-out-file=/dev/null", program, scenario, str(times)]
    if isinstance(given, int):
        folder = WORK / f"rules-{given}"
        rule_base.write(given, folder)
        command.append(folder)
    elif given:
        command.append(WORK / given)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as counted:
        counted.stdout.readline()
        # Everything up to here went uncounted, and so at a tenth of the time.
        control = ["callgrind_control", "--instr=on", str(counted.pid)]
        subprocess.run(control, check=True, capture_output=True)
        _, said = counted.communicate("\n")
    found = re.search(r"Collected : (\d+)", said)
    if counted.returncode or not found:
        raise SystemExit(said)
    return int(found[1]) // times


def main() -> int:
    program = build("hot_path")["hot_path"]
    snapshot.write(WORK)
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
