"""What the report's image explorer shows: a few test pictures, what every method calls them, and where it looks."""

import base64
from collections.abc import Mapping
from itertools import product
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from prefclip.config import Config
from prefclip.datasets.class_lists import ClassList
from prefclip.datasets.data_uris import picture_uri
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.evaluation.zero_shot import read_scored_set
from prefclip.explain.explanation import Explanation, explain_pictures
from prefclip.explain.explorer_file import FORMAT
from prefclip.explain.saliency.box_metrics import BOX_COLUMNS
from prefclip.explain.saliency.measure import SHOWN_IMAGES, SHOWN_TARGETS, ChosenImages, choose_images
from prefclip.files import write_json
from prefclip.models.checkpoints import load_checkpoint
from prefclip.models.loading import load_model
from prefclip.run.files import RunFiles

PICTURES = 36  # all data sets together
FEWEST = 2  # of each
TOP = 5
CELLS = 8  # of a map, across and down: the resolution of occlusion, whose square moves by an eighth of the image
EXPLAINER = "occlusion"


def explore_images(
    config: Config,
    checkpoints: Mapping[str, str | Path | None],
    files: RunFiles,
    output: str | Path,
    *,
    threads: int | None = None,
    device: str = "auto",
) -> None:
    """Write ``output``, the pictures of the explorer with the answers and maps of every method, as JSON.

    ``checkpoints``: the weights of each method, None for the untouched ``clip``, which comes first. ``files``: the run
    with the images. Of each data set the same number of test pictures is drawn by id; what any model answers plays no
    part. Of each picture there is the clean and the attacked version, and of each version the TOP likeliest names and
    two maps: what raises the logit of the true and of the written name, by occlusion. A map has CELLS × CELLS values of
    0–255; 255 is the strongest of a picture's maps for a name, so methods can be compared.

    Raises PrefclipError naming the file that is missing or damaged.
    """
    wanted = max(FEWEST, PICTURES // len(config.attacked_datasets))
    sets = [read_scored_set(config, dataset, files, "test") for dataset in config.attacked_datasets]
    chosen = [choose_images(each, wanted) for each in sets]
    found: dict[str, list[list[Explanation]]] = {}
    for method, checkpoint in checkpoints.items():
        # Loaded anew, for a checkpoint replaces only what its method trained.
        loaded, found[method] = load_model(config.model, device), []
        if checkpoint is not None:
            load_checkpoint(loaded, checkpoint)
        for each, pictures in zip(sets, chosen, strict=True):
            pixels, targets = pictures.questions()
            found[method].append(explain_pictures(loaded, pixels, each.classes, targets, EXPLAINER, threads))
    entries = []
    for number, (each, pictures) in enumerate(zip(sets, chosen, strict=True)):
        entries += _entries(each.classes, pictures, {method: parts[number] for method, parts in found.items()})
    about = {"format": FORMAT, "explainer": EXPLAINER, "cells": CELLS, "side": config.model.image_size}
    about |= {"seed": config.seeds[0], "methods": list(checkpoints)}
    write_json(output, {**about, "pictures": entries})


def _entries(classes: ClassList, pictures: ChosenImages, found: Mapping[str, list[Explanation]]) -> list[dict]:
    """What is kept of the pictures of one data set; ``found`` are the answers of each method to its questions."""
    maps = np.stack([_coarse(explanations) for explanations in found.values()])
    count = len(pictures.rows)
    maps = maps.reshape(len(found), count, len(SHOWN_IMAGES), len(SHOWN_TARGETS), CELLS * CELLS)
    strongest = maps.max(axis=(0, 2, 4))  # (N, targets)
    scaled = np.rint(255 * maps / np.where(strongest > 0, strongest, 1)[None, :, None, :, None]).astype(np.uint8)
    entries = []
    for number, row in enumerate(pictures.rows.to_dict("records")):
        first = number * len(SHOWN_IMAGES) * len(SHOWN_TARGETS)
        answers: dict[str, dict] = {method: {} for method in found}
        for method, (at, version) in product(found, enumerate(SHOWN_IMAGES)):
            top = found[method][first + at * len(SHOWN_TARGETS)].top(TOP)
            answers[method][version] = [[classes.names[place], round(probability, 4)] for place, probability in top]
        entries.append(
            {
                "id": row["attacked_id"],
                "dataset": classes.dataset,
                "name": classes.names[row["label"]],
                "word": classes.names[row["word_label"]],
                "box": [int(row[column]) for column in BOX_COLUMNS],
                CLEAN: picture_uri(pictures.clean[number]),
                TYPOGRAPHIC: picture_uri(pictures.attacked[number]),
                "answers": answers,
                # Methods × versions × targets × cells, row by row.
                "maps": base64.b64encode(np.ascontiguousarray(scaled[:, number]).tobytes()).decode(),
                "strength": [round(float(value), 3) for value in strongest[number]],
            }
        )
    return entries


def _coarse(explanations: list[Explanation]) -> NDArray[np.float32]:
    """Positive maps in the unit of the logit, (N, CELLS, CELLS)."""
    maps = np.stack([each.saliency * np.float32(each.strength) for each in explanations])
    return functional.adaptive_avg_pool2d(torch.from_numpy(maps), CELLS).numpy()
