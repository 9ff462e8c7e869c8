"""Beta moving average of the weights along the trajectory.

"BMA" of the released code of arXiv:2411.08923, taken there from CLIPood (Shu et al., ICML 2023): iterate k of T gets
the weight BetaPDF((k + 0.5) / (T + 1); α, β), where k = 0 is the pretrained model. With α = β = 0.7 the two ends of the
trajectory weigh most.
"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor


def beta_weight(iterate: int, length: int, alpha: float, beta: float) -> float:
    """Weight of iterate k in a trajectory of T = ``length`` steps, not normalised, > 0.

    k = 0 … T; the density is taken at the middle of the k-th of T + 1 equal parts of (0, 1), so it is always finite.
    """
    place = (iterate + 0.5) / (length + 1)
    log_normaliser = math.lgamma(alpha) + math.lgamma(beta) - math.lgamma(alpha + beta)
    return math.exp((alpha - 1) * math.log(place) + (beta - 1) * math.log1p(-place) - log_normaliser)


class BetaAveraging:
    """The weighted mean of all iterates so far, kept beside the model.

    Attributes:
        mean: the average by parameter name.
        total: sum of the weights so far.
    """

    def __init__(self, parameters: Mapping[str, Tensor], length: int, alpha: float, beta: float):
        """Start with the pretrained parameters as iterate 0 of ``length`` steps."""
        self.parameters = parameters
        self.length, self.alpha, self.beta = length, alpha, beta
        self.mean = {name: parameter.detach().clone() for name, parameter in parameters.items()}
        self.total = beta_weight(0, length, alpha, beta)

    @torch.no_grad()
    def update(self, iterate: int) -> None:
        """Take in the parameters as they are after optimizer step ``iterate`` (1 … length)."""
        weight = beta_weight(iterate, self.length, self.alpha, self.beta)
        self.total += weight
        for name, mean in self.mean.items():
            mean.lerp_(self.parameters[name].detach(), weight / self.total)
