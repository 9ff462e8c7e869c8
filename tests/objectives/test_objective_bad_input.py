"""Bad names, parameters, shapes and labels: one sentence each, naming the argument and what is allowed."""

import numpy as np
import pytest
import torch

from prefclip.errors import PrefclipError
from prefclip.objectives import UnknownObjectiveError, names, objective
from prefclip.objectives.base import ObjectiveInputError
from prefclip.parameters import ParameterError

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize("error", [UnknownObjectiveError, ParameterError, ObjectiveInputError])
def test_every_error_is_a_user_error_and_a_value_error(error):
    assert issubclass(error, PrefclipError) and issubclass(error, ValueError)


# Names and parameters


@pytest.mark.parametrize("name", ["dp0", "DPO", "", None, ["dpo"]])
def test_an_unknown_name_lists_the_known_ones(name):
    with pytest.raises(UnknownObjectiveError, match=f"allowed: {', '.join(names())}$"):
        objective(name)


@pytest.mark.parametrize("name", ["dpo", "ipo", "kto"])
@pytest.mark.parametrize("beta", [0, -1.0, NAN, INFINITY, "1", None, True, torch.ones(2)])
def test_beta_must_be_positive(name, beta):
    with pytest.raises(ParameterError, match=f"beta of objective '{name}' must be a number > 0, got"):
        objective(name, beta=beta)


@pytest.mark.parametrize("name", ["dpo", "ipo", "kto", "ce_kl"])
@pytest.mark.parametrize("weight", [-0.1, NAN, INFINITY, "0.1", False])
def test_the_regulariser_weight_must_not_be_negative(name, weight):
    with pytest.raises(ParameterError, match=f"regulariser_weight of objective '{name}' must be a number >= 0, got"):
        objective(name, regulariser_weight=weight)


@pytest.mark.parametrize("smoothing", [-0.01, 0.5, 1.0, NAN, "0.1"])
def test_label_smoothing_must_be_below_a_half(smoothing):
    with pytest.raises(
        ParameterError, match=r"label_smoothing of objective 'dpo' must be a number >= 0 and < 0\.5, got"
    ):
        objective("dpo", label_smoothing=smoothing)


@pytest.mark.parametrize("choice", ["exakt", "", None, 0.0])
def test_an_unknown_reference_point_lists_the_known_ones(choice):
    with pytest.raises(
        ParameterError, match="reference_point of objective 'kto' must be one of 'regulariser', 'mismatched'"
    ):
        objective("kto", reference_point=choice)


@pytest.mark.parametrize(
    ("name", "parameter", "allowed"),
    [
        ("dpo", {"reference_point": "exact"}, "beta: a number > 0; regulariser_weight: a number >= 0; label_smoothing"),
        ("dpo", {"lambda_": 1.0}, "beta: a number > 0"),
        ("ipo", {"tau": 1.0}, "beta: a number > 0"),
        ("ce", {"beta": 1.0}, "regulariser_weight: 0.0"),
        ("ce_kl", {"beta": 1.0}, "regulariser_weight: a number >= 0"),
        ("ce_kl", {"label_smoothing": 0.0}, "regulariser_weight: a number >= 0"),
    ],
)
def test_a_parameter_that_does_not_apply_lists_those_that_do(name, parameter, allowed):
    (key,) = parameter
    with pytest.raises(ParameterError, match=f"objective '{name}' has no parameter '{key}', allowed are"):
        objective(name, **parameter)
    with pytest.raises(ParameterError, match=allowed):
        objective(name, **parameter)


@pytest.mark.parametrize(
    ("name", "parameter", "message"),
    [
        ("ce", "regulariser_weight", r"regulariser_weight of objective 'ce' must be 0\.0 \(ce_kl is .*\), got 0\.3"),
        ("ipo", "label_smoothing", r"label_smoothing of objective 'ipo' must be 0\.0 \(dpo alone .*\), got 0\.3"),
        ("kto", "label_smoothing", r"label_smoothing of objective 'kto' must be 0\.0 \(dpo alone .*\), got 0\.3"),
    ],
)
def test_a_fixed_parameter_takes_its_one_value_only(name, parameter, message):
    assert objective(name, **{parameter: 0}).parameters[parameter] == 0.0
    with pytest.raises(ParameterError, match=message):
        objective(name, **{parameter: 0.3})


def test_integers_and_numpy_numbers_are_numbers():
    assert objective("dpo", beta=2, regulariser_weight=np.float32(0.5)).parameters == {
        "beta": 2.0,
        "regulariser_weight": 0.5,
        "label_smoothing": 0.0,
    }


# Logits and labels


LOGITS = ["policy_clean", "policy_attacked", "reference_clean", "reference_attacked"]


@pytest.mark.parametrize("argument", LOGITS)
def test_missing_logits_are_named(argument, pairs):
    with pytest.raises(
        ObjectiveInputError, match=f"objective 'kto' needs {argument}, logits of shape .B, K., got None"
    ):
        objective("kto")(*pairs._replace(**{argument: None}))


@pytest.mark.parametrize("argument", LOGITS)
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (torch.zeros(6), r"must have shape \(B, K\) .* got \(6,\)"),
        (torch.zeros(6, 5, 1), r"must have shape \(B, K\) .* got \(6, 5, 1\)"),
        (torch.zeros(0, 5), r"must have shape \(B, K\) with at least 1 image and 2 classes, got \(0, 5\)"),
        (torch.zeros(6, 1), r"must have shape \(B, K\) with at least 1 image and 2 classes, got \(6, 1\)"),
        (
            torch.zeros(6, 5, dtype=torch.int64),
            "must be a tensor of floating-point logits, got a tensor of torch.int64",
        ),
        ([[0.0, 1.0]], "must be a tensor of floating-point logits, got list"),
    ],
    ids=["rank 1", "rank 3", "no image", "one class", "integers", "list"],
)
def test_logits_of_a_wrong_kind_or_rank_are_named(argument, wrong, message, pairs):
    with pytest.raises(ObjectiveInputError, match=f"{argument} {message}"):
        objective("dpo")(*pairs._replace(**{argument: wrong}))


@pytest.mark.parametrize("argument", ["policy_clean", "reference_clean", "reference_attacked"])
@pytest.mark.parametrize("shape", [(6, 4), (5, 5), (1, 5)])
def test_logits_of_another_shape_than_the_attacked_ones_are_named(argument, shape, pairs):
    with pytest.raises(ObjectiveInputError, match=rf"{argument} must have the shape of policy_attacked, \(6, 5\), got"):
        objective("dpo")(*pairs._replace(**{argument: torch.zeros(shape)}))


@pytest.mark.parametrize("argument", ["true_label", "written_label"])
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (torch.tensor([0, 1, 2, 3, 4, 5]), "must be class indices from 0 to 4, as the logits have 5 columns, got 5"),
        (torch.tensor([0, 1, 2, 3, 4, -1]), "must be class indices from 0 to 4, as the logits have 5 columns, got -1"),
        (torch.zeros(5, dtype=torch.int64), r"must have shape \(6,\), one label for each image, got \(5,\)"),
        (torch.zeros(6, 1, dtype=torch.int64), r"must have shape \(6,\), one label for each image, got \(6, 1\)"),
        (torch.zeros(6), "must be a tensor of integer class indices, got a tensor of torch.float32"),
        (torch.zeros(6, dtype=torch.bool), "must be a tensor of integer class indices, got a tensor of torch.bool"),
        ([0, 1, 2, 3, 4, 0], "must be a tensor of integer class indices, got list"),
        (None, "must be a tensor of integer class indices, got NoneType"),
    ],
    ids=["too large", "negative", "too few", "rank 2", "floats", "booleans", "list", "none"],
)
def test_bad_labels_are_named(argument, wrong, message, pairs):
    with pytest.raises(ObjectiveInputError, match=f"{argument} {message}"):
        objective("ce_kl")(*pairs._replace(**{argument: wrong}))


def test_no_value_is_read_off_an_accelerator(pairs):
    """Reading a value makes the host wait for the device. Meta tensors have none to read and would raise."""
    meta = type(pairs)(*(values.to("meta") for values in pairs))
    for name in names():
        assert objective(name)(*meta).total.device.type == "meta"
