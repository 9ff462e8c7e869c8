"""The linear map W on both embeddings of a frozen CLIP that a concept is learned with.

    similarity(x, y) = (W T(y))ᵀ (W I(x)) = T(y)ᵀ WᵀW I(x),      T and I normalised, W alone trained

Nothing is normalised again after W, as in the released code of arXiv:2411.08923 (`ClipPolicyLinearHead`), so that the
similarity depends on WᵀW alone and W = I, or any orthogonal W, is the untouched CLIP. Orthogonal start and penalty
‖I − W Wᵀ‖_F are those of Materzynska et al. (CVPR 2022). What t does to W is in :mod:`prefclip.models.concept_powers`.
"""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from prefclip.errors import PrefclipError
from prefclip.models.tensor_files import copy_into, read_tensors, write_tensors

CONCEPT_FORMAT = "prefclip-concept/1"
STARTS = ("identity", "orthogonal")
SHARED, IMAGE, TEXT = "shared", "image", "text"
REMEDY = "train the map again with `prefclip train-concept`"


class ConceptHeadError(PrefclipError):
    """A map that cannot be made, or a file that holds none of this base model."""


class ConceptHead(nn.Module):
    """W, or a W for each side: ``maps`` is {"shared": W} or {"image": W, "text": W}, each (R, D).

    D is the width of the embeddings, R the rank; D unless the map reduces it (the released code: 512 → 256). Separate
    maps start equal.
    """

    def __init__(
        self, dimension: int, *, rank: int | None = None, start: str = "identity", separate: bool = False, seed: int = 0
    ):
        """Make an untrained map; ``seed`` draws the orthogonal start. Raises ConceptHeadError for start or rank."""
        super().__init__()
        rank = dimension if rank is None else rank
        if start not in STARTS:
            raise ConceptHeadError(f"concept.start: {start!r} is unknown; allowed: {', '.join(STARTS)}.")
        if not 1 <= rank <= dimension:
            raise ConceptHeadError(f"concept.rank: {rank} must lie between 1 and {dimension}, the embeddings' width.")
        if rank < dimension and start == "identity":
            raise ConceptHeadError(
                f"concept.start: a map of rank {rank} on {dimension} dimensions has no identity; use orthogonal."
            )
        self.dimension, self.rank, self.separate = dimension, rank, separate
        weight = torch.eye(dimension)
        if start == "orthogonal":
            weight = torch.empty(rank, dimension, dtype=torch.float64)
            nn.init.orthogonal_(weight, generator=torch.Generator().manual_seed(seed))
        sides = (IMAGE, TEXT) if separate else (SHARED,)
        self.maps = nn.ParameterDict({side: nn.Parameter(weight.float().clone()) for side in sides})

    @property
    def image_map(self) -> Tensor:
        """W of the image side, (R, D)."""
        return self.maps[IMAGE if self.separate else SHARED]

    @property
    def text_map(self) -> Tensor:
        """W of the text side, (R, D); the image side's where it is shared."""
        return self.maps[TEXT if self.separate else SHARED]

    def forward(self, images: Tensor, texts: Tensor, scale: Tensor | float) -> Tensor:
        """Logits scale · (W T(y))ᵀ(W I(x)): normalised images (B, D) and texts (K, D) give (B, K)."""
        return scale * (images @ self.image_map.T) @ (texts @ self.text_map.T).T

    def penalty(self) -> Tensor:
        """‖I − W Wᵀ‖_F, a scalar >= 0, summed over the two maps if they are separate; I has R rows."""
        return sum(departure(weight @ weight.T) for weight in self.maps.values())


def departure(square: Tensor) -> Tensor:
    """‖I − A‖_F of a square matrix, a scalar >= 0; its gradient at A = I is 0, where a plain norm's would be NaN."""
    difference = torch.eye(len(square), dtype=square.dtype, device=square.device) - square
    squares = difference.square().sum()
    return torch.where(squares > 0, squares, 1).sqrt() * (squares > 0)


def save_concept_head(path: str | Path, head: ConceptHead, metadata: Mapping[str, str]) -> None:
    """Write a map as safetensors, the same bytes for the same content; ``metadata`` has ``model`` and ``base_sha256``.

    Raises ConceptHeadError for weights that are not finite, OutputError if the file cannot be written.
    """
    for key in ("model", "base_sha256"):
        if key not in metadata:
            raise ValueError(f"the metadata of a concept map needs {key!r}")
    tensors = {name: weight.detach() for name, weight in head.maps.items()}
    if not all(torch.isfinite(weight).all() for weight in tensors.values()):
        raise ConceptHeadError(f"{path}: not written, the map is not finite; lower concept.learning_rate.")
    write_tensors(path, tensors, {**metadata, "format": CONCEPT_FORMAT})


def load_concept_head(path: str | Path, base_sha256: str | None = None) -> tuple[ConceptHead, dict[str, str]]:
    """Read what :func:`save_concept_head` wrote, the map and its metadata.

    Raises TensorFileError for a missing or damaged file, ConceptHeadError for one that holds no map, or one of another
    base model than ``base_sha256`` if that is given.
    """
    tensors, metadata = read_tensors(path, REMEDY)
    if metadata.get("format") != CONCEPT_FORMAT or set(tensors) not in ({SHARED}, {IMAGE, TEXT}):
        raise ConceptHeadError(
            f"{path}: not a concept map (format {metadata.get('format', 'missing')!r}, expected {CONCEPT_FORMAT!r}); "
            f"{REMEDY}."
        )
    if base_sha256 is not None and metadata.get("base_sha256") != base_sha256:
        raise ConceptHeadError(
            f"{path}: was trained on other weights of {metadata.get('model')} (sha256 "
            f"{metadata.get('base_sha256', '')[:12]}…, model.weights has {base_sha256[:12]}…); use the same "
            f"model.weights or {REMEDY}."
        )
    shapes = {tuple(weight.shape) for weight in tensors.values()}
    shape = shapes.pop()
    if shapes or len(shape) != 2 or not all(torch.isfinite(weight).all() for weight in tensors.values()):
        raise ConceptHeadError(f"{path}: the map's weights are not finite matrices of one shape; {REMEDY}.")
    head = ConceptHead(shape[1], rank=shape[0], start="orthogonal", separate=IMAGE in tensors)
    copy_into(head.maps, tensors, list(tensors), path)
    return head, metadata
