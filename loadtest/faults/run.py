"""Everything that takes too long for the tests: `make faults`.

Each scenario starts a server of its own on loopback, says what it measured, and
fails where something does not hold that the service promises. The report is
written beside this file.
"""

import importlib
import os
import pathlib
import platform
import sys
import time

from support import Failed

SCENARIOS = ["drain", "crowd", "flood", "spoofed", "descriptors", "clock"]
REPORT = pathlib.Path(__file__).with_name("REPORT.md")


def main():
    chosen = sys.argv[1:] or SCENARIOS
    parts, failed = [], []
    for name in chosen:
        scenario = importlib.import_module(name)
        title = " ".join(scenario.__doc__.split())
        print(f"{name}: {title}", flush=True)
        started = time.monotonic()
        try:
            rows = scenario.run()
        except Failed as error:
            failed.append(name)
            rows = [("does not hold", str(error))]
        rows.append(("took", f"{time.monotonic() - started:.0f} s"))
        for what, value in rows:
            print(f"    {what}: {value}", flush=True)
        table = "".join(f"| {what} | {value} |\n" for what, value in rows)
        parts.append(f"## {name}\n\n{title}\n\n| measured | |\n|---|---|\n{table}")
    if chosen == SCENARIOS:
        machine = f"{os.cpu_count()} cores, Linux {platform.release()}, {time.strftime('%Y-%m')}"
        head = (
            "# Faults\n\nWritten by `make faults`; the quick ones are in `tests/server`.\n"
            f"Machine: {machine}.\n\n"
        )
        REPORT.write_text(head + "\n".join(parts))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
