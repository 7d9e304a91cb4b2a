"""Rule bases of any size: the shipped base and vocabulary, generated overlays.

Overlay `n` asks for one of 280 environments and one patch release of Kubernetes
1.30, so that a query matches as many overlays among 10 as among 100,000.
"""

import shutil
import sys
from itertools import product
from pathlib import Path

SHIPPED = Path(__file__).resolve().parent.parent / "recipes"
SERVICES = ["eks", "gke", "aks", "oke", "self-managed"]
GPUS = ["gb200", "b200", "h200", "h100", "a100", "l40s", "l40"]
INTENTS = ["training", "inference"]
SYSTEMS = ["ubuntu", "rhel", "cos", "amazonlinux"]
ENVIRONMENTS = [
    f"os: {os}, service: {service}, gpu: {gpu}, intent: {intent}"
    for os, intent, gpu, service in product(SYSTEMS, INTENTS, GPUS, SERVICES)
]


def overlay(number: int) -> str:
    """One overlay: its key, and one value that it sets."""
    patch, environment = divmod(number, len(ENVIRONMENTS))
    return (
        f"  - name: generated-{number}\n"
        f'    key: {{{ENVIRONMENTS[environment]}, k8s: ">=1.30.{patch} <1.30.{patch + 1}"}}\n'
        f"    source: [E]\n"
        f"    types:\n"
        f"      - type: K8s\n"
        f"        subtypes:\n"
        f"          - subtype: generated\n"
        f"            data: {{number: {number}}}\n"
    )


def write(count: int, folder: Path) -> None:
    """A folder that `RECIPE_DATA_PATH` can name."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ["base", "advisories", "rules"]:
        shutil.copy(SHIPPED / f"{name}.yaml", folder)
    overlays = "".join(overlay(number) for number in range(count))
    (folder / "overlays.yaml").write_text(f"---\noverlays:\n{overlays}")


if __name__ == "__main__":
    write(int(sys.argv[1]), Path(sys.argv[2]))
