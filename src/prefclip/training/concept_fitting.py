"""Fitting a concept map W to preference pairs: the objectives of the image tower's training, with W alone trained."""

import math
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from prefclip.config.analyses import ConceptConfig
from prefclip.files import write_text
from prefclip.models.concept_head import ConceptHead, departure
from prefclip.objectives import objective
from prefclip.objectives.composition import Objective, ObjectiveValue
from prefclip.policies import kl_regulariser, log_probabilities
from prefclip.seeds import generator_for
from prefclip.training.concept_pairs import ConceptPairs
from prefclip.training.errors import TrainingError
from prefclip.training.schedule import learning_rate_factor, plan_steps

LOG_COLUMNS = (*ObjectiveValue._fields, "penalty", "distance", "lr")


class FittedConcept(NamedTuple):
    """A trained map and what its training did, one dictionary of LOG_COLUMNS per optimizer step."""

    head: ConceptHead
    log: list[dict[str, float]]


def fit_concept(pairs: ConceptPairs, settings: ConceptConfig, seed: int, key: str) -> FittedConcept:
    """Train W on all pairs; ``seed`` draws the start and, with ``key``, the order of the pairs.

    total = objective + unitarity_weight · ‖I − W Wᵀ‖_F. A batch as large as the pairs, or larger, is the full batch.
    Raises TrainingError if the loss is no longer a number.
    """
    head = ConceptHead(pairs.dimension, rank=settings.rank, start=settings.start, separate=settings.separate, seed=seed)
    loss = objective(settings.objective, **settings.parameters)
    batch_size = min(settings.batch_size, len(pairs))
    plan = plan_steps(len(pairs), batch_size, settings.epochs)
    optimizer = torch.optim.Adamax(head.parameters(), lr=settings.learning_rate)
    log = []
    for step in range(plan.made):
        epoch, place = divmod(step, plan.steps_per_epoch)
        if place == 0:
            order = torch.from_numpy(generator_for(key, seed, "concept order", epoch).permutation(len(pairs)))
        rows = order[place * batch_size : (place + 1) * batch_size]
        rate = settings.learning_rate * learning_rate_factor(step, plan.made, settings.warmup_ratio)
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        value = concept_loss(head, pairs, rows, loss)
        penalty = head.penalty()
        total = value.total + settings.unitarity_weight * penalty
        if not math.isfinite(total.item()):
            raise TrainingError(
                f"concept: the loss is {total.item()} at step {step + 1}; lower concept.learning_rate or soften "
                "concept.parameters."
            )
        total.backward()
        optimizer.step()
        terms = {name: float(term.detach()) for name, term in value._asdict().items()}
        log.append({**terms, "penalty": float(penalty.detach()), "distance": distance_from_identity(head), "lr": rate})
    head.requires_grad_(False)
    return FittedConcept(head, log)


def concept_loss(head: ConceptHead, pairs: ConceptPairs, rows: Tensor, loss: Objective) -> ObjectiveValue:
    """The objective on the pairs at ``rows`` (B,), without the penalty.

    Like :class:`Objective`, except that the regulariser may compare other texts than the preference does: a gender map
    is judged by captions with a gender and regularised by captions without one.
    """
    log_policy = log_probabilities(head(pairs.judged[rows], pairs.judged_texts, pairs.scale))
    log_reference = log_probabilities(pairs.reference[rows])
    kept = pairs.kept[rows]
    regulariser = kl_regulariser(head(kept, pairs.kept_texts, pairs.scale), pairs.scale * (kept @ pairs.kept_texts.T))
    return loss.terms(log_policy, log_reference, pairs.preferred[rows], pairs.rejected[rows], regulariser)


@torch.no_grad()
def distance_from_identity(head: ConceptHead) -> float:
    """‖I − W_IᵀW_T‖_F: how far the similarity is from the untouched CLIP's; 0 for any orthogonal shared map."""
    return float(departure(head.image_map.T @ head.text_map))


def write_concept_log(path: str | Path, log: list[dict[str, float]]) -> None:
    """Write one CSV line per optimizer step, whole or not at all, with nine digits as in the other training logs."""
    table = pd.DataFrame(log, index=range(1, len(log) + 1), columns=LOG_COLUMNS)
    write_text(path, table.to_csv(index_label="step", float_format="%.9g", na_rep="nan"))
