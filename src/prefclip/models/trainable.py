"""Which parameters a run trains; everything else is frozen, and batch norm keeps its statistics."""

from torch import nn

from prefclip.errors import PrefclipError
from prefclip.models.emoji_clip import ConvTower

TRAINABLE = ("image", "all", "head")


class TrainableError(PrefclipError):
    """An unknown choice of trainable parameters, or a model without such a part."""


def select_trainable(model: nn.Module, choice: str) -> dict[str, nn.Parameter]:
    """Freeze all of ``model`` but the chosen parameters and return those by name, in the model's order.

    image: the image tower, as in the paper's figure. all: both towers and the temperature, as in the released code.
    head: the last linear projection of the image tower. The model is put in evaluation mode, which it must keep: batch
    norm then uses its pretrained statistics, and nothing is dropped out at random. Raises TrainableError naming what is
    allowed.
    """
    if choice not in TRAINABLE:
        raise TrainableError(f"training.trainable: {choice!r} is unknown; allowed: {', '.join(TRAINABLE)}.")
    if choice == "all":
        # SigLIP's bias shifts all logits alike, so that no loss here depends on it.
        chosen = {parameter for name, parameter in model.named_parameters() if name != "logit_bias"}
    elif choice == "image":
        chosen = set(model.visual.parameters())
    else:
        chosen = _last_projection(model)
    for parameter in model.parameters():
        parameter.requires_grad_(parameter in chosen)
    model.eval()
    return {name: parameter for name, parameter in model.named_parameters() if parameter in chosen}


def _last_projection(model: nn.Module) -> set[nn.Parameter]:
    visual = model.visual
    if isinstance(visual, ConvTower):
        return set(visual.head[-1].parameters())
    if isinstance(getattr(visual, "proj", None), nn.Parameter):
        return {visual.proj}
    for part in (getattr(visual, "attnpool", None), getattr(visual, "head", None)):
        projection = getattr(part, "c_proj", None) or getattr(part, "proj", None)
        if isinstance(projection, nn.Linear):
            return set(projection.parameters())
    raise TrainableError(
        f"training.trainable: the image tower {type(visual).__name__} has no last linear projection; use image or all."
    )
