"""The text side of zero-shot classification: one normalised embedding for each class prompt."""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from prefclip.models.loading import LoadedModel

PROMPTS_AT_ONCE = 256


class ClassPrompts(Protocol):
    """What is needed of a class list: the caption of each class, in label order."""

    def prompts(self) -> list[str]: ...


def class_tokens(loaded: LoadedModel, classes: ClassPrompts) -> Tensor:
    """Token ids (K, context length) of every class prompt, on the model's device."""
    return loaded.tokenizer(classes.prompts()).to(loaded.device)


def encode_prompts(model: torch.nn.Module, tokens: Tensor) -> Tensor:
    """Normalised float32 text embeddings (K, D) of token ids; gradients flow where the text tower is trained."""
    features = [model.encode_text(part) for part in tokens.split(PROMPTS_AT_ONCE)]
    return functional.normalize(torch.cat(features).float(), dim=-1)


@torch.no_grad()
def text_features(loaded: LoadedModel, classes: ClassPrompts) -> Tensor:
    """Normalised float32 text embeddings (K, D) of a class list, on the model's device, without gradient."""
    return encode_prompts(loaded.model, class_tokens(loaded, classes))
