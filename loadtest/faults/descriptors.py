"""No descriptor left: who is there is served, and nothing spins."""

import time

from support import Server, hold, spread

SECONDS = 10


def run():
    with Server(limit="-n 256", RATE_LIMIT=0) as server:
        kept = server.client()
        path = "/v1/recipe?gpu=h100"
        kept.timed(path)
        crowd = [server.client() for _ in range(1000)]
        cpu, waits = server.cpu(), []
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            waits.append(kept.timed(path))
            time.sleep(0.05)
        cpu = (server.cpu() - cpu) / SECONDS
        said = sum("accepting" in line["event"] for line in server.log)
        for connection in crowd:
            connection.socket.close()
        started = time.monotonic()
        server.client().timed(path)
        again = time.monotonic() - started
        hold(f"the accept loop does not spin, not {cpu:.0%}", cpu < 0.2)
        hold(f"a kept connection does not notice, not {spread(waits)}", max(waits) < 1000)
        hold(f"it recovers within 2 s, not {again:.1f}", again < 2)
    return [
        ("a kept connection's requests, p50 / p99 / worst", spread(waits)),
        ("CPU of one core meanwhile", f"{cpu:.1%}"),
        ("lines in the log meanwhile", str(said)),
        ("descriptors free again to the first new answer", f"{again * 1000:.0f} ms"),
    ]
