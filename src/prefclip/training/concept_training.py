"""The two concept stages: a map that prefers the object to the written word, and one for the gender of people."""

import json
from pathlib import Path

import numpy as np
import torch

from prefclip.config import Config
from prefclip.config.analyses import ConceptConfig
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.image_stacks import open_images
from prefclip.files import sha256_of
from prefclip.models.concept_head import save_concept_head
from prefclip.models.image_tower import embed_images
from prefclip.models.loading import LoadedModel, load_model
from prefclip.models.text_features import encode_prompts, text_features
from prefclip.preferences.gender_pair_table import read_gender_pairs
from prefclip.preferences.gender_parts import TRAINING, gender_parts
from prefclip.training.concept_fitting import fit_concept, write_concept_log
from prefclip.training.concept_pairs import ConceptPairs, neutral
from prefclip.training.distributed import default_device
from prefclip.training.errors import TrainingError
from prefclip.training.numerics import declared_numerics
from prefclip.training.pairs import check_labels, read_pairs
from prefclip.training.reference import key_of, read_reference, reference_parts


def train_concept_map(
    config: Config,
    settings: ConceptConfig,
    seed: int,
    *,
    out_map: str | Path,
    out_log: str | Path,
    device: str | None = None,
    threads: int | None = None,
    **inputs: str | Path,
) -> None:
    """Train W on what :func:`reading_pairs` or :func:`gender_pairs` makes of the files ``inputs``; write map and log.

    The same number of CPU threads gives the same bytes. Raises PrefclipError naming the file or key.
    """
    with declared_numerics("fp32", threads):
        loaded = load_model(config.model, device or default_device())
        pairs_of = reading_pairs if settings.concept == "reading" else gender_pairs
        pairs, dataset, source = pairs_of(config, settings, loaded, **inputs)
        fitted = fit_concept(pairs, settings, seed, f"{settings.concept}/{dataset}")
    relevant = settings.trained_with()
    metadata = {
        "model": loaded.name,
        "base_sha256": loaded.weights_sha256,
        "concept": settings.concept,
        "dataset": dataset,
        "settings": json.dumps(relevant, sort_keys=True),
        "settings_sha256": key_of(relevant),
        "pairs_sha256": sha256_of(source),
        "seed": str(seed),
        "steps": str(len(fitted.log)),
    }
    write_concept_log(out_log, fitted.log)
    save_concept_head(out_map, fitted.head, metadata)


def reading_pairs(
    config: Config,
    settings: ConceptConfig,
    loaded: LoadedModel,
    preferences: str | Path,
    images: str | Path,
    attacked_images: str | Path,
    classes: str | Path,
    reference: str | Path,
) -> tuple[ConceptPairs, str, str | Path]:
    """The typographic pairs of the training set, its name, and their file: the object is preferred to the word.

    ``reference``: the embeddings that `cache_reference` wrote; no image is read but for their checksum.
    """
    stacks = open_images(images), open_images(attacked_images)
    table = read_pairs(preferences, len(stacks[0]), len(stacks[1]))
    class_list = read_classes(classes)
    check_labels(preferences, table, len(class_list.names))
    parts = reference_parts(loaded, config.training.precision, preferences, images, attacked_images)
    cached = read_reference(reference, parts)
    if config.training.max_train_images is not None:
        table = table.of_images(config.training.max_train_images, config.data.train)
    positions = torch.from_numpy(table.positions)
    texts = text_features(loaded, class_list).cpu()
    labels = (torch.from_numpy(table.true_labels), torch.from_numpy(table.written_labels))
    attacked, clean = cached.attacked[positions], cached.clean[positions]
    return ConceptPairs(attacked, texts, *labels, clean, texts, _scale(loaded)), class_list.dataset, preferences


def gender_pairs(
    config: Config,
    settings: ConceptConfig,
    loaded: LoadedModel,
    gender_pairs: str | Path,
    images: str | Path,
    classes: str | Path,
) -> tuple[ConceptPairs, str, str | Path]:
    """The pairs of a gender set's training pictures, which show half of its concepts, its name, and their file.

    ``gender_pairs``: what `preferences.gender_pairs.gender_pairs` wrote, with the preference of ``settings``. The
    policy chooses among all captions of the pairs; the regulariser keeps the choice among the captions without gender,
    the class prompts, on the same images.
    """
    stack = open_images(images)
    class_list = read_classes(classes)
    table = read_gender_pairs(gender_pairs)
    _check_gender_pairs(table, gender_pairs, settings, len(stack), len(class_list.names))
    captions = sorted({*table["preferred_text"], *table["rejected_text"]})
    column = {caption: place for place, caption in enumerate(captions)}
    table = table[gender_parts(table, class_list.dataset) == TRAINING].sort_values("row", ignore_index=True)
    people = embed_images(loaded, stack, config.evaluation.batch_size, table["row"].to_numpy(np.int64))
    with torch.no_grad():
        texts = encode_prompts(loaded.model, loaded.tokenizer(captions).to(loaded.device)).cpu()
    labels = (torch.tensor([column[text] for text in table[f"{kind}_text"]]) for kind in ("preferred", "rejected"))
    kept_texts = text_features(loaded, class_list).cpu()
    pairs = ConceptPairs(people, texts, *labels, people, kept_texts, _scale(loaded))
    if settings.preference == "neutral":
        pairs = neutral(pairs)
    return pairs, class_list.dataset, gender_pairs


def _check_gender_pairs(table, path: str | Path, settings: ConceptConfig, images: int, classes: int) -> None:
    """Raise TrainingError for pairs of another preference, or of other images or classes than the files hold."""
    if table.empty:
        raise TrainingError(f"{path}: holds no gender pairs; make them again from a data set of people.")
    found = sorted(set(table["preference"]))
    if found != [settings.preference]:
        raise TrainingError(
            f"{path}: holds {' and '.join(found)} pairs but concept.preference is {settings.preference}; make the "
            "gender pairs again with it."
        )
    for column, count, what in (("row", images, "images"), ("label", classes, "classes")):
        worst = table[column].min() if table[column].min() < 0 else table[column].max()
        if not 0 <= worst < count:
            raise TrainingError(
                f"{path}: {column} {worst} is asked for but there are {count} {what}; make images and gender pairs "
                "again from one manifest."
            )


def _scale(loaded: LoadedModel) -> float:
    return float(loaded.model.logit_scale.detach().exp())
