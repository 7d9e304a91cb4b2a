"""The images hold what they should, and run as the manifests run them.

The stages are built from programs that cargo has built, static ones:
$EIDOS_SERVER_BIN, $EIDOS_AGENT_BIN and $EIDOS_BIN, or $EIDOS_IMAGE_PARTS, a folder
with an out/ as the build stage leaves it. No base image is pulled, so the CLI's
image, which has one, is read and not built.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest
import yaml
from k8s_support import (
    AGENT,
    ROOT,
    SERVER,
    answers,
    documents,
    free_port,
    kustomize,
    need,
    only,
    pod_spec,
    run,
    until,
)

CERTIFICATES = pathlib.Path("/etc/ssl/certs/ca-certificates.crt")
STORE = "eidos-test-images"


def stages():
    """Name and instructions of each stage."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    found = {}
    for line in text.splitlines():
        if match := re.match(r"FROM (\S+) AS (\S+)", line):
            _base, name = match.groups()
            found[name] = [line]
        elif line and not line.startswith("#") and found:
            found[name].append(line)
    return found


@pytest.mark.parametrize("name", ["server", "agent", "watch"])
def test_a_service_is_from_scratch_and_nobody(name):
    stage = stages()[name]
    assert stage[0] == f"FROM scratch AS {name}"
    assert "USER 65532:65532" in stage
    assert any(line.startswith("ENTRYPOINT [") for line in stage)
    assert any("sbom.cdx.json" in line for line in stage)
    assert not any(line.startswith("RUN") for line in stage)


def test_the_cli_is_an_image_that_gitlab_can_start():
    stage = stages()["cli"]
    assert "scratch" not in stage[0]
    assert not any(line.startswith("ENTRYPOINT") for line in stage)
    assert "USER 65532:65532" in stage
    assert "COPY --from=build-cli /out/eidos /usr/local/bin/eidos" in stage


def test_the_build_is_locked_and_static():
    build = " ".join(stages()["build"])
    assert "+crt-static" in build
    for line in re.findall(r"cargo (?:build|install)[^;]*", build):
        assert "--locked" in line


def test_parts_lists_are_made_by_the_release_that_is_tested():
    dockerfile, makefile = ((ROOT / name).read_text() for name in ("Dockerfile", "Makefile"))
    (release,) = re.findall(r"CYCLONEDX_VERSION := (\S+)", makefile)
    assert f"cargo-cyclonedx@{release}\n" in dockerfile


def test_the_build_context_holds_what_the_sources_include():
    kept = [
        line.removeprefix("!").rstrip("/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    ]
    for source in (ROOT / "src").rglob("*.rs"):
        for name in re.findall(r'include_str!\("([^"]+)"\)', source.read_text()):
            path = (source.parent / name).resolve().relative_to(ROOT)
            assert any(path.match(one) or path.is_relative_to(one) for one in kept), path


PROGRAMS = {
    "eidos-api-server": "EIDOS_SERVER_BIN",
    "eidos-agent": "EIDOS_AGENT_BIN",
    "eidos": "EIDOS_BIN",
}
# Each stage from scratch: its program, and the stage that builds it.
FROM_SCRATCH = {
    "server": ("eidos-api-server", "build-server"),
    "agent": ("eidos-agent", "build-agent"),
    "watch": ("eidos", "build-cli"),
}


def built():
    """Program, feature and profile of each `RUN program` in the Dockerfile."""
    text = (ROOT / "Dockerfile").read_text()
    return [line.split() for line in re.findall(r"^RUN program (.+)$", text, re.MULTILINE)]


@pytest.fixture(scope="module", name="boms")
def _boms(tmp_path_factory):
    """The parts list of each program, by the Dockerfile's own command."""
    need("cargo-cyclonedx")
    folder = tmp_path_factory.mktemp("boms")
    for name in ("Cargo.toml", "Cargo.lock", "src", "tests"):
        (folder / name).symlink_to(ROOT / name)
    (command,) = re.findall(r"'(cargo cyclonedx .+)'", (ROOT / "Dockerfile").read_text())
    target = re.search(r"host: (\S+)", run("rustc", "-vV").stdout).group(1)
    beside = pathlib.Path(need("cargo-cyclonedx")).parent
    environment = {
        **os.environ,
        "PATH": f"{beside}{os.pathsep}{os.environ['PATH']}",
        "target": target,
    }
    for program in built():
        run("sh", "-euc", command, "program", *program, cwd=folder, env=environment)
    return folder


def test_a_parts_list_is_what_the_program_is_built_from(boms):
    locked = re.findall(
        r'name = "(.+)"\nversion = "(.+)"', (ROOT / "Cargo.lock").read_text()
    )
    held = {}
    for program, _feature, _profile in built():
        bom = json.loads((boms / f"{program}.cdx.json").read_text())
        assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.5")
        assert bom["metadata"]["component"]["name"] == "eidos"
        listed = {(one["name"], one["version"]) for one in bom["components"]}
        assert listed <= set(locked)
        held[program] = {name for name, _ in listed}
        assert all(one.get("licenses") for one in bom["components"])
        assert "proptest" not in held[program]
    assert "actix-web" in held["eidos-api-server"]
    assert "kube" in held["eidos"]
    assert not held["eidos-agent"] & {"tokio", "actix-web", "kube", "clap"}


def parts(folder, boms):
    """A folder as the build stage's /out, as far as this machine has it."""
    given = os.environ.get("EIDOS_IMAGE_PARTS")
    if given:
        return pathlib.Path(given)
    out = folder / "out"
    out.mkdir()
    for name, variable in PROGRAMS.items():
        program = os.environ.get(variable)
        if not program or "INTERP" in run(need("readelf"), "-l", program).stdout:
            pytest.skip(f"{variable} names no static {name}: see make outside")
        shutil.copy(program, out / name)
        shutil.copy(boms / f"{name}.cdx.json", out)
    for file in (ROOT / "LICENSE", ROOT / "NOTICE", CERTIFICATES):
        shutil.copy(file, out)
    return folder


@pytest.fixture(scope="module", name="image")
def _image(tmp_path_factory, boms):
    """Builds a target; gives the image's name."""
    need("buildah"), need("podman"), need("runc")
    folder = parts(tmp_path_factory.mktemp("parts"), boms)

    def build(target):
        program, stage = FROM_SCRATCH[target]
        if not (folder / "out" / program).exists():
            pytest.skip(f"{folder}/out has no {program}")
        name = f"localhost/{STORE}-{target}:test"
        run(
            "buildah",
            "bud",
            "--isolation",
            "chroot",
            "--timestamp",
            "0",
            "--target",
            target,
            "--build-context",
            f"{stage}={folder}",
            "-t",
            name,
            ROOT,
        )
        return name

    yield build


def podman(name, pod, *arguments, volumes=()):
    """A command that runs an image as its manifest's container would."""
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    user = pod["securityContext"]["runAsUser"]
    return [
        "podman",
        "run",
        "--rm",
        "--runtime",
        "runc",
        "--ulimit",
        "nofile=1024:1024",
        "--ulimit",
        "nproc=1024:1024",
        "--network",
        "host",
        "--read-only",
        "--read-only-tmpfs=false",
        "--user",
        f"{user}:{user}",
        "--cap-drop",
        "all",
        "--security-opt",
        "no-new-privileges",
        "--memory",
        container["resources"]["limits"]["memory"].replace("Mi", "m"),
        *(part for one in volumes for part in ("-v", one)),
        *arguments,
        name,
    ]


@contextlib.contextmanager
def running(name, pod, environment):
    """A container's URL, and its process to end."""
    port = free_port()
    given = {**environment, "PORT": str(port), "HOST": "127.0.0.1"}
    options = [
        part for key, value in given.items() for part in ("-e", f"{key}={value}")
    ]
    own = f"{STORE}-{port}"
    process = subprocess.Popen(podman(name, pod, "--name", own, *options))
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/ready"), 30)
        yield f"http://127.0.0.1:{port}", own, process
    finally:
        subprocess.run(["podman", "rm", "-f", own], capture_output=True, check=False)
        process.wait(20)


def test_the_server_runs_as_its_deployment_says_and_ends_in_time(image):
    pod = pod_spec(only(kustomize(SERVER)[0], "Deployment"))
    environment = {one["name"]: one["value"] for one in pod["containers"][0]["env"]}
    with running(image("server"), pod, environment) as (url, own, process):
        assert answers(f"{url}/v1/recipe?os=ubuntu&gpu=h100&service=eks")
        grace = pod["terminationGracePeriodSeconds"]
        run("podman", "stop", "--time", grace, own)
        assert process.wait(20) == 0


def test_the_servers_image_holds_the_program_and_its_papers_only(image, tmp_path):
    name = image("server")
    (config,) = json.loads(run("podman", "image", "inspect", name).stdout)
    assert config["Config"]["User"] == "65532:65532"
    assert config["Labels"]["org.opencontainers.image.title"] == "eidos-api-server"
    archive = tmp_path / "image.tar"
    run("buildah", "push", name, f"docker-archive:{archive}")
    run("tar", "-xf", archive, "-C", tmp_path)
    (layers,) = json.loads((tmp_path / "manifest.json").read_text())
    held = set()
    for layer in layers["Layers"]:
        listed = run("tar", "-tf", tmp_path / layer).stdout
        held |= {line for line in listed.split() if not line.endswith("/")}
    assert held == {"LICENSE", "NOTICE", "sbom.cdx.json", "eidos-api-server"}


def test_the_watchers_image_starts_without_a_shell(image):
    name = image("watch")
    (config,) = json.loads(run("podman", "image", "inspect", name).stdout)
    assert config["Config"]["User"] == "65532:65532"
    options = ["--rm", "--runtime", "runc", "--ulimit", "nofile=1024:1024"]
    options += ["--ulimit", "nproc=1024:1024", "--network", "none", "--read-only"]
    said = run("podman", "run", *options, name, "--help").stdout
    assert "DriftWatch" in said


def test_two_builds_give_one_image(image):
    identity = lambda: run(
        "podman", "image", "inspect", "-f", "{{.Id}}", image("server")
    )
    assert identity().stdout == identity().stdout


def test_the_agent_measures_as_its_job_says(image, tmp_path):
    (job,) = documents(AGENT / "2-job.yaml")
    pod = pod_spec(job)
    command = podman(image("agent"), pod, volumes=["/:/host:ro"])
    written = run(*command, "-o", "-", "--root", "/host").stdout
    snapshot = yaml.safe_load(written)
    assert snapshot["kind"] == "Snapshot"
    assert {one["type"] for one in snapshot["measurements"]} == {
        "GPU",
        "K8s",
        "OS",
        "SystemD",
    }
