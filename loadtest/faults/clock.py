"""The wall clock jumps by years while the service runs (libfaketime)."""

import glob
import pathlib
import tempfile
import time

from support import ROOT, Server, hold

YEAR = 365 * 86400
# A library cannot be put before a static program, as the released one is.
DYNAMIC = ROOT / "target/debug/eidos-api-server"


def run():
    libraries = glob.glob("/usr/lib/*/faketime/libfaketime.so.1")
    hold("libfaketime is installed (Debian: faketime)", libraries)
    with tempfile.TemporaryDirectory() as folder:
        clock = pathlib.Path(folder, "clock")
        clock.write_text("+0")
        extra = {
            "LD_PRELOAD": libraries[0],
            "FAKETIME_TIMESTAMP_FILE": str(clock),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        with Server(extra=extra, binary=DYNAMIC, RATE_LIMIT=2, RATE_BURST=4) as server:
            return jump(server, clock)


def jump(server, clock):
    client = server.client()
    path = "/v1/recipe?gpu=h100"

    def ask(offset):
        status, headers, _ = client.get(path)
        reset = int(headers["x-ratelimit-reset"]) - (time.time() + offset)
        hold(f"the budget is full again within 3 s by the jumped clock, not {reset:.1f}", -1.5 < reset < 3.5)
        return status

    while ask(0) == 200:
        pass
    seen = []
    for years in (1, -1, 5, 0):
        offset = years * YEAR
        clock.write_text(f"{offset:+d}")
        hold("a jump refills no budget", ask(offset) == 429)
        # Real time does: two requests a second.
        time.sleep(1.1)
        hold("a jump holds no budget back", ask(offset) == 200)
        while ask(offset) == 200:
            pass
        seen.append(f"{years:+d} a")
        hold("durations stay durations", all(
            0 <= line["duration_ms"] < 60_000 for line in server.log if "duration_ms" in line
        ))
    time.sleep(0.3)
    year = int(server.log[-1]["time"][:4])
    hold("the log is dated by the clock there is", abs(year - time.gmtime().tm_year) <= 1)
    return [
        ("jumps", ", ".join(seen)),
        ("budgets refilled or lost by a jump", "0"),
        ("log lines with a wrong duration", "0"),
    ]
