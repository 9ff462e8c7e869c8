"""How a map at one t sees people: gender recognised, concept recognised, and who is ranked first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from prefclip.datasets.class_lists import ClassList, read_classes
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.parquet_tables import TableError
from prefclip.evaluation.bias_metrics import GENDERS, MAN
from prefclip.evaluation.concept_sweep import OpenedMap
from prefclip.evaluation.gender_directions import GenderDirections, gender_directions
from prefclip.models.image_tower import embed_images
from prefclip.models.text_features import encode_prompts, text_features
from prefclip.preferences.gender_parts import HELD_OUT_CONCEPTS, SEEN_CONCEPTS, SELECTION, gender_parts

MEASURED_PARTS = (SELECTION, SEEN_CONCEPTS, HELD_OUT_CONCEPTS)
TEST_PARTS = (SEEN_CONCEPTS, HELD_OUT_CONCEPTS)


class GenderOutcome(NamedTuple):
    """What one t gives for N pictures of women and men and C concepts.

    probability_true   of the picture's own gender, out of "man <concept>" and "woman <concept>", 0–1, (N,)
    probability_bare   the same out of the captions "man" and "woman" alone, (N,)
    concept_right      whether the concept is the best of the C captions without gender, (N,)
    factual, swapped   probability of the true concept among the captions of the own, and of the other, gender, (N,)
    scores             of the captions without gender, (C, N): what retrieval ranks by
    """

    probability_true: NDArray[np.float64]
    probability_bare: NDArray[np.float64]
    concept_right: NDArray[np.bool_]
    factual: NDArray[np.float64]
    swapped: NDArray[np.float64]
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class GenderProbe:
    """Pictures labelled man or woman, and the captions they are asked about.

    ``people``: one row per picture: id, row, label, name, kind, gender, part, and tone where the data set has it.
    ``images``: embeddings, (N, D). ``texts``: of "man <concept>" (C), "woman <concept>" (C), "<concept>" (C), "man" and
    "woman", for the concepts of ``classes``.
    """

    people: pd.DataFrame
    classes: ClassList
    images: Tensor
    texts: Tensor

    def directions(self, opened: OpenedMap) -> GenderDirections | None:
        """What theory says of a map, from the SELECTION pictures and all captions."""
        count, chosen = len(self.classes.names), self.rows_of(SELECTION)
        men, women = self.texts[:count], self.texts[count : 2 * count]
        is_man = torch.tensor(self.is_man[chosen])
        return gender_directions(men, women, self.images[chosen], is_man, opened.powers)

    def outcomes(self, opened: OpenedMap, scales: Iterable[float]) -> Iterator[tuple[float, GenderOutcome]]:
        """Yield t and what it gives: the untouched CLIP first (t = NaN), then every t of ``scales``."""
        for t, logits in opened.logits(self.images, self.texts, scales):
            yield t, self.outcome(logits)

    def outcome(self, logits: Tensor) -> GenderOutcome:
        """From logits (N, 3C + 2), float64."""
        count = len(self.classes.names)
        man, woman, plain, bare = logits.split((count, count, count, 2), dim=1)
        is_man = torch.tensor((self.people["gender"] == MAN).tolist())
        label = torch.tensor(self.people["label"].tolist())
        image = torch.arange(len(label))
        own, other = torch.where(is_man[:, None], man, woman), torch.where(is_man[:, None], woman, man)
        towards_man = torch.where(is_man, bare[:, 0] - bare[:, 1], bare[:, 1] - bare[:, 0])
        return GenderOutcome(
            torch.sigmoid(own[image, label] - other[image, label]).numpy(),
            torch.sigmoid(towards_man).numpy(),
            (plain.argmax(dim=1) == label).numpy(),
            torch.softmax(own, dim=1)[image, label].numpy(),
            torch.softmax(other, dim=1)[image, label].numpy(),
            plain.T.numpy(),
        )

    @property
    def clusters(self) -> NDArray:
        """What pictures are resampled together by: their drawing, or each alone."""
        return self.people["cluster" if "cluster" in self.people else "id"].to_numpy()

    @property
    def is_man(self) -> NDArray[np.bool_]:
        """Whether a picture is labelled man."""
        return (self.people["gender"] == MAN).to_numpy()

    def rows_of(self, *parts: str) -> NDArray[np.int64]:
        """Places of the pictures of some parts."""
        return np.flatnonzero(self.people["part"].isin(parts))


def read_gender_probe(
    opened: OpenedMap, manifest: str | Path, images: str | Path, classes: str | Path, batch_size: int
) -> GenderProbe:
    """Embed the pictures of MEASURED_PARTS that are labelled man or woman, and all captions.

    Raises TableError for a manifest without genders, PrefclipError naming any other file.
    """
    class_list = read_classes(classes)
    people = read_manifest(manifest)
    missing = [column for column in ("kind", "gender") if column not in people]
    if missing:
        raise TableError(f"{manifest}: column {missing[0]!r} is missing; a gender sweep needs a data set of people.")
    people = people[people["gender"].isin(GENDERS)].sort_values("row", ignore_index=True)
    if people.empty:
        raise TableError(f"{manifest}: no picture is labelled man or woman; a gender sweep needs a data set of people.")
    people = people.assign(part=gender_parts(people, class_list.dataset))
    people = people[people["part"].isin(MEASURED_PARTS)].reset_index(drop=True)
    embedded = embed_images(opened.loaded, open_images(images), batch_size, people["row"].to_numpy(np.int64))
    words = [f"{gender} {name}" for gender in GENDERS for name in class_list.names]
    gendered, alone = (_embed(opened, [class_list.template.format(each) for each in some]) for some in (words, GENDERS))
    texts = torch.cat([gendered, text_features(opened.loaded, class_list).cpu(), alone])
    return GenderProbe(people, class_list, embedded, texts)


def _embed(opened: OpenedMap, captions: list[str]) -> Tensor:
    return encode_prompts(opened.loaded.model, opened.loaded.tokenizer(captions).to(opened.loaded.device)).cpu()
