"""The snapshot that is posted: a recorded one, as large as those of busy nodes."""

import json
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
# Of the YAML; the JSON is a little shorter.
BYTES = 80_000


def write(folder: Path) -> None:
    """snapshot.json and snapshot.yaml, filled up with sysctls."""
    recorded = (ROOT / "tests/nodes/h100/recorded.yaml").read_text()
    document = yaml.load(recorded, yaml.BaseLoader)
    system = next(one for one in document["measurements"] if one["type"] == "OS")
    values = next(one for one in system["subtypes"] if one["subtype"] == "sysctl")["data"]
    for number in range((BYTES - len(recorded)) // 35):
        values[f"/proc/sys/net/ipv4/conf/veth{number:04}/rp_filter"] = "1"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "snapshot.json").write_text(json.dumps(document, separators=(",", ":")))
    written = yaml.dump(document, sort_keys=False, width=1000)
    (folder / "snapshot.yaml").write_text(written)
