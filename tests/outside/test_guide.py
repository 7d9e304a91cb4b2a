"""The commands that users' pipelines run, word for word."""

import os
import pathlib
import re
import subprocess

import pytest
import trustme
import yaml

HOST = "cns.dgxc.io"


@pytest.fixture
def home(start, tmp_path):
    """A home in which curl reaches the server under its public name."""
    authority = trustme.CA()
    pair = authority.issue_cert(HOST)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    pair.private_key_pem.write_to_path(tmp_path / "key.pem")
    pair.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    server = start(TLS_CERT=tmp_path / "cert.pem", TLS_KEY=tmp_path / "key.pem")
    (tmp_path / ".curlrc").write_text(
        f'connect-to = "{HOST}:443:127.0.0.1:{server.port}"\ncacert = "{tmp_path}/ca.pem"\n'
    )
    return tmp_path


def shell(script, home, **environment):
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=home,
        env={"HOME": str(home), "PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def blocks(guide, language):
    return re.findall(rf"```{language}\n(.*?)```", guide, re.S)


def test_the_circleci_job_runs_as_extracted(home, shared):
    guide = (shared / "GUIDE.md").read_text()
    [text] = [block for block in blocks(guide, "yaml") if block.startswith("# CircleCI")]
    jobs = yaml.safe_load(text)["jobs"]
    bash_env = home / "bash_env"
    for job in ("generate_recipe", "extract_versions"):
        commands = [step["run"]["command"] for step in jobs[job]["steps"] if "run" in step]
        assert commands
        for command in commands:
            done = shell(command, home, BASH_ENV=str(bash_env))
            assert done.returncode == 0, done.stderr
    assert bash_env.read_text() == "export GPU_OP_VERSION=v25.3.0\n"


def test_the_curl_lines_of_the_guide_run(home, shared):
    guide = (shared / "GUIDE.md").read_text()
    [text] = [block for block in blocks(guide, "bash") if block.startswith("# Verbose curl")]
    commands = [
        command.strip()
        for command in text.replace("\\\n", " ").splitlines()
        if command.strip().startswith("curl")
    ]
    assert len(commands) == 3
    outputs = [shell(command, home) for command in commands]
    assert all(done.returncode == 0 for done in outputs)
    assert "< HTTP/1.1 200 OK" in outputs[0].stderr
    assert re.search(r"\nTime: 0[.,]\d+s\n$", outputs[1].stdout)
    head = outputs[2].stdout.lower()
    assert head.startswith("http/1.1 200 ok") and "etag:" in head and "content-length:" in head


def test_an_error_fails_the_pipelines_gate(home):
    script = f'curl -s "https://{HOST}/v1/recipe?gpu=h10" | jq -e ".measurements | length > 0"'
    assert shell(script, home).returncode == 1


def test_the_readmes_example_prints_what_it_says(server):
    readme = (pathlib.Path(__file__).resolve().parents[2] / "README.md").read_text()
    [example] = [block for block in blocks(readme, "console") if "curl" in block]
    command, expected = example.rsplit("\n", 2)[0], example.rsplit("\n", 2)[1]
    command = command.removeprefix("$ ").replace("http://127.0.0.1:8080", server.url)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == expected, done.stderr
