"""How an objective is put together from a preference term and the KL regulariser, and called on a batch.

total = preference term on the attacked images + regulariser_weight * mean KL(ref‖policy) on their clean twins

Only what costs nothing is checked at each step. Looking at values on a GPU would make the host wait for it, so logits
are never looked at (a NaN passes through to the total) and labels only on the CPU.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from prefclip.objectives.base import Loss, ObjectiveInputError, PairBatch, Parameters
from prefclip.policies import at_label, kl_regulariser, log_probabilities

_LABEL_TYPES = (torch.int64, torch.int32, torch.int16, torch.uint8)


class ObjectiveValue(NamedTuple):
    """One batch's loss and what to log of it; all scalars in the precision of the loss.

    `total` is what to minimise. `preference` is the preference term, `regulariser` the mean KL(ref‖policy) on the clean
    half in nats, *not* multiplied by its weight; both still carry gradients. `reward_true` and `reward_written` are the
    batch means of log pi(y|x') - log pi_ref(y|x') at the two labels, in nats and without beta; `margin` is the mean of
    their difference h. These three are detached. What could not be measured, because the reference or the clean half
    was not given, is NaN; it is then no part of `total`.
    """

    total: Tensor
    preference: Tensor
    regulariser: Tensor
    margin: Tensor
    reward_true: Tensor
    reward_written: Tensor


@dataclass(frozen=True)
class Objective:
    """A loss with its parameters fixed; call it on a batch. `objective` builds one and checks the parameters."""

    spec: Loss
    parameters: Parameters

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def regulariser_weight(self) -> float:
        """lambda, the weight of the KL on the clean half."""
        return self.parameters["regulariser_weight"]

    @property
    def needs_clean_images(self) -> bool:
        """Whether `policy_clean` and `reference_clean` must be given; if not, a loop may skip the clean half."""
        return self.regulariser_weight > 0.0 or self.spec.needs_clean(self.parameters)

    @property
    def needs_reference(self) -> bool:
        """Whether any logits of the reference must be given; if not, a loop needs no reference model."""
        return self.spec.needs_reference or self.needs_clean_images

    def __call__(
        self,
        policy_clean: Tensor | None,
        policy_attacked: Tensor,
        reference_clean: Tensor | None,
        reference_attacked: Tensor | None,
        true_label: Tensor,
        written_label: Tensor,
        *,
        process_mean: Callable[[Tensor], Tensor] = lambda scalar: scalar,
    ) -> ObjectiveValue:
        """The loss of one batch of pairs; row i of every argument belongs to the same picture.

        Logits have shape (B, K) with finite values and any floating dtype: float64 stays, everything below is computed
        in float32. Labels have shape (B,) with values in 0..K-1. The reference is a constant: no gradient reaches it.
        Clean and reference logits may be None where `needs_clean_images` and `needs_reference` say so; what is given
        anyway is measured. `process_mean` averages a scalar over processes (an all-reduce). A distributed KTO alone
        needs it, as its reference point enters non-linearly; for all the rest the mean of equal shards' means will do.
        Raises `ObjectiveInputError`, naming the argument, for a missing argument, a wrong shape or kind, or (labels on
        the CPU) a label out of range.
        """
        self._check_logits(
            policy_attacked=(policy_attacked, True),
            policy_clean=(policy_clean, self.needs_clean_images),
            reference_attacked=(reference_attacked, self.spec.needs_reference),
            reference_clean=(reference_clean, self.needs_clean_images),
        )
        _check_labels(*policy_attacked.shape, true_label=true_label, written_label=written_label)

        log_reference = None if reference_attacked is None else log_probabilities(reference_attacked.detach())
        is_regularised = policy_clean is not None and reference_clean is not None
        return self.terms(
            log_probabilities(policy_attacked),
            log_reference,
            true_label,
            written_label,
            kl_regulariser(policy_clean, reference_clean) if is_regularised else None,
            process_mean,
        )

    def _check_logits(self, **given: tuple[Tensor | None, bool]) -> None:
        """Each is logits and whether they are needed; all must have the shape of the first."""
        shape = None
        for name, (logits, is_needed) in given.items():
            if logits is None and not is_needed:
                continue
            if logits is None:
                raise ObjectiveInputError(f"objective {self.name!r} needs {name}, logits of shape (B, K), got None")
            if not (isinstance(logits, Tensor) and logits.is_floating_point()):
                raise ObjectiveInputError(f"{name} must be a tensor of floating-point logits, got {_kind(logits)}")
            got = tuple(logits.shape)
            if len(got) != 2 or got[0] < 1 or got[1] < 2:
                raise ObjectiveInputError(
                    f"{name} must have shape (B, K) with at least 1 image and 2 classes, got {got}"
                )
            shape = shape or got
            if got != shape:
                raise ObjectiveInputError(f"{name} must have the shape of policy_attacked, {shape}, got {got}")

    def terms(
        self,
        log_policy: Tensor,
        log_reference: Tensor | None,
        true_label: Tensor,
        written_label: Tensor,
        regulariser: Tensor | None,
        process_mean: Callable[[Tensor], Tensor] = lambda scalar: scalar,
    ) -> ObjectiveValue:
        """The same from log-probabilities on the attacked images and a regulariser, as in `PairBatch`, unchecked."""
        rewards = (None, None)
        if log_reference is not None:
            labels = (true_label, written_label)
            rewards = [at_label(log_policy, label) - at_label(log_reference, label) for label in labels]
        batch = PairBatch(log_policy, log_reference, true_label, written_label, *rewards, regulariser, process_mean)
        preference = self.spec.preference(batch, self.parameters)
        total = preference
        if self.regulariser_weight > 0.0:
            total = preference + self.regulariser_weight * regulariser
        unmeasured = torch.full_like(total.detach(), torch.nan)
        measured = [unmeasured] * 3 if log_reference is None else [batch.margin, *rewards]
        return ObjectiveValue(
            total,
            preference,
            unmeasured if regulariser is None else regulariser,
            *(term.detach().mean() for term in measured),
        )


def _check_labels(images: int, classes: int, **labels: Tensor) -> None:
    # On a GPU the gather that reads the logits stops the program itself on a label out of range.
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
