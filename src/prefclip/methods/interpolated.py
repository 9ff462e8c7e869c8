"""Weights between the base model's and those of a trained method: robustness for one number and no gradient.

WiSE-FT (Wortsman et al., CVPR 2022, arXiv:2109.01903) and, for tasks that CLIP lacks, PAINT (Ilharco et al., NeurIPS
2022, arXiv:2208.05592), which closes the gap under typographic attack while other tasks stay as they were.
"""

from collections.abc import Mapping

from prefclip.methods.kind import Kind, Weights
from prefclip.parameters import Number, Parameters, TrainedMethod


def interpolate(base: Weights, tuned: Weights, alpha: float) -> Weights:
    """θ = (1 − α) θ₀ + α θ₁ of each tensor, by name; α in [0, 1], exact at both ends. Shapes as they are."""
    return {name: (1.0 - alpha) * tensor + alpha * tuned[name] for name, tensor in base.items()}


def weights(base: Weights, tuned: Mapping[str, Weights], parameters: Parameters) -> Weights:
    """:func:`interpolate` between the base model and the method `of`."""
    return interpolate(base, tuned[parameters["of"]], parameters["alpha"])


KIND = Kind(
    __name__,
    label="Interpolated",
    description="(1 − α) times the base model's weights plus α times those of a trained method, without any training",
    parameters={
        "of": TrainedMethod("whose weights, averaged ones where it averages, α stands for"),
        "alpha": Number(0.5, "0 is the base model, 1 the trained one", minimum=0.0, maximum=1.0),
    },
    builds_on=lambda parameters: (parameters["of"],),
    weights=weights,
)
