"""10,000 idle and trickling connections, and someone who only wants an answer."""

import multiprocessing
import resource
import selectors
import socket
import time

from support import Server, hold, percentile, spread

CROWD = 10_000
SECONDS = 25
HEAD = b"GET /v1/recipe?gpu=h100 HTTP/1.1\r\nHost: t\r\nX: " + b"x" * 10_000


def crowd(address, ready, gone):
    """Keeps all connections up, opening those anew that the server closes."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    selector = selectors.EpollSelector()
    sent = {}

    def join():
        connection = socket.create_connection(address, 30)
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ)
        # Every second one says nothing at all.
        sent[connection] = 0 if len(sent) % 2 else None

    for _ in range(CROWD):
        join()
    ready.set()
    while not gone.is_set():
        started = time.monotonic()
        for connection, at in list(sent.items()):
            if at is not None:
                try:
                    connection.send(HEAD[at : at + 1])
                    sent[connection] = at + 1
                except OSError:
                    pass
        while (left := started + 1 - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                selector.unregister(key.fileobj)
                del sent[key.fileobj]
                key.fileobj.close()
                join()


def run():
    with Server(RATE_LIMIT=0) as server:
        client = server.client()
        path = "/v1/recipe?gpu=h100&service=eks"
        alone = [client.timed(path) for _ in range(2000)]
        before = server.resident()
        ready, gone = multiprocessing.Event(), multiprocessing.Event()
        process = multiprocessing.Process(target=crowd, args=(server.address, ready, gone))
        process.start()
        hold("10,000 connections are taken", ready.wait(60))
        among, peak, cpu = [], 0.0, server.cpu()
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            among.append(client.timed(path))
            fresh = server.client()
            among.append(fresh.timed(path))
            fresh.socket.close()
            peak = max(peak, server.resident())
            time.sleep(0.01)
        cpu = (server.cpu() - cpu) / SECONDS
        panics = server.metric("eidos_panic_recoveries_total")
        gone.set()
        process.join()
        hold(f"99% wait under 100 ms, not {spread(among)}", percentile(among, 0.99) < 100)
        hold(f"nobody waits over 1 s, not {spread(among)}", max(among) < 1000)
        hold(f"memory stays within a pod's 256 MiB, not {peak:.0f}", peak < 256)
        hold("nothing panics", panics == 0)
    return [
        ("someone else's requests before, p50 / p99 / worst", spread(alone)),
        ("the same among 10,000 connections", spread(among)),
        ("resident memory before, at most", f"{before:.0f}, {peak:.0f} MiB"),
        ("memory a connection", f"{(peak - before) * 1024 / CROWD:.1f} KiB"),
        ("CPU of one core", f"{cpu:.0%}"),
    ]
