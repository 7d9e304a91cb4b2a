"""Programs as releases are built, and where: static, as in images. There each has its
own features; here they are built with those of both, the library once."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "target" / "loadtest"


def target() -> str:
    """What this machine's compiler builds for."""
    said = subprocess.run(["rustc", "-vV"], check=True, capture_output=True, text=True).stdout
    return re.search(r"host: (.+)", said)[1]


def server() -> Path:
    """The server, once it is built."""
    return ROOT / "target" / target() / "release" / "eidos-api-server"


def build(*benches: str) -> dict[str, Path]:
    """These benches by name, and with them server and command line: cargo builds a
    package's programs for its benches. The Makefile uses the same flags, so that
    nothing is built twice."""
    command = ["cargo", "bench", "--locked", "--no-run", "--target", target()]
    command += ["--no-default-features", "--features", "server,cli"]
    for bench in benches:
        command += ["--bench", bench]
    static = os.environ | {"RUSTFLAGS": "-C target-feature=+crt-static"}
    said = subprocess.run(command, cwd=ROOT, env=static, stderr=subprocess.PIPE, text=True)
    if said.returncode:
        raise SystemExit(said.stderr)
    found = re.findall(r"Executable loadtest/(\w+)\.rs \((.+)\)", said.stderr)
    return {name: ROOT / program for name, program in found}
