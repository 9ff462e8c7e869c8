"""A look at the base model during pretraining: drawings, fonts, colours and ink that pretraining never sees."""

import numpy as np
import torch
from torch import Tensor

from prefclip.attacks.ink import unreadable
from prefclip.attacks.looks import CONDITIONS
from prefclip.attacks.typography import choose_word, draw_attack, draw_spec
from prefclip.datasets.emoji_scenes import EmojiWorld, render_scene
from prefclip.models.emoji_clip import EmojiClip
from prefclip.seeds import generator_for

IMAGES_PER_SET = 300
INK = ("scrambled",)
WORD_SIZES = (10, 15)
PEOPLE = "people"


class PretrainingCheck:
    """Zero-shot accuracy on clean pictures, under ink and under words, of every object data set.

    Calling it returns fractions, in domain (the first data set) and as mean over the others: ``clean_in``,
    ``clean_zero_shot``, ``seen_…`` (clean, of drawings that were trained on), ``attacked_…`` and ``word_…`` (called by
    the word that is painted on), ``ink_…`` (its twin), ``slip_…`` (the word on a slip of paper) and ``unseen_…``
    (painted in held-out fonts and colours); all but ``seen`` with held-out drawings. ``gender``: of women and men
    recognised, given what they do; ``gender_seen`` in drawings that were trained on.
    """

    def __init__(self, world: EmojiWorld, captions: list[str]):
        self.sets = [_render_set(world, captions, dataset) for dataset in world.classes if dataset != PEOPLE]
        self.people = {"gender": _render_people(world, captions, True)}
        self.people["gender_seen"] = _render_people(world, captions, False)

    @torch.no_grad()
    def __call__(self, model: EmojiClip, caption_features: Tensor) -> dict[str, float]:
        model.eval()
        shares = []
        for stacks, labels, words, columns in self.sets:
            names = caption_features[columns]
            answers = {
                kind: (model.encode_image(pixels, normalize=True) @ names.T).argmax(dim=1)
                for kind, pixels in stacks.items()
            }
            hits = {kind: answer == labels for kind, answer in answers.items()} | {"word": answers["attacked"] == words}
            shares.append({kind: hit.float().mean().item() for kind, hit in hits.items()})
        means = {kind: float(np.mean([of_set[kind] for of_set in shares[1:]])) for kind in shares[0]}
        recognised = {}
        for kind, (pixels, own, other) in self.people.items():
            images = model.encode_image(pixels, normalize=True)
            towards = (images * (caption_features[own] - caption_features[other])).sum(dim=1)
            recognised[kind] = (towards > 0).float().mean().item()
        return {
            f"{kind}_{domain}": of_domain[kind]
            for domain, of_domain in {"in": shares[0], "zero_shot": means}.items()
            for kind in shares[0]
        } | recognised


def _render_set(
    world: EmojiWorld, captions: list[str], dataset: str
) -> tuple[dict[str, Tensor], Tensor, Tensor, Tensor]:
    names = world.classes[dataset]
    images: dict[str, list] = {kind: [] for kind in ("clean", "seen", "ink", "attacked", "slip", "unseen")}
    labels, words = [], []
    for index in range(IMAGES_PER_SET):
        generator = generator_for("pretraining", "check", dataset, index)
        label = index % len(names)
        rows = world.rows_of(dataset, names[label])
        held_out, seen = (world.drawings(rows, kept) for kept in (True, False))
        picture = render_scene(world.source_image(int(generator.choice(held_out))), generator)
        word = choose_word(label, names, generator)
        spec = draw_spec(names[word], picture.size, WORD_SIZES, generator)
        change = unreadable(INK[index % len(INK)], spec, generator)
        images["clean"].append(picture)
        images["ink"].append(draw_attack(picture, spec, change))
        images["attacked"].append(draw_attack(picture, spec))
        for kind, condition in {"slip": "slip", "unseen": "painted_held_out"}.items():
            other = draw_spec(names[word], picture.size, WORD_SIZES, generator, *CONDITIONS[condition])
            images[kind].append(draw_attack(picture, other))
        images["seen"].append(render_scene(world.source_image(int(generator.choice(seen))), generator))
        labels.append(label)
        words.append(word)
    stacks = {kind: _pixels(drawn) for kind, drawn in images.items()}
    return stacks, torch.tensor(labels), torch.tensor(words), torch.tensor([captions.index(name) for name in names])


def _render_people(world: EmojiWorld, captions: list[str], held_out: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Women and men in drawings that are held out, or not, and the captions of their own and of the other gender."""
    sources = world.sources
    gendered = sources.index[(sources["dataset"] == PEOPLE) & sources["gender"].isin(["man", "woman"])]
    rows = world.drawings(gendered, held_out)
    images, own, other = [], [], []
    for index in range(IMAGES_PER_SET):
        generator = generator_for("pretraining", "check", PEOPLE, index)
        row = int(generator.choice(rows))
        images.append(render_scene(world.source_image(row), generator))
        concept, gender = sources["concept"].iat[row], sources["gender"].iat[row]
        own.append(captions.index(f"{gender} {concept}"))
        other.append(captions.index(f"{'woman' if gender == 'man' else 'man'} {concept}"))
    return _pixels(images), torch.tensor(own), torch.tensor(other)


def _pixels(images: list) -> Tensor:
    return EmojiClip.normalise_pixels(torch.from_numpy(np.stack([np.asarray(each) for each in images])))
