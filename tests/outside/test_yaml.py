"""YAML that linters and other parsers agree on."""

import json
import pathlib
import subprocess
import sys

import jsonschema
import pytest
import requests
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]


def lint(*paths):
    command = [sys.executable, "-m", "yamllint", "--strict", *paths]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "os=ubuntu&gpu=h100&service=eks&intent=training&context=true&explain=true",
        "os=rhel&gpu=a100&service=aks&context=true",
        "k8s=v1.33.5%2Bk3s1&gpu=gb200&osv=24.04",
    ],
)
def test_recipes_are_clean_and_equal_to_json(server, tmp_path, query):
    text = server.get(f"/v1/recipe?{query}", headers={"Accept": "application/yaml"}).text
    path = tmp_path / "recipe.yaml"
    path.write_text(text)
    done = lint(path)
    assert done.returncode == 0, done.stdout
    assert yaml.safe_load(text) == server.get(f"/v1/recipe?{query}").json()


@pytest.mark.parametrize("path", ["/v1/rules?format=yaml", "/openapi.yaml"])
def test_listings_are_clean(server, tmp_path, path):
    file = tmp_path / "listing.yaml"
    file.write_text(server.get(path).text)
    done = lint(file)
    assert done.returncode == 0, done.stdout


def test_committed_files_are_clean():
    done = lint(ROOT / "recipes", ROOT / "openapi")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["h100", "gb200"])
def test_real_snapshots_are_understood(server, shared, name):
    body = (shared / "snapshots" / f"{name}.yaml").read_bytes()
    answer = requests.post(
        f"{server.url}/v1/recipe?intent=training",
        data=body,
        headers={"Content-Type": "application/yaml"},
        timeout=20,
    )
    assert answer.json()["request"]["gpu"] == name
    assert server.get(answer.headers["Content-Location"]).content == answer.content


def test_every_rule_file_fits_the_schema_it_names():
    for path in sorted((ROOT / "recipes").rglob("*.yaml")):
        text = path.read_text()
        prefix, reference = text.splitlines()[0].split("$schema=")
        assert prefix == "# yaml-language-server: ", path
        schema = json.loads((path.parent / reference).read_text())
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(yaml.safe_load(text))


def test_the_schema_refuses_a_slip():
    schema = json.loads((ROOT / "recipes/rules.schema.json").read_text())
    for slip in ({"advisores": []}, {"overlays": [{"kee": {}}]}, {"coverage": [{"level": "good"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(schema).validate(slip)
