"""Everything that changes during a run, so that it can be saved and brought back whole."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from prefclip.training.averaging import BetaAveraging
from prefclip.training.resume import ResumePoint
from prefclip.training.training_log import TrainingLog

OPTIMIZER_TENSORS = ("step", "exp_avg", "exp_inf")


class RunState:
    """Trained parameters, optimizer, average, log and random numbers after ``step`` optimizer steps."""

    def __init__(
        self, parameters: Mapping[str, nn.Parameter], optimizer: torch.optim.Adamax, averaging: BetaAveraging | None
    ):
        self.parameters, self.optimizer, self.averaging = parameters, optimizer, averaging
        self.log = TrainingLog()
        self.step = 0

    def tensors(self) -> dict[str, Tensor]:
        """All tensors, flattened by name: "exp_avg/visual.head.3.bias"."""
        tensors = {"random/cpu": torch.get_rng_state()}
        for name, parameter in self.parameters.items():
            tensors[f"parameter/{name}"] = parameter
            for kind in OPTIMIZER_TENSORS:
                tensors[f"{kind}/{name}"] = self.optimizer.state[parameter][kind]
        if self.averaging is not None:
            tensors |= {f"average/{name}": mean for name, mean in self.averaging.mean.items()}
        return tensors

    def values(self) -> dict:
        """All that is no tensor, as JSON values."""
        total = self.averaging.total if self.averaging is not None else None
        return {"log": self.log.lines, "speed": self.log.speeds, "average_total": total}

    @torch.no_grad()
    def restore(self, point: ResumePoint) -> None:
        """Become what was saved, bit for bit and in the same memory format."""
        for name, parameter in self.parameters.items():
            parameter.copy_(point.tensors[f"parameter/{name}"])
            self.optimizer.state[parameter] = {
                "step": point.tensors[f"step/{name}"].clone(),
                "exp_avg": torch.empty_like(parameter).copy_(point.tensors[f"exp_avg/{name}"]),
                "exp_inf": torch.empty_like(parameter).copy_(point.tensors[f"exp_inf/{name}"]),
            }
            if self.averaging is not None:
                self.averaging.mean[name].copy_(point.tensors[f"average/{name}"])
        if self.averaging is not None:
            self.averaging.total = point.values["average_total"]
        self.log = TrainingLog(point.values["log"], point.values["speed"])
        self.step = point.step
        torch.set_rng_state(point.tensors["random/cpu"])

    def is_finite(self) -> bool:
        """Whether every trained parameter is a number."""
        return all(bool(torch.isfinite(parameter).all()) for parameter in self.parameters.values())
