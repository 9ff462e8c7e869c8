"""The section `saliency` of a configuration: what is refused, and what a run without it has."""

import copy
from pathlib import Path
from typing import get_args

import pytest
import yaml

from prefclip.config import ConfigError, check_config
from prefclip.config.analyses import Explainer
from prefclip.explain.saliency.explainers import EXPLAINERS
from prefclip.reporting.tables import leaf, table_names
from prefclip.run.files import RunFiles
from prefclip.run.plan import saliency_dataset

ROOT = Path(__file__).resolve().parents[1]
EMBEDDED = yaml.safe_load((ROOT / "config/embedded.yaml").read_text(encoding="utf-8"))
VIT = {"name": "ViT-B-32", "weights": "openai", "image_size": 224}


def config(section, **changes):
    values = copy.deepcopy(EMBEDDED) | changes | {"saliency": section}
    return check_config(values, "run.yaml")


def test_the_names_of_the_explainers_are_those_that_there_are():
    assert set(get_args(Explainer)) == set(EXPLAINERS)


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"explainers": ["lime"]}, "saliency.explainers.0: "),
        ({"explainers": []}, "saliency.explainers: "),
        ({"explainers": ["occlusion", "occlusion"]}, "saliency.explainers: 'occlusion' occurs twice; name each once"),
        ({"targets": ["truth"]}, "saliency.targets.0: "),
        ({"images": 0}, "saliency.images: must be greater than 0, got 0"),
        ({"steps": True}, "saliency.steps: takes no yes/no, got true"),
        ({"dataset": "foods"}, "saliency.dataset: 'foods' is no attacked data set of the run; allowed: animals, food,"),
        ({"explainers": ["occlusion", "rollout"]}, "saliency.explainers: rollout needs the attention of a ViT"),
        ({"pictures": 3}, "unknown key 'saliency.pictures'"),
        ([], "saliency: "),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value),
)
def test_bad_values_are_named(section, message):
    with pytest.raises(ConfigError) as caught:
        config(section)
    said = str(caught.value)
    assert message in said and said.startswith("run.yaml: ") and "\n" not in said
    if "lime" in str(section):
        assert "occlusion" in said and "relevance" in said


def test_attention_maps_fit_a_vit():
    assert config({"explainers": ["rollout"]}, model=VIT).saliency.explainers == ("rollout",)


def test_the_training_set_is_explained_unless_another_is_named():
    assert saliency_dataset(config({})) == saliency_dataset(config(None)) == "animals"
    assert saliency_dataset(config({"dataset": "food"})) == "food"


def test_only_runs_with_the_section_have_the_table():
    assert "saliency" in table_names(config({})) and "saliency" not in table_names(config(None))
    layout, chosen = RunFiles("run"), config({})
    methods = ("clip", *chosen.methods)
    assert leaf("saliency").reads(chosen, layout) == [layout.saliency("emoji-clip", method) for method in methods]
    assert all("saliency" not in name for name in leaf("typographic").reads(chosen, layout))
