"""Rule bases of the size that fleets have, checked in the time that people wait."""

import random
import resource

from k8s_support import eidos_program, run

# What lint may take for 1,000 overlays, in seconds of processor time: a busy
# machine is no reason to fail.
PATIENCE = 2

VALUES = {
    "service": ["eks", "gke", "aks", "oke", "self-managed"],
    "gpu": ["h100", "h200", "b200", "gb200", "a100", "l40", "l40s"],
    "os": ["ubuntu", "rhel", "cos", "amazonlinux"],
    "intent": ["training", "inference"],
    "k8s": [f"1.{minor}" for minor in range(28, 36)]
    + [f">=1.{minor} <1.{minor + 2}" for minor in range(28, 34)],
    "osv": ["22.04", "24.04", "8", "9", "2023"],
    "kernel": ["5.15", "6.8", ">=6.8 <6.12"],
}
SHARE = {"service": 0.8, "gpu": 0.8, "os": 0.6, "intent": 0.4, "k8s": 0.5, "osv": 0.3, "kernel": 0.15}

BASE = """---
base:
  source: [E]
  types:
    - type: K8s
      subtypes:
        - subtype: image
          data: {gpu-operator: v25.3.3}
          context: {gpu-operator: The operator of the base.}
overlays:
"""
OVERLAY = """  - name: overlay-{number}
    key: {{{key}}}
    priority: {number}
    source: [E]
    constraints: {{K8s.server.version: ">=1.2{digit}"}}
    types:
      - type: K8s
        subtypes:
          - subtype: image
            data: {{gpu-operator: v25.3.{digit}, image-{part}: v1.{digit}.0}}
      - type: OS
        subtypes:
          - subtype: grub
            data: {{argument-{part}: "{digit}"}}
"""


def overlays(count):
    """Overlays with different keys over every parameter."""
    chosen, seen = random.Random(1), set()
    while len(seen) < count:
        key = {
            name: chosen.choice(values)
            for name, values in VALUES.items()
            if chosen.random() < SHARE[name]
        }
        text = ", ".join(f'{name}: "{value}"' for name, value in key.items())
        if text and text not in seen:
            number = len(seen)
            seen.add(text)
            yield OVERLAY.format(
                number=number, key=text, digit=number % 5, part=number % 60
            )


def test_a_thousand_overlays_are_linted_in_two_seconds(tmp_path):
    rules = tmp_path / "rules.yaml"
    rules.write_text(BASE + "".join(overlays(1000)))
    program = eidos_program("rules")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = run(program, "rules", "lint", rules, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in (0, 1), done.stderr
    # It did look: layers that restate others are in every such rule base.
    assert "[restated]" in done.stdout + done.stderr
    spent = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
    assert spent < PATIENCE
