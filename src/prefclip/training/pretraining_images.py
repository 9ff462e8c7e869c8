"""Pictures, words, and pictures under words and unreadable ink, with captions: what emoji-clip is pretrained on.

Drawings, fonts, colours and kinds of ink that tests hold out are in none of them.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch.utils.data import Dataset

from prefclip.attacks.ink import FLIPS as INK_FLIPS
from prefclip.attacks.looks import PRETRAINED, SEEN
from prefclip.attacks.typography import draw_attack, draw_spec
from prefclip.datasets.emoji_scenes import CANVAS_SIZE, EmojiWorld, random_background, render_scene
from prefclip.seeds import generator_for

GENDERS = ("person", "man", "woman")
FLIPS = INK_FLIPS | {"upside down": Image.Transpose.FLIP_TOP_BOTTOM}
# Kinds of ink that are trained on; the control's strips (`attacks.ink`) are none of them.
INK_KINDS = ("script", "non-word", "anagram", *FLIPS)
SCRIPTS = ((0x10D0, 0x10F0), (0x561, 0x586))  # Georgian; Armenian small letters
LETTERS = "abcdefghijklmnopqrstuvwxyz"
WORD_SIZES = (8, 17)
SLIP_SHARE = 0.25  # of words and of other ink; the rest is painted over the picture
GREY_SHARE = 0.1  # of drawings
# How often the caption of a person tells everything, the concept alone, the gender alone.
PEOPLE_CAPTION_SHARES = (0.65, 0.15, 0.2)


@dataclass(frozen=True)
class Mixture:
    """Shares of a batch: plain pictures, words alone on a background, pictures under ink that says nothing, captioned
    by the picture, and the rest pictures with a word on them.

    Of those with a word, ``caption_names_word`` are captioned by the word instead of the picture; of all pictures,
    ``people`` show people.
    """

    pictures: float
    words: float
    caption_names_word: float
    ink: float = 0.0
    people: float = 0.25


def caption_names(world: EmojiWorld) -> list[str]:
    """Every name the base model can be asked about; its place is its label.

    Class names of the object sets, then concepts of people, alone and with each gender, then the genders.
    """
    concepts = world.classes["people"]
    with_gender = [f"{gender} {concept}" for concept in concepts for gender in GENDERS]
    return list(dict.fromkeys([*object_names(world), *concepts, *with_gender, *GENDERS]))


def caption_parts(captions: list[str]) -> list[list[str]]:
    """What each caption is composed of: gender and concept, so that all concepts share one direction of gender."""
    return [name.split(" ", 1) if name.split(" ")[0] in GENDERS else [name] for name in captions]


def object_names(world: EmojiWorld) -> list[str]:
    """Class names of all data sets but people, in order."""
    return [name for dataset, names in world.classes.items() if dataset != "people" for name in names]


class ScenePool:
    """Pre-rendered pictures, uint8 (N, 64, 64, 3), and the labels (N, 3) of the captions that fit each of them.

    The three are the full, the concept-only and the gender-only caption; objects have one caption, three times.
    """

    def __init__(self, world: EmojiWorld, captions: list[str], size: int, people_share: float, seed: int):
        people = (world.sources["dataset"] == "people").to_numpy()
        rows = {kind: np.array(world.drawings(np.flatnonzero(people == kind), False)) for kind in (True, False)}
        self.images = np.empty((size, CANVAS_SIZE, CANVAS_SIZE, 3), np.uint8)
        self.labels = np.empty((size, 3), np.int64)
        for index in range(size):
            generator = generator_for("pretraining", "scene", seed, index)
            row = int(generator.choice(rows[bool(generator.random() < people_share)]))
            self.images[index] = np.asarray(render_scene(varied(world.source_image(row), generator), generator))
            self.labels[index] = self._labels(world.sources.iloc[row], captions)

    @staticmethod
    def _labels(source: pd.Series, captions: list[str]) -> list[int]:
        if not source["gender"]:
            return [captions.index(source["concept"])] * 3
        full = f"{source['gender']} {source['concept']}"
        return [captions.index(name) for name in (full, source["concept"], source["gender"])]


class PretrainingBatches(Dataset):
    """Batch number ``step``: uint8 images (B, 64, 64, 3) and caption labels (B,), a function of seed and step alone."""

    def __init__(
        self, pool: ScenePool, words: list[tuple[str, int]], mixtures: list[Mixture], batch_size: int, seed: int
    ):
        """Words come with their labels; ``mixtures`` are those of every step."""
        self.pool, self.words, self.mixtures = pool, words, mixtures
        self.batch_size, self.seed = batch_size, seed

    def __len__(self) -> int:
        return len(self.mixtures)

    def __getitem__(self, step: int) -> tuple[torch.Tensor, torch.Tensor]:
        generator = generator_for("pretraining", "batch", self.seed, step)
        images = np.empty((self.batch_size, CANVAS_SIZE, CANVAS_SIZE, 3), np.uint8)
        labels = np.empty(self.batch_size, np.int64)
        for index in range(self.batch_size):
            image, labels[index] = self._example(self.mixtures[step], generator)
            images[index] = np.asarray(image)
        return torch.from_numpy(images), torch.from_numpy(labels)

    def _example(self, mixture: Mixture, generator: np.random.Generator) -> tuple[Image.Image, int]:
        kind = generator.random()
        if kind < mixture.words:
            return self._with_word(random_background(generator), generator)
        picture, label = self._picture(generator)
        if kind < mixture.words + mixture.pictures:
            return picture, label
        if kind < mixture.words + mixture.pictures + mixture.ink:
            return with_unreadable_ink(picture, self._word(generator)[0], generator), label
        attacked, word_label = self._with_word(picture, generator)
        return attacked, word_label if generator.random() < mixture.caption_names_word else label

    def _picture(self, generator: np.random.Generator) -> tuple[Image.Image, int]:
        row = int(generator.integers(len(self.pool.images)))
        pixels = self.pool.images[row]
        caption = int(np.searchsorted(np.cumsum(PEOPLE_CAPTION_SHARES[:-1]), generator.random(), side="right"))
        picture = Image.fromarray(pixels[:, ::-1] if generator.random() < 0.5 else pixels)
        return picture, int(self.pool.labels[row, caption])

    def _with_word(self, canvas: Image.Image, generator: np.random.Generator) -> tuple[Image.Image, int]:
        word, label = self._word(generator)
        slip = generator.random() < SLIP_SHARE
        return draw_attack(canvas, draw_spec(word, canvas.size, WORD_SIZES, generator, PRETRAINED, slip)), label

    def _word(self, generator: np.random.Generator) -> tuple[str, int]:
        return self.words[int(generator.integers(len(self.words)))]


def varied(source: Image.Image, generator: np.random.Generator) -> Image.Image:
    """An RGBA drawing in other colours and another shape, so that its class is learned and not its pixels."""
    hue, saturation, brightness = generator.uniform((-20, 0.5, 0.65), (20, 1.5, 1.35))
    bands = np.asarray(source.convert("RGB").convert("HSV")).astype(np.float32)
    bands[..., 0] = (bands[..., 0] + hue) % 256
    bands[..., 1:] = np.clip(bands[..., 1:] * (saturation * (generator.random() > GREY_SHARE), brightness), 0, 255)
    picture = Image.fromarray(bands.astype(np.uint8), "HSV").convert("RGB")
    picture.putalpha(source.getchannel("A"))
    # Where each corner of the result comes from: turned, sheared and seen from another side.
    corners = np.array([(0, 0), (0, 1), (1, 1), (1, 0)]) - 0.5
    angle = np.deg2rad(generator.uniform(-18, 18))
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    shape = np.diag(generator.uniform(0.9, 1.15, 2)) + generator.uniform(-0.12, 0.12, (2, 2)) * (1 - np.eye(2))
    corners = (corners @ (turn @ shape).T + generator.uniform(-0.06, 0.06, (4, 2)) + 0.5) * source.width
    return picture.transform(source.size, Image.Transform.QUAD, corners.ravel().tolist(), Image.Resampling.BILINEAR)


def with_unreadable_ink(canvas: Image.Image, word: str, generator: np.random.Generator) -> Image.Image:
    """Ink that says nothing, as much as a word has: another script, a non-word, or a word whose letters are in another
    order, or that is turned or mirrored."""
    kind = INK_KINDS[int(generator.integers(len(INK_KINDS)))]
    if kind == "script":
        letters = SCRIPTS[int(generator.integers(len(SCRIPTS)))]
        word = "".join(chr(int(code)) for code in generator.integers(letters[0], letters[1] + 1, size=len(word)))
    elif kind == "non-word":
        word = "".join(LETTERS[int(place)] for place in generator.integers(len(LETTERS), size=max(3, len(word))))
    elif kind == "anagram":
        word = _anagram(word, generator)
    look = SEEN if kind == "script" else PRETRAINED  # DejaVu alone has such letters
    spec = draw_spec(word, canvas.size, WORD_SIZES, generator, look, generator.random() < SLIP_SHARE)
    if kind in FLIPS:
        return draw_attack(canvas, spec, lambda mask: mask.transpose(FLIPS[kind]))
    return draw_attack(canvas, spec)


def _anagram(word: str, generator: np.random.Generator) -> str:
    """The letters of a word in another order."""
    shuffled = word
    while shuffled == word:
        shuffled = "".join(word[int(place)] for place in generator.permutation(len(word))).strip()
    return shuffled
