"""The table of a chart's keys, as src/bundle/charts keeps it.

    python3 tests/outside/chart_keys.py VALUES [CLUSTER_POLICY_CRD]

VALUES is values.yaml of an operator's chart, the other its ClusterPolicy CRD.
One line a key: path, type, `policy` where the CRD has a field of that path and
type, the texts that the CRD allows there, and the default of image fields.
"""

import sys

import yaml

TYPES = {bool: "bool", int: "int", str: "string", list: "list", dict: "map"}
CRD_TYPES = {
    "boolean": "bool",
    "integer": "int",
    "string": "string",
    "array": "list",
    "object": "map",
}
IMAGE_FIELDS = {"repository", "image", "version"}


def closed(value):
    """Whether the names inside a map belong to the chart: those of labels and
    annotations, which hold dots or slashes, do not."""
    return bool(value) and not any("." in name or "/" in name for name in value)


def leaves(values, prefix=()):
    """Path and value of each key that nothing is known below."""
    for name, value in values.items():
        path = (*prefix, name)
        if isinstance(value, dict) and closed(value):
            yield from leaves(value, path)
        else:
            yield path, value


def field(schema, path):
    """The schema of a field, or None."""
    for name in path:
        schema = (schema or {}).get("properties", {}).get(name)
    return schema


def spec_of(crd):
    """The schema of a custom resource's spec."""
    return crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]


def table(values, spec=None):
    """The lines, sorted by path."""
    lines = []
    for path, value in leaves(values):
        kind = TYPES.get(type(value), "string")
        schema = field(spec, path) if spec else None
        line = [".".join(path), kind]
        if schema and CRD_TYPES.get(schema.get("type")) == kind:
            line.append("policy")
            allowed = [one for one in schema.get("enum", []) if one]
            if allowed:
                line.append("|".join(allowed))
        if path[-1] in IMAGE_FIELDS and isinstance(value, str) and value:
            line.append("=" + value)
        lines.append(" ".join(line))
    return sorted(lines)


def main(values, crd=None):
    with open(values, encoding="utf-8") as file:
        values = yaml.safe_load(file)
    spec = None
    if crd:
        with open(crd, encoding="utf-8") as file:
            spec = spec_of(yaml.safe_load(file))
    print("\n".join(table(values, spec)))


if __name__ == "__main__":
    main(*sys.argv[1:])
