"""Each shell block of docs/ runs, and each link leads somewhere."""

import os
import pathlib
import re

import pytest
from k8s_support import (
    ROOT,
    Cluster,
    eidos_program,
    need,
    run,
    run_step,
    serving,
    snapshot,
)

PAGES = [
    ROOT / "docs" / "operations.md",
    *sorted((ROOT / "docs" / "integration").glob("*.md")),
    *sorted((ROOT / "docs" / "user-guide").glob("*.md")),
]
NAMES = {
    "integration/api-reference.md",
    "integration/automation.md",
    "integration/data-flow.md",
    "integration/kubernetes-deployment.md",
    "user-guide/agent-deployment.md",
    "user-guide/cli-reference.md",
}
BLOCK = re.compile(r"(<!-- not run: .+ -->\n)?```bash\n(.*?)```", re.DOTALL)


def blocks():
    """Place, text and whether it is run, of each shell block."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for match in BLOCK.finditer(text):
            line = text.count("\n", 0, match.start(2)) + 1
            yield f"{page.name}:{line}", match.group(2), match.group(1) is None


BLOCKS = list(blocks())


def test_every_page_that_users_link_to_is_there():
    assert {str(page.relative_to(ROOT / "docs")) for page in PAGES} >= NAMES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize(
    "text", [one[1] for one in BLOCKS], ids=[one[0] for one in BLOCKS]
)
def test_shellcheck_is_content_with_a_block(text):
    # cd without a guard is what people type.
    run(need("shellcheck"), "--shell", "bash", "--exclude", "SC2164", "-", input=text)


@pytest.fixture(scope="module", name="url")
def _url():
    with serving() as url:
        yield url


# A block that reads a cluster is run by test_integrations_terraform, which has one.
RUN = [one for one in BLOCKS if one[2] and "cm://" not in one[1]]


@pytest.mark.parametrize("text", [one[1] for one in RUN], ids=[one[0] for one in RUN])
def test_a_block_runs(request, tmp_path, text):
    cluster = Cluster(tmp_path / "edge", {"default": snapshot()})
    programs = []
    commands = re.findall(r"^eidos (\w+)", text, re.MULTILINE)
    if commands:
        programs.append(eidos_program(*commands))
    if "eidos-agent -o" in text:
        agent = os.environ.get("EIDOS_AGENT_BIN")
        if not agent:
            pytest.skip("EIDOS_AGENT_BIN is unset: no agent to run the block with")
        programs.append(str(pathlib.Path(agent).resolve()))
    folder = tmp_path / "work"
    folder.mkdir()
    for name in ("k8s", "deployments", "integrations"):
        (folder / name).symlink_to(ROOT / name)
    for name in ("baseline.yaml", "snapshot.yaml"):
        (folder / name).write_text(snapshot())
    environment = {**cluster.environment(*programs), "EIDOS_API_KEY": "key"}
    if "127.0.0.1:8080" in text:
        text = text.replace("http://127.0.0.1:8080", request.getfixturevalue("url"))
    done = run_step(text, folder, environment)
    assert done.returncode == 0, done.stdout + done.stderr
    if "If-None-Match" in text:
        assert done.stdout == "304\n"
