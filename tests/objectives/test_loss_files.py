"""A loss is a file: it describes itself, needs no other, and one file more is one loss more."""

import subprocess
import sys
from pathlib import Path

import pytest

from prefclip import objectives
from prefclip.objectives import names, objective, settings_of
from prefclip.reporting.drawing.style import STYLES
from prefclip.reporting.labels import method_label

HINGE = """
from prefclip.objectives.base import Loss, Number, weight_of_regulariser

def hinge_loss(margin, width):
    return (width - margin).clamp(min=0.0)

LOSS = Loss(
    __name__,
    label="Hinge",
    description="hinge loss on the margin",
    parameters={
        "width": Number(2.0, "margin that is enough, in nats", exclusive_minimum=0.0),
        "regulariser_weight": weight_of_regulariser(0.0),
    },
    preference=lambda batch, parameters: hinge_loss(batch.margin, parameters["width"]).mean(),
)
"""
USE = """
import sys, prefclip.objectives
prefclip.objectives.__path__.append(sys.argv[1])

from prefclip.config import ConfigError, check_config, json_schema
from prefclip.config.overview import overview
config = check_config({"methods": {"hinge": {"objective": "hinge", "parameters": {"width": 3}}}}, "run.yaml")
assert config.methods["hinge"].parameters == {"width": 3.0}
for parameters, message in (
    ({"width": 0}, "width of objective 'hinge' must be a number > 0, got 0"),
    ({"beta": 1}, "objective 'hinge' has no parameter 'beta', allowed are width: a number > 0; regulariser_weight"),
):
    try:
        check_config({"methods": {"mine": {"objective": "hinge", "parameters": parameters}}}, "run.yaml")
    except ConfigError as error:
        assert message in str(error), error
    else:
        raise AssertionError(parameters)
described = json_schema()["$defs"]["MethodConfig"]["properties"]["objective"]
assert "hinge" in described["enum"]
lines = overview(json_schema())
assert any(line.startswith("  hinge: hinge loss on the margin; width: a number > 0") for line in lines)
assert "torch" not in sys.modules

import torch
from prefclip.objectives import objective
logits, same = torch.tensor([[1.0, 0.0]], requires_grad=True), torch.zeros(1, 2)
loss = objective("hinge", width=3)
assert loss.needs_reference and not loss.needs_clean_images
value = loss(None, logits, None, same, torch.tensor([0]), torch.tensor([1]))
value.total.backward()
assert torch.allclose(value.total, torch.tensor(2.0)) and torch.allclose(logits.grad, torch.tensor([[-1.0, 1.0]]))

from prefclip.reporting.drawing.style import FURTHER_STYLES, method_style
from prefclip.reporting.labels import method_label
assert method_label("hinge") == "Hinge"
assert method_style("hinge", ["clip", "dpo", "hinge"]).marker == FURTHER_STYLES[0].marker
"""


@pytest.mark.parametrize("name", names())
def test_a_loss_describes_itself(name):
    loss = settings_of(name)
    assert loss.name == name and loss.description and method_label(name) == loss.label
    assert objective(name).parameters == {key: parameter.default for key, parameter in loss.parameters.items()}
    assert all(parameter.meaning and parameter.allowed for parameter in loss.parameters.values())


def test_no_two_losses_look_alike():
    losses = [settings_of(name) for name in names()]
    assert len({loss.label for loss in losses}) == len(losses)
    colours = [loss.colour for loss in losses if loss.colour is not None]
    assert len(set(colours)) == len(colours) and set(colours) <= set(STYLES) - {"grey"}


@pytest.mark.parametrize("name", names())
def test_using_a_loss_loads_no_other_and_describing_it_no_torch(name):
    code = f"import sys, prefclip.objectives.{name} as loss; print(loss.LOSS.allowed, *sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {module for module in run.stdout.split() if module.startswith("prefclip.objectives.")}
    wanted = {"base", name} | ({"ce"} if name == "ce_kl" else set())
    assert loaded == {f"prefclip.objectives.{each}" for each in wanted} and "torch" not in run.stdout.split()


def test_names_are_the_files_of_the_folder():
    files = {path.stem for path in Path(objectives.__file__).parent.glob("*.py")}
    assert set(names()) == files - {"__init__", *objectives.SHARED} and {"dpo", "kto"} <= set(names())


def test_one_file_more_is_one_loss_more(tmp_path):
    (tmp_path / "hinge.py").write_text(HINGE)
    run = subprocess.run([sys.executable, "-c", USE, tmp_path], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
