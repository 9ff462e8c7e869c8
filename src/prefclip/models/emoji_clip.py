"""The embedded base models: "emoji-clip", a plain convolutional image tower beside an open_clip text transformer, and
"emoji-vit", whose image tower is open_clip's vision transformer on the first of these convolutions.

They offer what the rest of the package asks of an open_clip model: ``visual``, ``encode_image``, ``encode_text``,
``logit_scale`` and, through :class:`CompactTokenizer`, token ids of the vocabulary rows that are in use.
"""

import math
from dataclasses import dataclass, field

import torch
from open_clip.tokenizer import SimpleTokenizer
from open_clip.transformer import TextTransformer, VisionTransformer
from torch import nn
from torch.nn import functional

from prefclip.errors import PrefclipError

IMAGE_SIZE = 64
PIXEL_MEAN = 0.5
PIXEL_STD = 0.25


class VocabularyError(PrefclipError):
    """A text needs a token that the embedded model has no row for."""


@dataclass(frozen=True)
class EmojiClipShape:
    """Architecture of emoji-clip; stored in the checkpoint's metadata.

    Channels and strides are those of the five 3×3 convolutions, ``pooled`` height and width of their pooled map,
    ``hidden`` the width of the two-layer head, ``embed_dim`` that of both embeddings, ``vocabulary`` the token ids of
    open_clip's tokenizer that have a row, ascending (start and end token last). With ``vision_layers`` the image tower
    is a transformer of that many layers, of ``vision_width`` and ``vision_heads``, on the first ``stem`` convolutions.
    """

    channels: tuple[int, ...] = (24, 48, 96, 128, 256)
    strides: tuple[int, ...] = (2, 2, 1, 2, 2)
    pooled: tuple[int, int] = (2, 4)
    hidden: int = 512
    embed_dim: int = 128
    text_width: int = 128
    text_layers: int = 2
    text_heads: int = 4
    context_length: int = 12
    vision_layers: int = 0
    vision_width: int = 128
    vision_heads: int = 4
    stem: int = 4
    vocabulary: tuple[int, ...] = field(default=(), repr=False)


class ConvTower(nn.Module):
    """Plain 3×3 convolutions with batch norm, pooled, then a two-layer head.

    Depthwise, bottleneck and attention towers did not learn to read in minutes on a CPU; this one does.
    """

    def __init__(self, shape: EmojiClipShape):
        super().__init__()
        blocks = []
        previous = 3
        for channels, stride in zip(shape.channels, shape.strides, strict=True):
            blocks += [
                nn.Conv2d(previous, channels, 3, stride=stride, padding=1, bias=False),
                nn.BatchNorm2d(channels),
                nn.ReLU(),
            ]
            previous = channels
        self.trunk = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(shape.pooled)
        flat = previous * shape.pooled[0] * shape.pooled[1]
        self.head = nn.Sequential(
            nn.Flatten(), nn.Linear(flat, shape.hidden), nn.ReLU(), nn.Linear(shape.hidden, shape.embed_dim)
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images (B, 3, H, W) to embeddings (B, embed_dim), not normalised."""
        return self.head(self.pool(self.trunk(images)))


def transformer_tower(shape: EmojiClipShape) -> VisionTransformer:
    """open_clip's vision transformer for images of 64 pixels; its patches come out of convolutions that see more."""
    blocks = ConvTower(shape).trunk[: 3 * shape.stem]
    patch = math.prod(shape.strides[: shape.stem])
    width = shape.vision_width
    tower = VisionTransformer(
        IMAGE_SIZE, patch, width, shape.vision_layers, shape.vision_heads, mlp_ratio=4.0, output_dim=shape.embed_dim
    )
    tower.conv1 = nn.Sequential(*blocks, nn.Conv2d(shape.channels[shape.stem - 1], width, 1, bias=False))
    return tower


class EmojiClip(nn.Module):
    """A CLIP of two towers and a logit scale; images are RGB, normalised by :meth:`normalise_pixels`."""

    def __init__(self, shape: EmojiClipShape):
        super().__init__()
        self.shape = shape
        self.visual = transformer_tower(shape) if shape.vision_layers else ConvTower(shape)
        self.text = TextTransformer(
            context_length=shape.context_length,
            vocab_size=len(shape.vocabulary),
            width=shape.text_width,
            heads=shape.text_heads,
            layers=shape.text_layers,
            output_dim=shape.embed_dim,
        )
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    @staticmethod
    def normalise_pixels(images: torch.Tensor) -> torch.Tensor:
        """Turn uint8 (B, H, W, 3) into normalised float32 (B, 3, H, W)."""
        return (images.permute(0, 3, 1, 2).float().div_(255) - PIXEL_MEAN) / PIXEL_STD

    def encode_image(self, images: torch.Tensor, normalize: bool = False) -> torch.Tensor:
        """Embed normalised images (B, 3, 64, 64) as (B, embed_dim)."""
        features = self.visual(images)
        return functional.normalize(features, dim=-1) if normalize else features

    def encode_text(self, tokens: torch.Tensor, normalize: bool = False) -> torch.Tensor:
        """Embed token ids (B, context_length) as (B, embed_dim)."""
        features = self.text(tokens)
        return functional.normalize(features, dim=-1) if normalize else features


class CompactTokenizer:
    """open_clip's byte-pair tokenizer, with ids renumbered to the vocabulary rows in use."""

    def __init__(self, vocabulary: tuple[int, ...], context_length: int):
        self.tokenizer = SimpleTokenizer(context_length=context_length)
        self.row_of = {token: row for row, token in enumerate(vocabulary)}
        self.context_length = context_length

    def __call__(self, texts: list[str]) -> torch.Tensor:
        """Return rows (N, context_length), 0 padded. Raises VocabularyError naming a text too long or without rows."""
        rows = torch.zeros(len(texts), self.context_length, dtype=torch.long)
        for index, text in enumerate(texts):
            tokens = [self.tokenizer.sot_token_id, *self.tokenizer.encode(text), self.tokenizer.eot_token_id]
            if len(tokens) > self.context_length:
                raise VocabularyError(
                    f"text {text!r} has {len(tokens)} tokens; the embedded model reads at most {self.context_length}."
                )
            unknown = [token for token in tokens if token not in self.row_of]
            if unknown:
                raise VocabularyError(
                    f"text {text!r}: the embedded model has no row for {self.tokenizer.decode(unknown).strip()!r}; "
                    "use names of the embedded world or a larger CLIP."
                )
            rows[index, : len(tokens)] = torch.tensor([self.row_of[token] for token in tokens])
        return rows


def vocabulary_of(texts: list[str]) -> tuple[int, ...]:
    """Return the sorted token ids that ``texts`` need, padding (0) first, start and end tokens last."""
    tokenizer = SimpleTokenizer()
    used = {token for text in texts for token in tokenizer.encode(text)}
    return (0, *sorted(used - {0}), tokenizer.sot_token_id, tokenizer.eot_token_id)
