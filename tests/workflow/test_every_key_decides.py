"""No key of the default configuration is without effect: a step declares each, and with it Snakemake and the audit."""

from pathlib import Path

import pytest
import yaml
from every_key import another_value, leaves, with_value

from prefclip.config import check_config
from prefclip.datasets.registry import DATASETS
from prefclip.run.steps import step_class, step_names

SETTINGS = yaml.safe_load((Path(__file__).resolve().parents[2] / "config/embedded.yaml").read_text(encoding="utf-8"))
# Keys with no other value in a run of this kind, or in none of the others' company.
ONE_VALUE = [f"data.{key}" for key in ("source", "root", "train", "real", "bias", "own")]
ONE_VALUE += ["experiment", "protocol", "model.name", "model.weights", "tuned"]
ONE_VALUE += [f"methods.{name}.kind" for name in ("ce", "dpo")]
ONE_VALUE += [f"concepts.{name}.{key}" for name in ("reading", "gender") for key in ("concept", "dataset", "rank")]
OTHERS = {
    "attack.ink": ["turned"],
    "tuning.ranges.learning_rate": [1.0e-3, 1.0e-2],
    "tuning.ranges.regulariser_weight": [1.0, 30.0],
    "tuning.ranges.beta": [0.1, 2.0],
    "model.image_size": 32,
    "sweeps.grids": {},
    "saliency.dataset": "food",
    "methods.ce.objective": "ce_kl",
    "methods.ce.parameters": {"regulariser_weight": 0.0},
    "methods.dpo.objective": "ipo",
    "methods.dpo.parameters": {"beta": 0.5},
    "concepts.reading.objective": "ipo",
    "concepts.reading.parameters": {"beta": 0.5},
    "concepts.gender.objective": "kto",
    "concepts.gender.parameters": {"beta": 0.5},
    **{f"concepts.{name}.start": "orthogonal" for name in ("reading", "gender")},
}


def decided(settings: dict) -> dict[tuple, tuple]:
    """What decides each job."""
    config = check_config(settings, "test", DATASETS)
    jobs = [job for name in step_names() for job in step_class(name).jobs(config)]
    return {(job.name(), *job.wildcards.items()): (sorted(job.inputs), job.params) for job in jobs}


BEFORE = decided(SETTINGS)
RESOLVED = check_config(SETTINGS, "test", DATASETS).plain
# Sections that stand for others of their kind.
SAMPLES = ("methods.ce.", "methods.dpo.", "concepts.reading.", "concepts.gender.", "concepts.reading_reduced.rank")
KEYS = [
    key
    for key in leaves(RESOLVED, (*OTHERS, "data.own"))
    if key not in ONE_VALUE and not (key.startswith(("methods.", "concepts.")) and not key.startswith(SAMPLES))
]


@pytest.mark.parametrize("key", KEYS)
def test_another_value_makes_some_job_another(key):
    after = decided(with_value(SETTINGS, key, another_value(SETTINGS, key, OTHERS)))
    changed = {job[0] for job in after if after[job] != BEFORE.get(job)}
    assert changed, "no step declares it"
    assert "report" in changed, "the report shows all settings"


def test_a_data_set_that_nothing_uses_decides_nothing():
    assert decided(with_value(SETTINGS, "data.own", {"shelf": {"folder": "shelf"}})) == BEFORE
