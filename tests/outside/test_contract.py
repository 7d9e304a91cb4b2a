"""The API description: valid, and kept by the server under fuzzing."""

import os
import pathlib
import subprocess
import sys

import pytest
import yaml
from openapi_spec_validator import validate

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_description_is_valid(server):
    document = server.get("/openapi.json").json()
    validate(document)
    assert yaml.safe_load((ROOT / "openapi/eidos.v1.yaml").read_text()) == document


BUNDLE = "/v1/bundle"


@pytest.mark.parametrize(
    "flags",
    [
        [f"--exclude-path={BUNDLE}"],
        # Which values can be set, and which recipes have what a bundle needs, no
        # schema can say: there a well-formed request may be refused.
        [f"--include-path={BUNDLE}", "--exclude-checks=positive_data_acceptance"],
    ],
    ids=["all", "bundle"],
)
def test_no_fuzzed_request_breaks_the_description(server, flags):
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"),
        "run",
        f"{server.url}/openapi.json",
        "--checks=all",
        *flags,
        "--max-examples=40",
        "--workers=1",
        "--seed=1",
        "--no-color",
    ]
    hooks = pathlib.Path(__file__).parent
    environment = {
        **os.environ,
        "PYTHONPATH": str(hooks),
        "SCHEMATHESIS_HOOKS": "schemathesis_hooks",
    }
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=900, cwd="/tmp", env=environment
    )
    assert done.returncode == 0, done.stdout[-6000:]
