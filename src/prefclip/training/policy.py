"""The model being tuned, as one module with one forward pass, so that it can be compiled and distributed."""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from prefclip.models.image_tower import image_tower
from prefclip.models.loading import LoadedModel
from prefclip.models.text_features import ClassPrompts, class_tokens, encode_prompts, text_features
from prefclip.training.numerics import tower_precision


class Embeddings(NamedTuple):
    """Normalised float32 embeddings of images (n, D) and class prompts (K, D), and the logits' scale, a scalar."""

    images: Tensor
    texts: Tensor
    scale: Tensor


class Policy(nn.Module):
    """The tuned model over one class list; the text side is encoded once, unless it is trained."""

    def __init__(self, loaded: LoadedModel, classes: ClassPrompts, trainable: str, precision: str, compiled: bool):
        super().__init__()
        tower = image_tower(loaded.model)
        self.tower = torch.compile(tower) if compiled else tower
        self.preprocess, self.device, self.precision = loaded.preprocess, loaded.device, precision
        self.tokens = class_tokens(loaded, classes) if trainable == "all" else None
        self.model = loaded.model if trainable == "all" else None
        # What the untouched model says of the texts; the reference keeps it when the policy moves on. No buffers: they
        # are the same in every process and never change. Made in the policy's precision, or the two would differ.
        with tower_precision(precision if trainable == "all" else "fp32", loaded.device):
            self.first_texts = text_features(loaded, classes)
        self.first_scale = loaded.model.logit_scale.detach().exp().float().clone()

    def forward(self, images: Tensor, with_texts: bool = True) -> Embeddings:
        """Embed uint8 images (n, H, W, 3), and the class prompts too if their tower is trained.

        ``with_texts=False`` gives the untouched model's texts and scale instead: for all but one micro-batch.
        """
        texts, scale = self.first_texts, self.first_scale
        with tower_precision(self.precision, self.device):
            features = self.tower(self.preprocess(images, self.device))
            if self.model is not None and with_texts:
                texts, scale = encode_prompts(self.model, self.tokens), self.model.logit_scale.exp()
        return Embeddings(functional.normalize(features.float(), dim=-1), texts, scale)


def class_logits(images: Tensor, texts: Tensor, scale: Tensor) -> Tensor:
    """CLIP's logits scale · I(x)·T(y): images (…, D) and texts (K, D), normalised float32, give (…, K)."""
    return scale * (images @ texts.T)
