"""The two protocols: what the paper prints, and what the authors' released code does.

A protocol only fills in keys that a configuration leaves out; each stays a key of its own, and the resolved
configuration of a run (``results/<experiment>/config.json``) spells all of them out.
"""

from typing import Any

PROTOCOLS: dict[str, dict[str, dict[str, Any]]] = {
    # The printed settings: 224 pixels, official test splits, every image once, warm-up, frozen text tower.
    "paper": {},
    # Log parity with the released code; docs/protocols.md lists the differences.
    "released_code": {
        "reading": {"bottleneck": 168, "splits": "released", "drop": 0.01, "capped": True},
        "training": {"trainable": "all", "warmup_ratio": 0.0, "drop_last_batches": 1, "averaging_length": "planned"},
        "evaluation": {"batch_size": 512, "drop_last_batches": 2},
    },
}


def with_protocol_defaults(values: dict[str, Any]) -> dict[str, Any]:
    """Return ``values`` with what their protocol decides filled in; an unknown one is left to the model to refuse."""
    preset = PROTOCOLS.get(str(values.get("protocol", "paper")), {})
    filled = dict(values)
    for section, defaults in preset.items():
        given = values.get(section, {})
        if isinstance(given, dict):
            filled[section] = {**defaults, **given}
    return filled
