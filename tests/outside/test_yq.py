"""The guide's checks of snapshots and recipes, with the yq that it means: Go's."""

import os
import re
import sys
from pathlib import Path

import pytest
from k8s_support import TOOLS, eidos_program, from_go, run_step

YQ = "github.com/mikefarah/yq/v4@v4.47.2"


@pytest.fixture(name="printed")
def _printed(shared, tmp_path):
    """Runs the guide's block under a heading; gives what it printed."""
    from_go("yq", package=YQ)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/eidos").symlink_to(eidos_program("recipe"))
    path = [tmp_path / "bin", TOOLS, Path(sys.executable).parent, os.environ["PATH"]]
    environment = {"PATH": os.pathsep.join(map(str, path)), "HOME": str(tmp_path)}
    guide = (shared / "GUIDE.md").read_text()

    def one(heading):
        found = re.search(rf"### {heading}\n\n```bash\n(.*?)```", guide, re.DOTALL)
        made = run_step("eidos snapshot --output snapshot.yaml", tmp_path, environment)
        assert made.returncode == 0, made.stderr
        done = run_step(found.group(1), tmp_path, environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return one


def test_the_guides_checks_of_a_recipe(printed):
    lines = printed("Test Recipe Generation").splitlines()
    assert all(line.startswith("- ") for line in lines[:-1]) and len(lines) > 1
    assert re.fullmatch(r"v[0-9][A-Za-z0-9._-]*", lines[-1])


def test_the_guides_checks_of_a_snapshot(printed):
    assert printed("Validate Snapshots").split() == ["4", "GPU", "K8s", "OS", "SystemD"]
