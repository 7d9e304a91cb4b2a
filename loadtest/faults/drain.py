"""SIGTERM under full load, ten times: nothing that was read goes unanswered."""

import threading
import time

from support import Server, hold

ROUNDS, CLIENTS, DELAY = 10, 8, 1.0


def ask(server, number, answered, lost):
    count = 0
    while True:
        try:
            client = server.client()
        except OSError:
            return
        last = None
        while True:
            count += 1
            name = f"{number}-{count}"
            try:
                path = f"/v1/recipe?gpu=h100&k8s=1.{count % 50}"
                status, headers, _ = client.get(path, X_Request_Id=name)
            except OSError:
                # Who says nothing for the whole drain is not told to go. What is
                # sent on a new connection may come too late to be read.
                if last and time.monotonic() - last < DELAY:
                    lost.append(name)
                break
            if (status, headers["x-request-id"]) != (200, name):
                lost.append(name)
            answered.add(name)
            last = time.monotonic()
            if headers.get("connection") == "close":
                break


def run():
    total, late, took = 0, 0, []
    for _ in range(ROUNDS):
        with Server(RATE_LIMIT=0, DRAIN_DELAY=f"{DELAY * 1000:.0f}ms") as server:
            answered, lost = set(), []
            threads = [
                threading.Thread(target=ask, args=(server, number, answered, lost))
                for number in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            time.sleep(0.5)
            started = time.monotonic()
            hold("it ends with 0", server.terminate() == 0)
            took.append(time.monotonic() - started)
            for thread in threads:
                thread.join()
            # Not the question whether the server is ready, which is asked before.
            asked = [line for line in server.log if line.get("path") == "/v1/recipe"]
            logged = {line["request_id"] for line in asked}
            at = next(line["time"] for line in server.log if line["event"] == "draining")
            late += sum(line["time"] > at for line in asked)
            hold("whatever is logged was answered", logged <= answered)
            hold("whatever was answered is logged", answered <= logged)
            hold("no kept connection dies silently", not lost)
            total += len(answered)
    return [
        ("requests answered, of them after SIGTERM", f"{total:,}, {late:,}"),
        ("read and not answered, answered and not logged", "0, 0"),
        ("SIGTERM to the end, worst (drain delay 1 s)", f"{max(took):.2f} s"),
    ]
