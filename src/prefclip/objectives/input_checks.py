"""Shapes, kinds and ranges of what an objective is called with.

Only what costs nothing is checked at each step. Looking at values on a GPU would make the host wait for it, so logits
are never looked at (a NaN passes through to the total) and labels only on the CPU.
"""

import torch
from torch import Tensor

from prefclip.errors import PrefclipError

_LABEL_TYPES = (torch.int64, torch.int32, torch.int16, torch.uint8)


class ObjectiveInputError(PrefclipError, ValueError):
    """Logits or labels of a wrong kind, shape or range, or missing where the objective needs them."""


def check_logits(policy_attacked: Tensor, **others: Tensor | None) -> None:
    """`policy_attacked` must be floating-point logits (B, K), B >= 1 and K >= 2; the others None or of the same shape.

    Raises `ObjectiveInputError` that names the argument.
    """
    for name, logits in {"policy_attacked": policy_attacked, **others}.items():
        if logits is None:
            continue
        if not (isinstance(logits, Tensor) and logits.is_floating_point()):
            raise ObjectiveInputError(f"{name} must be a tensor of floating-point logits, got {_kind(logits)}")
        if logits.ndim != 2 or logits.shape[0] < 1 or logits.shape[1] < 2:
            raise ObjectiveInputError(
                f"{name} must have shape (B, K) with at least 1 image and 2 classes, got {tuple(logits.shape)}"
            )
        if logits.shape != policy_attacked.shape:
            raise ObjectiveInputError(
                f"{name} must have the shape of policy_attacked, {tuple(policy_attacked.shape)}, "
                f"got {tuple(logits.shape)}"
            )


def check_labels(images: int, classes: int, **labels: Tensor) -> None:
    """Each must be an integer tensor of shape (images,), with values in 0..classes-1.

    Raises `ObjectiveInputError` that names the argument. Values are checked for labels on the CPU only; on a GPU the
    gather that reads the logits stops the program itself on a label out of range.
    """
    for name, label in labels.items():
        if not (isinstance(label, Tensor) and label.dtype in _LABEL_TYPES):
            raise ObjectiveInputError(f"{name} must be a tensor of integer class indices, got {_kind(label)}")
        if label.shape != (images,):
            raise ObjectiveInputError(
                f"{name} must have shape ({images},), one label for each image, got {tuple(label.shape)}"
            )
        if label.device.type != "cpu" or torch.compiler.is_compiling():
            continue
        lowest, highest = int(label.min()), int(label.max())
        if lowest < 0 or highest >= classes:
            raise ObjectiveInputError(
                f"{name} must be class indices from 0 to {classes - 1}, as the logits have {classes} columns, "
                f"got {lowest if lowest < 0 else highest}"
            )


def _kind(value: object) -> str:
    return f"a tensor of {value.dtype}" if isinstance(value, Tensor) else type(value).__name__
