"""What a concept map is trained on: embeddings of a frozen CLIP, and which of two texts should win on each image."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from prefclip.training.errors import TrainingError


@dataclass
class ConceptPairs:
    """N preference pairs as embeddings, normalised float32. Raises TrainingError where the parts do not fit.

    judged        images on which two texts are compared, (N, D): typographic images, or people
    judged_texts  all candidate texts, (K, D); ``preferred`` and ``rejected`` are places among them, (N,)
    kept          images on which nothing should change, (N, D): the clean twins, or the same people
    kept_texts    texts among which nothing should change, (C, D)
    scale         of the untouched model's logits
    reference     logits of the candidates on the judged images, (N, K): CLIP's without any map, unless given
    """

    judged: Tensor
    judged_texts: Tensor
    preferred: Tensor
    rejected: Tensor
    kept: Tensor
    kept_texts: Tensor
    scale: float
    reference: Tensor | None = None

    def __post_init__(self):
        counts = [len(part) for part in (self.judged, self.preferred, self.rejected, self.kept)]
        if not 0 < counts[0] == min(counts) == max(counts):
            raise TrainingError(
                "concept pairs need as many labels and kept images as judged ones, at least one; got {} images, "
                "{} preferred, {} rejected and {} kept.".format(*counts)
            )
        if self.reference is None:
            self.reference = self.scale * (self.judged @ self.judged_texts.T)

    def __len__(self) -> int:
        return len(self.judged)

    @property
    def dimension(self) -> int:
        return self.judged.shape[1]


def neutral(pairs: ConceptPairs) -> ConceptPairs:
    """Pairs whose texts should each win half of the time: every pair in both orders, against an impartial reference.

    The reference's logits of the two texts are replaced by their mean. With CLIP's own opinion as the reference a
    balanced preference would ask for no change at all, since the losses count from the reference's margin; with this
    one h is the policy's own margin, and DPO, IPO and CE are smallest where it is 0.
    """
    rows = torch.arange(len(pairs))
    mean = (pairs.reference[rows, pairs.preferred] + pairs.reference[rows, pairs.rejected]) / 2
    impartial = pairs.reference.clone()
    impartial[rows, pairs.preferred] = mean
    impartial[rows, pairs.rejected] = mean
    return replace(
        pairs,
        judged=pairs.judged.repeat(2, 1),
        preferred=torch.cat([pairs.preferred, pairs.rejected]),
        rejected=torch.cat([pairs.rejected, pairs.preferred]),
        reference=impartial.repeat(2, 1),
        kept=pairs.kept.repeat(2, 1),
    )
