"""Every objective by name: its settings joined to its loss; and `objective`, which builds one."""

from collections.abc import Mapping
from types import MappingProxyType

from torch import Tensor

from prefclip.objectives.composition import Objective, ObjectiveSpec
from prefclip.objectives.cross_entropy import cross_entropy_loss
from prefclip.objectives.dpo import dpo_loss
from prefclip.objectives.ipo import ipo_loss
from prefclip.objectives.kto import kto_loss, reference_point_of
from prefclip.objectives.pairs import PairBatch
from prefclip.objectives.settings import SETTINGS, Parameters, settings_of


def _dpo(batch: PairBatch, parameters: Parameters) -> Tensor:
    return dpo_loss(batch.margin, parameters["beta"], parameters["label_smoothing"]).mean()


def _ipo(batch: PairBatch, parameters: Parameters) -> Tensor:
    return ipo_loss(batch.margin, parameters["beta"]).mean()


def _kto(batch: PairBatch, parameters: Parameters) -> Tensor:
    reference_point = reference_point_of(batch, parameters["reference_point"])
    return kto_loss(batch.reward_true, batch.reward_written, reference_point, parameters["beta"]).mean()


def _cross_entropy(batch: PairBatch, parameters: Parameters) -> Tensor:
    return cross_entropy_loss(batch.log_policy, batch.true_label).mean()


_LOSSES = {"dpo": (_dpo, True), "ipo": (_ipo, True), "kto": (_kto, True), "ce": (_cross_entropy, False)}
_LOSSES["ce_kl"] = _LOSSES["ce"]

OBJECTIVES: Mapping[str, ObjectiveSpec] = MappingProxyType(
    {
        name: ObjectiveSpec(settings.name, settings.description, settings.parameters, *_LOSSES[name])
        for name, settings in SETTINGS.items()
    }
)


def objective(name: str, **parameters: float | str) -> Objective:
    """The loss called `name` with the given parameters; those not given take the defaults in `SETTINGS`.

    Raises `UnknownObjectiveError` for an unknown name and `ObjectiveParameterError` for a parameter which that
    objective does not have or a value out of range. Both are `ValueError`s and say what is allowed.
    """
    return Objective(OBJECTIVES[settings_of(name).name], settings_of(name).check(parameters))
