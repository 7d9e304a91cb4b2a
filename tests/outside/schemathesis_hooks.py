"""What no schema can say: a snapshot has one reading a path."""

import schemathesis


def paths(node):
    """Every path that the snapshots in a document give a reading."""
    if not isinstance(node, dict):
        return
    for name in ("baseline", "current"):
        yield from ((name, *path) for path in paths(node.get(name)))
    for kind in listed(node, "measurements"):
        for subtype in listed(kind, "subtypes"):
            data = subtype.get("data")
            for key in data if isinstance(data, dict) else ():
                yield str(kind.get("type")), str(subtype.get("subtype")), key


def listed(node, name):
    """The objects of a list."""
    found = node.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


@schemathesis.hook
def filter_body(context, body):
    """Two readings of one path may contradict each other, and are refused then."""
    del context
    found = list(paths(body))
    return len(found) == len(set(found))
