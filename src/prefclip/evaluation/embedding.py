"""The embedding stage: the training set's test pictures, clean, attacked and under ink, beside its names."""

from collections.abc import Mapping
from pathlib import Path

import torch

from prefclip.config import Config
from prefclip.evaluation.embedding_files import FORMAT, PICTURES
from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
from prefclip.evaluation.scoring import ScoringError, images_at_once
from prefclip.evaluation.zero_shot import ScoredSet, read_scored_set
from prefclip.models.checkpoints import load_checkpoint
from prefclip.models.image_tower import embed_images
from prefclip.models.loading import load_model
from prefclip.models.tensor_files import write_tensors
from prefclip.models.text_features import text_features
from prefclip.run.files import RunFiles
from prefclip.training.numerics import declared_numerics


def embed_pictures(
    config: Config,
    checkpoints: Mapping[int, str | Path | None],
    files: RunFiles,
    out: str | Path,
    *,
    threads: int | None = None,
    device: str = "auto",
) -> None:
    """Write the embeddings of one method, as :class:`prefclip.evaluation.embedding_files.Embeddings` describes them.

    ``checkpoints``: seed → tuned checkpoint, or None for the untouched ``clip``. ``files``: the run with the images.
    The pictures are those that evaluation scores of the training set, each once: of several words that were written on
    one the first. In fp32; the same number of CPU ``threads`` gives the same bytes. Raises PrefclipError naming the
    file, and ScoringError where an embedding is not finite.
    """
    found: dict[str, list[torch.Tensor]] = {name: [] for name in (*PICTURES, "names", "scale")}
    with declared_numerics("fp32", threads):
        loaded = load_model(config.model, device)
        chosen = read_scored_set(config, config.data.train, files, "test", PICTURES)
        rows = aligned_rows(chosen)
        batch_size = images_at_once(loaded, config.evaluation.batch_size)
        for path in checkpoints.values():
            if path is not None:
                load_checkpoint(loaded, path)
            for images, (_, pixels) in chosen.parts.items():
                found[images].append(embed_images(loaded, pixels, batch_size, rows[images]["row"].to_numpy()))
            found["names"].append(text_features(loaded, chosen.classes).cpu())
            found["scale"].append(loaded.model.logit_scale.detach().exp().float().cpu())
            if not all(bool(torch.isfinite(each[-1]).all()) for each in found.values()):
                origin = path or config.model.weights
                raise ScoringError(f"{origin}: embeddings are NaN or infinite: the weights are damaged; train again.")
    labels = {"label": rows[CLEAN]["label"], "written": rows[TYPOGRAPHIC]["word_label"]}
    tensors = {name: torch.stack(each) for name, each in found.items()}
    tensors |= {name: torch.from_numpy(column.to_numpy("int64", copy=True)) for name, column in labels.items()}
    stored = {"format": FORMAT, "dataset": config.data.train}
    stored |= {"seeds": "\n".join(map(str, checkpoints)), "ids": "\n".join(rows[CLEAN]["id"])}
    write_tensors(out, tensors, stored)


def aligned_rows(chosen: ScoredSet) -> dict:
    """Kind of images → rows of its manifest, one for each clean picture and in their order: of its twins the first."""
    order = chosen.parts[CLEAN][0]["id"]
    twins = {CLEAN: chosen.parts[CLEAN][0]}
    for images in (images for images in chosen.parts if images != CLEAN):
        first = chosen.parts[images][0].sort_values(["id", "variant"], kind="stable").drop_duplicates("id")
        twins[images] = first.set_index("id").loc[order].reset_index()
    return twins
