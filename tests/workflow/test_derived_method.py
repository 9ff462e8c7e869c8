"""A method that needs no training, from its weights to the report: by the commands, in a finished run."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml
from tiny_project import MODEL, RUN, SETTINGS, prefclip, tuned

from prefclip.lineage.project import Project
from prefclip.lineage.verify import verify
from prefclip.run.files import RunFiles

FILES = RunFiles(RUN)
# The trained weights themselves, the base model's, and what lies between.
ALPHAS = {"wise": 0.5, "base": 0.0, "whole": 1.0}
DERIVED = {
    name: {"kind": "interpolated", "parameters": {"of": "dpo", "alpha": alpha}} for name, alpha in ALPHAS.items()
}


@pytest.fixture
def extended(project):
    """The finished run with further methods in its configuration."""
    methods = {**SETTINGS["methods"], **DERIVED}
    Path("tiny.yaml").write_text(yaml.safe_dump({**SETTINGS, "methods": methods}, sort_keys=False))
    assert prefclip("init", "--config", "tiny.yaml") == 0
    return project


def verified(artifact: str) -> dict[str, str]:
    """The states of an artifact and of all that it was made from."""
    return verify(Project("."), [artifact], "tiny.yaml", threads=1).states()


def predictions(method: str, weights: str = "raw") -> pd.DataFrame:
    found = pd.read_parquet(FILES.predictions(MODEL, method, 0))
    return found[found["weights"] == weights].drop(columns="weights").reset_index(drop=True)


def test_it_is_a_row_of_everything(extended):
    for name in ALPHAS:
        for command in (["derive"], ["evaluate"], ["embed"], ["saliency"]):
            assert prefclip(*command, RUN, name) == 0
        assert Path(f"{tuned(name)}.prov.json").is_file()
    pd.testing.assert_frame_equal(predictions("base"), predictions("clip"))
    pd.testing.assert_frame_equal(predictions("whole"), predictions("dpo", "averaged"))
    assert not predictions("wise").equals(predictions("clip")) and not predictions("wise").equals(predictions("whole"))

    for name in (
        "typographic",
        "reading",
        "text_confusion",
        "retention",
        "comparisons",
        "main_results",
        "saliency",
        "gradients",
    ):
        assert prefclip("table", RUN, name) == 0
    assert {*DERIVED, "dpo"} <= set(pd.read_csv(FILES.table("typographic"))["method"])
    drawn = ("conditions", "attack_examples", "accuracy_bars", "training_curves", "gradient_weights")
    drawn += ("retention_boxes", "embedding_plot", "saliency_shares", "word_cost")
    for name in drawn:
        assert prefclip("figure", RUN, name) == 0
    curves = json.loads(Path(f"{FILES.figure('training_curves')}.prov.json").read_text())["run"]["inputs"]
    drawn = [entry["path"].split("/")[-3] for entry in curves if entry["path"].endswith("training_log.csv")]
    assert drawn == ["ce", "dpo"]
    for command in ("summary", "judge-claims", "explore", "report"):
        assert prefclip(command, RUN) == 0
    assert "wise" in Path(FILES.report).read_text(encoding="utf-8")
    assert (
        prefclip(
            "explain", "--run", RUN, "--method", "wise", "--labels", "cat,dog", FILES.figure("accuracy_bars", "png")
        )
        == 0
    )
    states = verified(FILES.report)
    assert [name for name, state in states.items() if state == "ok" and name.endswith("wise/seed0/model.safetensors")]
    assert not {"tampered", "missing", "orphaned"} & set(states.values())


def test_what_was_there_is_none_the_worse_for_it(extended):
    states = verified(FILES.predictions(MODEL, "dpo", 0))
    assert {states[name] for name in (tuned("dpo"), FILES.predictions(MODEL, "dpo", 0))} == {"ok"}
    assert "stale" not in states.values()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["derive", RUN, "dpo"], "methods: 'dpo' is no method without training; allowed: wise, base, whole."),
        (["derive", RUN, "clip"], "methods: 'clip' is no method without training; allowed: wise, base, whole."),
        (["derive", RUN, "wise", "--seed", "9"], "dpo/seed9/averaged.safetensors is missing"),
        (["train", RUN, "wise"], "methods: 'wise' is not trained; allowed: ce, dpo."),
        (["evaluate", RUN, "wise"], "wise/seed0/model.safetensors: no such file; `prefclip derive` makes it"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_mistakes(extended, refused, command, message):
    assert message in refused(*command)
