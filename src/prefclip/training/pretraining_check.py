"""A look at the base model during pretraining, on renderings that no training batch and no test set holds."""

import numpy as np
import torch
from torch import Tensor

from prefclip.attacks.typography import choose_word, draw_attack, draw_spec
from prefclip.datasets.emoji_scenes import EmojiWorld, render_scene
from prefclip.models.emoji_clip import EmojiClip
from prefclip.seeds import generator_for
from prefclip.training.pretraining_images import WORD_SIZES

IMAGES_PER_SET = 300


class PretrainingCheck:
    """Zero-shot accuracy on clean and attacked validation renderings of every object data set.

    Calling it returns fractions, in domain (the first data set) and as mean over the others: ``clean_in``,
    ``clean_zero_shot``, ``attacked_in``, ``attacked_zero_shot``, ``word_in``, ``word_zero_shot`` (called by the word).
    """

    def __init__(self, world: EmojiWorld, captions: list[str]):
        self.sets = [_render_set(world, captions, dataset) for dataset in world.classes if dataset != "people"]

    @torch.no_grad()
    def __call__(self, model: EmojiClip, caption_features: Tensor) -> dict[str, float]:
        model.eval()
        shares = []
        for clean, attacked, labels, words, columns in self.sets:
            names = caption_features[columns]
            of_clean, of_attacked = (
                (model.encode_image(pixels, normalize=True) @ names.T).argmax(dim=1) for pixels in (clean, attacked)
            )
            hits = (of_clean == labels, of_attacked == labels, of_attacked == words)
            shares.append([hit.float().mean().item() for hit in hits])
        means = {"in": shares[0], "zero_shot": np.mean(shares[1:], axis=0).tolist()}
        return {
            f"{kind}_{domain}": share
            for domain, of_domain in means.items()
            for kind, share in zip(("clean", "attacked", "word"), of_domain, strict=True)
        }


def _render_set(world: EmojiWorld, captions: list[str], dataset: str) -> tuple[Tensor, ...]:
    names = world.classes[dataset]
    of_dataset = world.sources["dataset"] == dataset
    rows_of = {name: np.flatnonzero(of_dataset & (world.sources["concept"] == name)) for name in names}
    clean, attacked, labels, words = [], [], [], []
    for index in range(IMAGES_PER_SET):
        generator = generator_for("pretraining", "check", dataset, index)
        label = index % len(names)
        picture = render_scene(world.source_image(int(generator.choice(rows_of[names[label]]))), generator)
        word = choose_word(label, names, generator)
        spec = draw_spec(names[word], picture.size, WORD_SIZES, generator)
        clean.append(np.asarray(picture))
        attacked.append(np.asarray(draw_attack(picture, spec)))
        labels.append(label)
        words.append(word)
    stacks = [EmojiClip.normalise_pixels(torch.from_numpy(np.stack(images))) for images in (clean, attacked)]
    return *stacks, torch.tensor(labels), torch.tensor(words), torch.tensor([captions.index(name) for name in names])
