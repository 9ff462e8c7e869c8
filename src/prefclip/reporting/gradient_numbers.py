"""The gradients of a run's losses on attacked test pictures, read from the embeddings of its models."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from prefclip import objectives
from prefclip.config import Config
from prefclip.datasets.manifest import read_manifest
from prefclip.evaluation.embedding_files import Embeddings, read_embeddings
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.evaluation.pair_gradients import Embedded, PairGradients, pair_gradients
from prefclip.objectives.composition import Objective
from prefclip.reporting.estimates import REFERENCE, EstimateError
from prefclip.run.files import RunFiles


def objective_of(config: Config, method: str) -> Objective:
    """The loss of a trained method, as it was trained with."""
    settings = config.methods[method]
    return objectives.objective(settings.objective, **settings.all_parameters)


def read_pair_gradients(config: Config, layout: RunFiles, methods: Sequence[str]) -> dict[str, list[PairGradients]]:
    """Method → the gradients of its loss on the attacked test pictures of the training set, seed by seed.

    Raises TensorFileError for a file that is missing or damaged, EstimateError for files that do not belong together.
    """
    origin = layout.embeddings(config.model.key, REFERENCE)
    untouched = read_embeddings(origin)
    labels = (torch.from_numpy(untouched.label), torch.from_numpy(untouched.written))
    (reference,) = _models(untouched)
    found = {}
    for method in methods:
        path = layout.embeddings(config.model.key, method)
        tuned = read_embeddings(path)
        if (untouched.ids, list(untouched.written)) != (tuned.ids, list(tuned.written)) or tuned.seeds != config.seeds:
            raise EstimateError(
                f"{path}: its pictures are not those of {origin}, or its seeds not those of the configuration; make "
                "both again with `prefclip embed`."
            )
        loss = objective_of(config, method)
        found[method] = [pair_gradients(loss, policy, reference, *labels) for policy in _models(tuned)]
    return found


def _models(found: Embeddings) -> list[Embedded]:
    """What is stored of each seed."""
    parts = (found.pictures[CLEAN], found.pictures[TYPOGRAPHIC], found.names, found.scale)
    return [Embedded(*of_seed) for of_seed in zip(*map(torch.from_numpy, parts), strict=True)]


def drawings_of(config: Config, layout: RunFiles) -> NDArray[np.str_]:
    """The drawing that each picture of the embeddings shows, (N,); of a photograph the picture itself.

    Raises TableError for a missing manifest, EstimateError where it has other pictures.
    """
    path, manifest = layout.embeddings(config.model.key, REFERENCE), layout.manifest(config.data.train)
    ids, rows = list(read_embeddings(path).ids), read_manifest(manifest).set_index("id")
    strangers = [identity for identity in ids if identity not in rows.index]
    if strangers:
        raise EstimateError(f"{path}: {strangers[0]!r} is not in {manifest}; make it again with `prefclip embed`.")
    return (rows["cluster"] if "cluster" in rows else rows.index.to_series()).loc[ids].to_numpy()
