"""10,000 idle and trickling connections, and someone who only wants an answer."""

import itertools
import multiprocessing
import resource
import selectors
import socket
import time

from support import Server, hold, percentile, spread

CROWD = 10_000
SECONDS = 25
WHOLE = b"GET /v1/recipe?gpu=h100 HTTP/1.1\r\nHost: t\r\n\r\n"
HEAD = WHOLE[:-2] + b"X: " + b"x" * 10_000


def crowd(address, ready, gone, let_go):
    """Keeps all connections up, opening those anew that the server closes; counts
    those among them that had an answer first."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    selector = selectors.EpollSelector()
    sent, known, joined = {}, set(), itertools.count()

    def join():
        connection = socket.create_connection(address, 30)
        # Every second one says nothing at all; every fourth asks for something first.
        number = next(joined)
        sent[connection] = 0 if number % 2 else None
        if number % 4 == 3:
            connection.sendall(WHOLE)
            known.add(connection)
        connection.setblocking(False)
        selector.register(connection, selectors.EVENT_READ)

    def is_open(connection):
        try:
            return bool(connection.recv(1 << 16))
        except BlockingIOError:
            return True
        except OSError:
            return False

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
                connection = key.fileobj
                if connection in known and is_open(connection):
                    continue
                let_go.value += connection in known
                known.discard(connection)
                selector.unregister(connection)
                del sent[connection]
                connection.close()
                join()


def run():
    with Server(RATE_LIMIT=0) as server:
        client = server.client()
        path = "/v1/recipe?gpu=h100&service=eks"
        alone = [client.timed(path) for _ in range(2000)]
        before = server.resident()
        ready, gone = multiprocessing.Event(), multiprocessing.Event()
        let_go = multiprocessing.Value("i", 0)
        process = multiprocessing.Process(target=crowd, args=(server.address, ready, gone, let_go))
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
        hold("who trickles after an answer is let go too", let_go.value >= CROWD / 4)
        hold("nothing panics", panics == 0)
    return [
        ("someone else's requests before, p50 / p99 / worst", spread(alone)),
        ("the same among 10,000 connections", spread(among)),
        ("resident memory before, at most", f"{before:.0f}, {peak:.0f} MiB"),
        ("memory a connection", f"{(peak - before) * 1024 / CROWD:.1f} KiB"),
        ("let go after an answer and half a head", f"{let_go.value:,}"),
        ("CPU of one core", f"{cpu:.0%}"),
    ]
