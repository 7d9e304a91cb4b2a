"""One client that asks ten times as often as it may, for a minute."""

import threading
import time

from support import Server, hold, spread

RATE, BURST, SECONDS = 100, 200, 60
BATCH = b"GET /v1/recipe?gpu=h100 HTTP/1.1\r\nHost: t\r\n\r\n" * 100


def run():
    with Server(RATE_LIMIT=RATE, RATE_BURST=BURST) as server:
        flooding = server.client()
        counts = {200: 0, 429: 0}

        def flood():
            started = time.monotonic()
            for tick in range(SECONDS * 10):
                time.sleep(max(0.0, started + tick / 10 - time.monotonic()))
                flooding.socket.sendall(BATCH)
                for _ in range(100):
                    status, headers, _ = flooding.read()
                    counts[status] += 1
                    told = status == 200 or 1 <= int(headers["retry-after"]) <= 10
                    hold("a refusal says when to come back", told)

        thread = threading.Thread(target=flood)
        started = time.monotonic()
        thread.start()
        # Another client, by its address; below its own limit.
        other, waits, memory = server.client("127.0.0.2"), [], []
        while thread.is_alive():
            waits.append(other.timed("/v1/recipe?gpu=h100"))
            memory.append(server.resident())
            time.sleep(0.05)
        took = time.monotonic() - started
        refused = server.metric("eidos_rate_limit_rejects_total")
        hold("all are answered", sum(counts.values()) == SECONDS * 1000)
        allowed = RATE * took + BURST
        hold(f"{allowed:.0f} are allowed, not {counts[200]}", counts[200] < allowed + RATE)
        hold("refusals are counted", refused == counts[429])
        # The first seconds fill caches and the allocator's pools.
        settled = memory[len(memory) // 6 :]
        growth = max(settled) - settled[0]
        hold(f"memory is flat, not {growth:.1f} MiB more", growth < 2)
    return [
        ("answered, refused", f"{counts[200]:,}, {counts[429]:,}"),
        ("another client's requests, p50 / p99 / worst", spread(waits)),
        ("resident memory at most", f"{max(memory):.1f} MiB"),
        ("memory growth after the first 10 s", f"{growth:.2f} MiB"),
    ]
