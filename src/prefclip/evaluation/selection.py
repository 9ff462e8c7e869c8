"""Which images of a split are scored: all of them, unless the configuration asks for the released code's subsets."""

import pandas as pd

from prefclip.attacks.looks import PAINTED
from prefclip.config import Config, EvaluationConfig
from prefclip.datasets.card_files import word_removed
from prefclip.errors import PrefclipError
from prefclip.evaluation.metrics import CLEAN, INK, TYPOGRAPHIC, under
from prefclip.seeds import seed_for

# The released logs count images in batches of 8 where a set is too small for their usual 512.
SMALL_BATCH = 8


class SelectionError(PrefclipError):
    """No image is left to score."""


def image_kinds(config: Config, dataset: str) -> tuple[str, ...]:
    """Kinds of images that a run scores of one data set: real photographs are typographic as they are, or clean."""
    if dataset not in config.data.real:
        conditions = config.attack_conditions(dataset)
        return CLEAN, *(under(kind, condition) for condition in conditions for kind in (INK, TYPOGRAPHIC))
    return (CLEAN,) if word_removed(dataset) else (TYPOGRAPHIC,)


def select_images(manifest: pd.DataFrame, dataset: str, split: str, settings: EvaluationConfig) -> pd.DataFrame:
    """Rows of ``manifest`` (one per clean image) that are scored, in manifest order.

    With ``max_images``, that many of them; with ``drop_last_batches`` = k > 0, as many as the released code scores of N
    images in batches of B: (⌊N/B⌋ - k + 1)·B, because there the partial batch counts as one even when it is empty;
    where that leaves none, in batches of SMALL_BATCH.
    Both go by an order drawn from each image's id, so that neither the order of rows nor the method changes the choice.
    Raises SelectionError naming the split or the key.
    """
    rows = manifest[manifest["split"] == split]
    if rows.empty:
        allowed = ", ".join(sorted(manifest["split"].unique())) or "none"
        raise SelectionError(f"data set {dataset}: no image is in the split {split!r}; its manifest has: {allowed}.")
    kept = len(rows) if settings.max_images is None else min(len(rows), settings.max_images)
    if settings.drop_last_batches:
        sizes = (settings.batch_size, SMALL_BATCH)
        counts = ((kept // size - settings.drop_last_batches + 1) * size for size in sizes)
        left = next((count for count in counts if count > 0), 0)
        if not left:
            raise SelectionError(
                f"evaluation.drop_last_batches: {settings.drop_last_batches} batches of {settings.batch_size} leave "
                f"none of the {kept} images of {dataset}; lower it or evaluation.batch_size."
            )
        kept = min(kept, left)
    if kept == len(rows):
        return rows
    order = rows["id"].map(lambda identity: seed_for(dataset, identity, "evaluation subset")).sort_values(kind="stable")
    return rows.loc[order.index[:kept]].sort_index()


def select_attacked(
    attacked: pd.DataFrame, clean: pd.DataFrame, dataset: str, condition: str = PAINTED
) -> pd.DataFrame:
    """Rows of the attacked manifest whose clean image is in ``clean``, all variants of a condition, in manifest order.

    Raises SelectionError when a clean image has no attacked twin.
    """
    rows = attacked[attacked["id"].isin(clean["id"]) & (attacked["condition"] == condition)]
    alone = clean.loc[~clean["id"].isin(rows["id"]), "id"]
    if len(alone):
        raise SelectionError(
            f"data set {dataset}: {len(alone)} images have no typographic twin ({condition}), {alone.iloc[0]} is the "
            "first; make the attacked images again from this manifest with `prefclip attacks`."
        )
    return rows
