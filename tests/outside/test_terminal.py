"""The command line on a terminal, and where there is none."""

import os
import pty
import subprocess
import termios

import pytest
from k8s_support import eidos_program

RED = "\x1b[31m"


def on_a_terminal(*command, columns=80, **environment):
    """What a person sees of a command, both outputs together."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs,
        env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment},
    )
    os.close(theirs)
    seen = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:  # Linux ends a terminal without writers so.
            break
        if not part:
            break
        seen += part
    os.close(ours)
    process.wait(20)
    return seen.decode()


@pytest.fixture(name="diff")
def _diff(tmp_path):
    """Two snapshots that differ, and how they are compared."""
    text = (
        "kind: Snapshot\napiVersion: snapshot.dgxc.io/v1\nmeasurements:\n  - type: GPU\n"
        "    subtypes:\n      - subtype: smi\n        data:\n          driver: '{}'\n"
    )
    for name in ("1", "2"):
        (tmp_path / name).write_text(text.format(name))
    return [eidos_program("diff"), "diff", str(tmp_path / "1"), str(tmp_path / "2")]


def test_people_see_colours_unless_they_refuse(diff):
    assert RED in on_a_terminal(*diff)
    assert "\x1b" not in on_a_terminal(*diff, NO_COLOR="1")
    # Set and empty is not set: https://no-color.org
    assert RED in on_a_terminal(*diff, NO_COLOR="")


def test_a_mistake_is_coloured_for_people_only():
    program = eidos_program("diff")
    assert "\x1b" in on_a_terminal(program, "recipe", "--gup", "h100")
    assert "\x1b" not in on_a_terminal(program, "recipe", "--gup", "h100", NO_COLOR="1")
    done = subprocess.run([program, "recipe", "--gup", "h100"], capture_output=True, check=False)
    assert done.returncode == 2
    assert b"\x1b" not in done.stderr


def test_a_pipe_carries_the_result_alone(diff):
    done = subprocess.run(diff, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_help_is_as_wide_as_the_terminal(columns):
    help_text = on_a_terminal(eidos_program("bundle"), "bundle", "--help", columns=columns, NO_COLOR="1")
    longest = max(len(line.rstrip()) for line in help_text.splitlines())
    assert columns - 25 < longest <= columns
