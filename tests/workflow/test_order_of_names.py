"""The order in which methods, maps and sweeps are named shows in tables and figures, so it decides their bytes."""

from functools import reduce
from operator import getitem
from pathlib import Path

import pytest
import yaml

from prefclip.config import check_config
from prefclip.datasets.registry import DATASETS
from prefclip.run.steps import step_class, step_names

SETTINGS = yaml.safe_load((Path(__file__).resolve().parents[2] / "config/embedded.yaml").read_text(encoding="utf-8"))


def decided(settings: dict) -> dict[tuple, dict]:
    """The params of every job."""
    config = check_config(settings, "test", DATASETS)
    jobs = [job for name in step_names() for job in step_class(name).jobs(config)]
    return {(job.name(), *job.wildcards.values()): job.params for job in jobs}


@pytest.mark.parametrize(
    ("section", "shown"),
    [
        ("methods", {("table", "typographic"), ("figure", "accuracy_bars"), ("explore",)}),
        ("concepts", {("table", "concepts"), ("figure", "map_spectrum")}),
        ("sweeps.grids", {("table", "sweeps"), ("table", "ablation_objective")}),
    ],
)
def test_another_order_makes_what_shows_it_again_and_trains_nothing(section, shown):
    *above, last = section.split(".")
    other = yaml.safe_load(yaml.safe_dump(SETTINGS, sort_keys=False))
    inside = reduce(getitem, above, other)
    inside[last] = dict(reversed(inside[last].items()))
    before, after = decided(SETTINGS), decided(other)
    changed = {job for job in before if before[job] != after[job]}
    assert changed >= shown
    assert not {name for name, *_ in changed} & {"train", "evaluate", "attacks", "manifest", "pairs", "train_concept"}
