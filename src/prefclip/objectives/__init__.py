"""The losses that CLIP is tuned with: DPO, IPO, KTO, CE and CE + KL, each a pure function of logits.

    f = objective("dpo", beta=1.0, regulariser_weight=1.0, label_smoothing=0.0)
    value = f(policy_clean, policy_attacked, reference_clean, reference_attacked, true_label, written_label)
    value.total.backward()

`OBJECTIVES` lists every name with its parameters, defaults and allowed ranges. The per-example forms (`dpo_loss`,
`ipo_loss`, `kto_loss`, `cross_entropy_loss`) and their gradient weights serve those who study single examples.
"""

import importlib

from prefclip.objectives.parameters import Choice, Number, ObjectiveParameterError
from prefclip.objectives.settings import (
    PREFERENCE_OBJECTIVES,
    REFERENCE_POINTS,
    SETTINGS,
    UnknownObjectiveError,
    settings_of,
)

# The losses need torch, which takes seconds to import; configurations are checked without it.
_NEEDS_TORCH = {
    name: module
    for module, names in {
        "composition": ("Objective", "ObjectiveSpec", "ObjectiveValue"),
        "cross_entropy": ("cross_entropy_loss",),
        "dpo": ("dpo_loss",),
        "gradient_weights": ("kto_per_example_weights", "per_example_weight"),
        "input_checks": ("ObjectiveInputError",),
        "ipo": ("ipo_loss",),
        "kl": ("kl_divergence", "kl_regulariser"),
        "kto": ("kto_loss", "mismatched_log_ratio"),
        "log_policy": ("at_label", "log_probabilities"),
        "registry": ("OBJECTIVES", "objective"),
    }.items()
    for name in names
}

__all__ = [
    "PREFERENCE_OBJECTIVES",
    "REFERENCE_POINTS",
    "SETTINGS",
    "Choice",
    "Number",
    "ObjectiveParameterError",
    "UnknownObjectiveError",
    "settings_of",
    *_NEEDS_TORCH,
]


def __getattr__(name: str) -> object:
    if name not in _NEEDS_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_NEEDS_TORCH[name]}"), name)
