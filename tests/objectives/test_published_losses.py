"""Our losses against the released code of arXiv:2411.08923: values and gradients on fixed inputs, in float64.

`tests/data/losses.json` holds, for seven settings on two batches, the total loss, the norm of its gradient with respect
to all policy logits (clean and attacked together) and the mean gradient at the true label of the attacked rows.
"""

import json
import re
from pathlib import Path

import pytest
import torch

from prefclip.objectives import objective

BATCHES = json.loads((Path(__file__).parents[1] / "data" / "losses.json").read_text(encoding="utf-8"))
SETTINGS = sorted(BATCHES[0]["expected"])


def build(setting: str):
    """`kto(beta=1.5,lambda=0.01,reference_point=regulariser)` as an objective."""
    name, arguments = re.fullmatch(r"(\w+)\((.*)\)", setting).groups()
    parameters = dict(argument.split("=") for argument in arguments.split(","))
    parameters["regulariser_weight"] = parameters.pop("lambda")
    return objective(
        name, **{key: value if key == "reference_point" else float(value) for key, value in parameters.items()}
    )


def test_all_seven_settings_are_there_for_both_batches():
    assert len(BATCHES) == 2
    assert all(len(batch["expected"]) == 7 and sorted(batch["expected"]) == SETTINGS for batch in BATCHES)


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: f"{batch['batch_size']}x{batch['num_classes']}")
@pytest.mark.parametrize("setting", SETTINGS)
def test_loss_and_gradients_match_the_released_code(setting, batch):
    logits = {
        f"{model}_{ours}": torch.tensor(batch[f"{model}_logits_{theirs}"], dtype=torch.float64)
        for model in ("policy", "reference")
        for ours, theirs in (("clean", "clean"), ("attacked", "typographic"))
    }
    policy = [logits[name].requires_grad_() for name in ("policy_clean", "policy_attacked")]
    true_label, written_label = torch.tensor(batch["true_label"]), torch.tensor(batch["written_label"])

    total = build(setting)(**logits, true_label=true_label, written_label=written_label).total
    clean_gradient, attacked_gradient = torch.autograd.grad(total, policy)

    expected = batch["expected"][setting]
    at_true_label = attacked_gradient[torch.arange(len(true_label)), true_label]
    measured = {
        "loss": total.item(),
        "grad_norm": torch.cat([clean_gradient, attacked_gradient]).norm().item(),
        "grad_true_label_mean": at_true_label.mean().item(),
    }
    assert set(expected) == set(measured)
    for quantity, value in measured.items():
        assert value == pytest.approx(expected[quantity], rel=0, abs=1e-10), quantity
