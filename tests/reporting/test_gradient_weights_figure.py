"""The figure of per-example weights: exact curves, and the part of each that a training's log passed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.patches import StepPatch
from synthetic_run import METHODS, synthetic_config

from prefclip.config import Config
from prefclip.objectives.dpo import dpo_loss
from prefclip.objectives.ipo import ipo_loss
from prefclip.objectives.kto import kto_loss
from prefclip.reporting.drawing.style import print_style
from prefclip.reporting.drawing.training_curves import running_mean
from prefclip.reporting.figures import figure_names, leaf
from prefclip.reporting.gradient_numbers import read_pair_gradients
from prefclip.run.steps.figure import Figure

NAME = "gradient_weights"


def panels_of(config, layout):
    with print_style():
        drawn = leaf(NAME).draw(config, layout).axes
    return {panel.get_title(loc="left").partition("$ ")[2]: panel for panel in drawn if panel.get_visible()}


def pull(loss, x):
    """Minus the derivative that autograd finds."""
    x = torch.tensor(x, requires_grad=True)
    return -torch.autograd.grad(loss(x).sum(), x)[0].numpy()


def test_curves_are_the_derivatives_of_the_losses(made_up):
    panels = panels_of(*made_up)
    losses = {
        "DPO, β = 1": lambda x: dpo_loss(x, 1.0),
        "IPO, β = 0.01": lambda x: ipo_loss(x, 0.01),
        "KTO, β = 1.5": lambda x: kto_loss(x, torch.zeros_like(x), 0.0, 1.5),
    }
    assert list(panels) == list(losses)
    for title, panel in panels.items():
        curve, *_ = panel.get_lines()
        assert curve.get_ydata() == pytest.approx(pull(losses[title], curve.get_xdata()), abs=1e-12)
        assert panel.get_xlabel() == ("reward above z₀ (nats)" if "KTO" in title else "margin h (nats)")


def test_what_training_passed_starts_at_zero_and_ends_at_the_mean_of_its_logs(made_up):
    config, layout = made_up
    panels = panels_of(config, layout)
    for title, columns in (("DPO, β = 1", ["margin"]), ("KTO, β = 1.5", ["reward_true", "reward_written"])):
        logs = [pd.read_csv(layout.training_log("emoji-clip", title[:3].lower(), seed)) for seed in config.seeds]
        marks = [line for line in panels[title].get_lines() if line.get_marker() in ("o", "v")]
        thick = [line for line in panels[title].get_lines() if line.get_linewidth() == 3]
        assert len(marks) == len(thick) == len(columns)
        for column, mark, part in zip(columns, marks, thick, strict=True):
            values = np.mean([log[column] - (log["regulariser"] if len(columns) > 1 else 0) for log in logs], axis=0)
            assert float(mark.get_xdata()[0]) == pytest.approx(running_mean(values, len(values) // 30)[-1])
            ends = min(part.get_xdata()), max(part.get_xdata())
            assert ends[0] <= 0 <= ends[1] and ends[0] <= mark.get_xdata()[0] <= ends[1]


def test_single_pictures_are_counted_above_the_curve(made_up):
    config, layout = made_up
    for title, panel in panels_of(config, layout).items():
        method = title[:3].lower()
        found = read_pair_gradients(config, layout, [method])[method]
        rewards = [np.concatenate([getattr(each, f"reward_{name}") for each in found]) for name in ("true", "written")]
        values = rewards if "KTO" in title else [rewards[0] - rewards[1]]
        drawn = [patch for patch in panel.patches if isinstance(patch, StepPatch)]
        assert len(drawn) == len(values)
        curve = panel.get_lines()[0].get_ydata()
        for patch, each in zip(drawn, values, strict=True):
            heights, edges, foot = patch.get_data()
            counts = np.histogram(each, edges)[0]
            assert (heights - foot) / (heights - foot).max() == pytest.approx(counts / counts.max())
            assert counts.sum() >= 0.98 * len(config.seeds) * len(found[0].cosine)
            low, high = panel.get_ylim()
            assert low < 0 and (curve.max() - low) / (high - low) <= foot  # the curve lies below them


def test_a_reference_point_that_was_not_logged_leaves_the_curve_alone(made_up):
    config, layout = made_up
    values = config.model_dump()
    values["methods"] = {"kto": {"objective": "kto", "parameters": {"reference_point": "exact"}}}
    (panel,) = panels_of(Config.model_validate(values), layout).values()
    assert len(panel.get_lines()) == 2  # the curve and the axis


def test_only_preference_losses_have_a_panel_and_their_files_decide_the_figure():
    config = synthetic_config(Path("nowhere"))
    code = {Path(path).name for path in Figure(config, NAME).code}
    assert {"dpo.py", "ipo.py", "kto.py", f"{NAME}.py"} <= code and not {"ce.py", "reg_only.py"} & code
    assert not {"dpo.py", "kto.py"} & {Path(path).name for path in Figure(config, "training_curves").code}
    without = {name: METHODS[name] for name in ("ce", "ce_kl")} | {"reg_only": {"objective": "reg_only"}}
    assert NAME in figure_names(config) and NAME not in figure_names(synthetic_config(Path("."), methods=without))
