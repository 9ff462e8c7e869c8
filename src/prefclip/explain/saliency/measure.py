"""The saliency stage: how much of what speaks for a name lies on the written word, image by image, for one method."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from numpy.typing import NDArray
from torch import Tensor

from prefclip.config import Config
from prefclip.config.analyses import SaliencyConfig
from prefclip.datasets.parquet_tables import write_table
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.evaluation.zero_shot import ScoredSet, read_scored_set
from prefclip.explain.saliency import SaliencyError
from prefclip.explain.saliency.box_metrics import BOX_COLUMNS, box_area, pointing_game, share_in_box
from prefclip.explain.saliency.explainers import explain
from prefclip.explain.saliency.score_table import MAPS_FORMAT, SCORES
from prefclip.explain.saliency.text_logit import TextLogit
from prefclip.models.checkpoints import load_checkpoint
from prefclip.models.image_tower import embed_images
from prefclip.models.loading import LoadedModel, load_model
from prefclip.models.tensor_files import write_tensors
from prefclip.models.text_features import text_features
from prefclip.run.files import RunFiles
from prefclip.run.plan import saliency_dataset
from prefclip.seeds import seed_for
from prefclip.training.numerics import declared_numerics

TRUE, WRITTEN, PREDICTED = "true", "written", "predicted"
SHOWN_TARGETS = (TRUE, WRITTEN)
SHOWN_IMAGES = (CLEAN, TYPOGRAPHIC)


class ChosenImages(NamedTuple):
    """Typographic images that are explained, with their clean twins, in the order they were drawn.

    ``rows``: of the attacked manifest. ``attacked``, ``clean``: uint8 (N, H, W, 3).
    """

    rows: pd.DataFrame
    attacked: NDArray[np.uint8]
    clean: NDArray[np.uint8]

    def questions(self) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """Both SHOWN_IMAGES of each picture with both SHOWN_TARGETS: pixels (N · 2 · 2, H, W, 3), and their labels."""
        versions = np.stack([self.clean, self.attacked], axis=1)
        pixels = np.repeat(versions.reshape(-1, *versions.shape[2:]), len(SHOWN_TARGETS), axis=0)
        labels = self.rows[["label", "word_label"]].to_numpy(np.int64)
        return pixels, np.repeat(labels[:, None], len(SHOWN_IMAGES), axis=1).reshape(-1)


def measure_saliency(
    config: Config,
    method: str,
    weights: str,
    checkpoints: Mapping[int, str | Path | None],
    *,
    files: RunFiles,
    out_scores: str | Path,
    out_maps: str | Path,
    threads: int | None = None,
    device: str = "auto",
) -> None:
    """Explain typographic test images of one method and measure the maps against the word's box.

    ``checkpoints``: seed → tuned checkpoint, or None for the untouched ``clip``; ``weights`` says which ones they are
    (raw, averaged). ``files``: the run with the images.
    ``out_scores``: one row for each seed, image, explainer and target (SCORES). ``out_maps``: float16 maps of a few
    images for the saliency grid under the first seed, "<explainer>" (images, clean | typographic, true | written, H,
    W), the same images for every model: the first drawn ones that the untouched CLIP names rightly when clean and by
    the written word when attacked.

    Raises PrefclipError naming the file or key.
    """
    settings = config.saliency
    if settings is None:
        raise SaliencyError("saliency: the configuration has no such section; add one, as in config/embedded.yaml.")
    dataset = saliency_dataset(config)
    fixed = {"model": config.model.key, "method": method, "weights": weights, "dataset": dataset}
    frames, maps = [], {}
    with declared_numerics("fp32", threads):
        loaded = load_model(config.model, device)
        chosen_set = read_scored_set(config, dataset, files, "test")
        chosen = choose_images(chosen_set, settings.images)
        texts = text_features(loaded, chosen_set.classes)
        examples = choose_examples(loaded, texts, chosen, settings.examples, settings.batch_size)
        for seed, checkpoint in checkpoints.items():
            if checkpoint is not None and load_checkpoint(loaded, checkpoint)["trainable"] == "all":
                texts = text_features(loaded, chosen_set.classes)
            logit = TextLogit(loaded)
            for name in settings.explainers:
                frames.append(score_images(logit, name, settings, chosen, texts).assign(seed=seed))
            maps = maps or {name: example_maps(logit, name, settings, examples, texts) for name in settings.explainers}
    scores = pd.concat(frames, ignore_index=True).assign(**fixed)[SCORES.names]
    scores = scores.sort_values(["seed", "explainer", "target", "id"], kind="stable", ignore_index=True)
    write_table(out_scores, pa.Table.from_pandas(scores, schema=SCORES, preserve_index=False))
    shown = {key: str(value) for key, value in fixed.items()}
    shown |= {"format": MAPS_FORMAT, "ids": "\n".join(examples.rows["attacked_id"])}
    write_tensors(out_maps, {name: torch.from_numpy(found) for name, found in maps.items()}, shown)


def choose_images(chosen: ScoredSet, count: int) -> ChosenImages:
    """The first ``count`` clean images in an order drawn from their ids, each with its first attacked variant.

    No two show one drawing, so that intervals over images are intervals over drawings; ``count`` may be out of reach.
    """
    (_, clean), (attacked_rows, attacked) = chosen.parts[CLEAN], chosen.parts[TYPOGRAPHIC]
    drawings = pd.Series(chosen.clusters(TYPOGRAPHIC), index=attacked_rows.index)
    rows = attacked_rows.sort_values(["id", "attacked_id"], kind="stable").drop_duplicates("id")
    drawn = rows["id"].map(lambda identity: seed_for(chosen.dataset, identity, "saliency image"))
    order = drawings.loc[drawn.sort_values(kind="stable").index].drop_duplicates().index
    rows = rows.loc[order[:count]].reset_index(drop=True)
    return ChosenImages(
        rows,
        np.asarray(attacked[rows["row"].to_numpy()]),
        np.asarray(clean[rows["clean_row"].to_numpy()]),
    )


def choose_examples(
    loaded: LoadedModel, texts: Tensor, chosen: ChosenImages, count: int, batch_size: int
) -> ChosenImages:
    """The first ``count`` images that this model names rightly when clean and by the word when attacked.

    Where fewer are, the first other ones follow.
    """
    fooled = _predicted(loaded, texts, chosen.attacked, batch_size) == chosen.rows["word_label"].to_numpy()
    right = _predicted(loaded, texts, chosen.clean, batch_size) == chosen.rows["label"].to_numpy()
    places = np.argsort(~(fooled & right), kind="stable")[:count]
    return ChosenImages(chosen.rows.iloc[places], chosen.attacked[places], chosen.clean[places])


def score_images(
    logit: TextLogit, name: str, settings: SaliencyConfig, chosen: ChosenImages, texts: Tensor
) -> pd.DataFrame:
    """Share in the box, pointing game and area for every typographic image and target of ``settings``.

    A name that is the target twice, because the model predicts the written word, say, is explained once.
    """
    predicted = _predicted(logit.loaded, texts, chosen.attacked, settings.batch_size)
    label_of = {
        PREDICTED: predicted,
        TRUE: chosen.rows["label"].to_numpy(np.int64),
        WRITTEN: chosen.rows["word_label"].to_numpy(np.int64),
    }
    wanted = np.stack([label_of[target] for target in settings.targets])
    image = np.broadcast_to(np.arange(len(chosen.rows)), wanted.shape)
    pairs, place = np.unique(np.stack([image.ravel(), wanted.ravel()], axis=1), axis=0, return_inverse=True)
    asked = texts[torch.from_numpy(pairs[:, 1])]
    maps = explain(name, logit, chosen.attacked[pairs[:, 0]], asked, settings.batch_size, steps=settings.steps)
    boxes = chosen.rows[list(BOX_COLUMNS)].to_numpy(np.int64)
    share, pointed = share_in_box(maps, boxes[pairs[:, 0]]), pointing_game(maps, boxes[pairs[:, 0]])
    place = place.reshape(wanted.shape)
    area = box_area(boxes, *chosen.attacked.shape[1:3])
    frames = [
        pd.DataFrame(
            {
                "explainer": name,
                "target": target,
                "id": chosen.rows["attacked_id"].to_numpy(),
                "label": label_of[TRUE],
                "word_label": label_of[WRITTEN],
                "predicted": predicted,
                "share_in_box": share[place[row]],
                "pointing_game": pointed[place[row]],
                "box_area": area,
            }
        )
        for row, target in enumerate(settings.targets)
    ]
    return pd.concat(frames, ignore_index=True)


def example_maps(
    logit: TextLogit, name: str, settings: SaliencyConfig, examples: ChosenImages, texts: Tensor
) -> NDArray[np.float16]:
    """Maps of the saliency grid: (E, clean | typographic, true | written, H, W)."""
    pictures, labels = examples.questions()
    chosen = texts[torch.from_numpy(labels)]
    maps = explain(name, logit, pictures, chosen, settings.batch_size, steps=settings.steps)
    shape = (len(examples.rows), len(SHOWN_IMAGES), len(SHOWN_TARGETS))
    return maps.reshape(*shape, *maps.shape[1:]).astype(np.float16)


def _predicted(loaded: LoadedModel, texts: Tensor, images: NDArray[np.uint8], batch_size: int) -> NDArray[np.int64]:
    return (embed_images(loaded, images, batch_size) @ texts.cpu().T).argmax(dim=1).numpy()
