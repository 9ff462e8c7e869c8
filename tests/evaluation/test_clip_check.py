"""The untouched CLIP against published accuracies: what stops a run, and what has no counterpart."""

import json

import numpy as np
import pandas as pd
import pytest

from prefclip.config import Config
from prefclip.evaluation.clip_check import ClipCheckError, check_against_published, compare_with_published
from prefclip.evaluation.long_form import write_predictions
from prefclip.run.plan import clip_is_comparable, published_file

PUBLISHED = published_file("open_clip_zero_shot")
SETS = ["dtd", "food101", "eurosat"]
AS_PUBLISHED = {"imagenet100": 0.5, "dtd": 0.4436, "food101": 0.84, "eurosat": 0.5044}


def config(**changes) -> Config:
    data = {"source": "downloaded", "root": "data", "train": "imagenet100", "zero_shot": SETS, "bias": []}
    model = {"name": "ViT-B-32-quickgelu", "weights": "openai", "image_size": 224}
    return Config.model_validate({"data": data, "model": model, "methods": {}, **changes})


def predictions(shares: dict[str, float], count: int = 1000) -> pd.DataFrame:
    """Of each set, the given share of ``count`` clean images is right; the typographic ones are all wrong."""
    parts = []
    for dataset, share in shares.items():
        for images, right in (("clean", round(share * count)), ("typographic", 0)):
            label = np.arange(count) % 10
            columns = {"predicted": np.where(np.arange(count) < right, label, (label + 1) % 10), "label": label}
            columns |= dict.fromkeys(("second", "third", "word_label"), -1)
            columns |= dict.fromkeys((f"probability_{name}" for name in ("true", "predicted", "second", "third")), 0.1)
            ids = [f"{dataset}-{place}" for place in range(count)]
            rows = pd.DataFrame({**columns, "id": ids, "clean_id": ids, "cluster": ids, "retention_kl": 0.0})
            parts.append(rows.assign(weights="raw", dataset=dataset, images=images))
    return pd.concat(parts, ignore_index=True)


def check(tmp_path, settings: Config, shares: dict[str, float]) -> dict:
    write_predictions(predictions(shares), tmp_path / "clip.parquet")
    check_against_published(settings, tmp_path / "clip.parquet", PUBLISHED, tmp_path / "check.json")
    return {name: row["verdict"] for name, row in json.loads((tmp_path / "check.json").read_text())["datasets"].items()}


def test_as_published(tmp_path):
    verdicts = check(tmp_path, config(), AS_PUBLISHED)
    assert verdicts == {"imagenet100": "no counterpart", "dtd": "agrees", "food101": "agrees", "eurosat": "agrees"}


def test_three_points_are_forgiven_and_eurosat_hangs_on_its_prompt(tmp_path):
    verdicts = check(tmp_path, config(), {**AS_PUBLISHED, "food101": 0.811, "eurosat": 0.42})
    assert verdicts["food101"] == "agrees" and verdicts["eurosat"] == "prompt"


def test_one_broken_set_stops_the_run_and_says_what_to_look_at(tmp_path):
    with pytest.raises(ClipCheckError) as caught:
        check(tmp_path, config(), {**AS_PUBLISHED, "dtd": 0.02})
    message = str(caught.value)
    assert "ViT-B-32-quickgelu (openai)" in message and "dtd 2.0 % where 44.4 % are published" in message
    assert "food101" not in message and "labels and names" in message and "`prefclip datasets check` for dtd" in message
    assert not (tmp_path / "check.json").exists()


def test_better_than_published_is_broken_too(tmp_path):
    with pytest.raises(ClipCheckError, match=r"food101 99\.0 %"):
        check(tmp_path, config(), {**AS_PUBLISHED, "food101": 0.99})


def test_when_all_sets_are_off_the_images_or_weights_are(tmp_path):
    with pytest.raises(ClipCheckError, match=r"every set is off, so look at model\.name, model\.weights and"):
        check(tmp_path, config(data={**config().data.model_dump(), "zero_shot": ["dtd"]}), {"dtd": 0.3})


@pytest.mark.parametrize(
    "changes",
    [
        {"protocol": "released_code", "reading": {"bottleneck": 168}},
        {"evaluation": {"max_images": 100}},
        {"reading": {"splits": "released"}},
    ],
    ids=str,
)
def test_other_images_have_no_counterpart(tmp_path, changes):
    settings = config(**changes)
    assert not clip_is_comparable(settings)
    assert set(check(tmp_path, settings, {**AS_PUBLISHED, "dtd": 0.02}).values()) == {"no counterpart"}


def test_few_images_have_the_job_but_no_counterpart(tmp_path):
    settings = config(reading={"max_images": 24})
    assert clip_is_comparable(settings)
    assert set(check(tmp_path, settings, {**AS_PUBLISHED, "dtd": 0.02}).values()) == {"no counterpart"}


def test_other_weights_have_no_counterpart_and_other_models_their_own(tmp_path):
    random = config(model={"name": "ViT-B-32-quickgelu", "weights": "random", "image_size": 224})
    assert set(check(tmp_path, random, {"dtd": 0.02}).values()) == {"no counterpart"}
    large = config(model={"name": "ViT-L-14-quickgelu", "weights": "openai", "image_size": 224})
    with pytest.raises(ClipCheckError, match=r"dtd 44\.\d % where 55\.4 % are published"):
        check(tmp_path, large, {"dtd": 0.4436})


def test_only_runs_on_whole_downloaded_test_sets_wait_for_it():
    assert clip_is_comparable(config(experiment="mine"))
    assert not clip_is_comparable(Config.model_validate({"methods": {}}))


def test_some_sets_count_every_class_alike():
    rows = pd.DataFrame({"label": [0, 0, 0, 1], "predicted": [0, 0, 0, 0]})
    both = pd.concat([rows.assign(dataset=name) for name in ("oxford_pets", "dtd")])
    found = compare_with_published(both, ("oxford_pets", "dtd", "sun397"), {})
    assert {name: row["accuracy"] for name, row in found.items()} == {"oxford_pets": 0.5, "dtd": 0.75}
