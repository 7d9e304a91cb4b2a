"""A million client addresses, each seen once, through a proxy that is trusted."""

import threading
import time

from support import Server, hold

ADDRESSES, CLIENTS, BATCH = 1_000_000, 4, 100


def run():
    with Server(TRUSTED_PROXIES="127.0.0.0/8", LOG_LEVEL="error") as server:
        for _ in range(20):
            server.client().timed("/v1/recipe?gpu=h100")
        before = server.resident()
        refused = []

        def ask(client, share):
            for start in range(0, len(share), BATCH):
                heads = [
                    "HEAD /v1/recipe?gpu=h100 HTTP/1.1\r\nHost: t\r\n"
                    f"X-Forwarded-For: {n >> 24 & 255}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}\r\n\r\n"
                    for n in share[start : start + BATCH]
                ]
                client.socket.sendall("".join(heads).encode())
                left, tail = len(heads), b""
                while left:
                    got = tail + client.socket.recv(1 << 18)
                    left -= got.count(b"\r\n\r\n")
                    refused.extend([None] * got.count(b"HTTP/1.1 429"))
                    # A mark that is cut in two counts with its second half.
                    cut = max(got.rfind(b"\r\n\r\n") + 4, got.rfind(b"HTTP/1.1 429") + 12, 0)
                    tail = got[cut:][-11:] if left else b""

        first = 11 << 24
        started = time.monotonic()
        threads = [
            threading.Thread(
                target=ask,
                args=(server.client(), range(first + part, first + ADDRESSES, CLIENTS)),
            )
            for part in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        memory = []
        while any(thread.is_alive() for thread in threads):
            memory.append(server.resident())
            time.sleep(0.2)
        took = time.monotonic() - started
        growth = max(memory) - before
        hold(f"the limiter stays within 16 MiB, not {growth:.1f}", growth < 16)
        hold("strangers do not pay for each other", len(refused) < ADDRESSES / 1000)
    return [
        ("addresses, requests a second", f"{ADDRESSES:,}, {ADDRESSES / took:,.0f}"),
        ("refused", f"{len(refused):,}"),
        ("resident memory before, at most", f"{before:.1f}, {max(memory):.1f} MiB"),
        ("memory growth", f"{growth:.1f} MiB"),
    ]
