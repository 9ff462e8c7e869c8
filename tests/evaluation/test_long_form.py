"""Prediction and metric files: fixed order, fixed bytes, nothing twice."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from prefclip.config import EvaluationConfig
from prefclip.datasets.parquet_tables import TableError
from prefclip.evaluation.long_form import (
    METRICS_TABLE,
    PREDICTIONS,
    LongFormError,
    read_metrics,
    read_predictions,
    write_metrics,
    write_predictions,
)
from prefclip.evaluation.metrics import accuracy, text_confusion
from prefclip.evaluation.summaries import summarise

SETTINGS = EvaluationConfig(bootstrap_samples=100)


def predictions(count=30, variants=1, sets=("animals", "food")):
    generator = np.random.default_rng(0)
    rows = []
    for dataset in sets:
        for kind in ("clean", "typographic"):
            for index in range(count):
                for variant in range(variants if kind == "typographic" else 1):
                    label = int(generator.integers(4))
                    rows.append(
                        {
                            "weights": "raw",
                            "dataset": dataset,
                            "images": kind,
                            "id": f"{dataset}-{index:03}" + (f".w{variant}" if kind == "typographic" else ""),
                            "clean_id": f"{dataset}-{index:03}",
                            "label": label,
                            "predicted": int(generator.integers(4)),
                            "second": 1,
                            "third": -1,
                            "word_label": (label + 1) % 4 if kind == "typographic" else -1,
                            "probability_true": 0.25,
                            "probability_predicted": 0.5,
                            "probability_second": 0.2,
                            "probability_third": np.nan,
                            "retention_kl": generator.exponential() if kind == "clean" else np.nan,
                        }
                    )
    return pd.DataFrame(rows)


def metrics_of(rows, settings=SETTINGS):
    return summarise(rows, "tiny", "emoji-clip", "dpo", 2, settings)


def test_order_of_rows_does_not_change_the_bytes(tmp_path):
    rows = predictions()
    shuffled = rows.sample(frac=1, random_state=1)
    for name, given in (("a", rows), ("b", shuffled)):
        write_predictions(given, tmp_path / f"{name}.parquet")
        write_metrics(metrics_of(given), tmp_path / f"{name}.metrics.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert (tmp_path / "a.metrics.parquet").read_bytes() == (tmp_path / "b.metrics.parquet").read_bytes()


def test_files_have_the_columns_of_the_contract_and_no_time(tmp_path):
    write_predictions(predictions(), tmp_path / "p.parquet")
    write_metrics(metrics_of(predictions()), tmp_path / "m.parquet")
    assert pq.read_schema(tmp_path / "p.parquet").equals(PREDICTIONS)
    assert pq.read_schema(tmp_path / "m.parquet").equals(METRICS_TABLE)
    assert b"pandas" not in (tmp_path / "p.parquet").read_bytes()
    assert list(read_predictions(tmp_path / "p.parquet").columns) == PREDICTIONS.names
    found = read_metrics(tmp_path / "m.parquet")
    assert list(found.columns[:8]) == ["run_id", "model", "method", "weights", "seed", "dataset", "images", "metric"]
    assert set(found["run_id"]) == {"tiny/emoji-clip/dpo/seed2"}


def test_metrics_are_those_of_the_predictions():
    rows = predictions()
    found = metrics_of(rows).set_index(["dataset", "images", "metric"])
    for dataset in ("animals", "food"):
        clean, attacked = (
            rows[(rows["dataset"] == dataset) & (rows["images"] == kind)] for kind in ("clean", "typographic")
        )
        assert found.loc[(dataset, "clean", "accuracy"), "value"] == accuracy(clean["predicted"], clean["label"])
        confusion = text_confusion(attacked["predicted"], attacked["word_label"])
        assert found.loc[(dataset, "typographic", "text_confusion"), "value"] == confusion
        assert found.loc[(dataset, "clean", "retention_kl"), "value"] == pytest.approx(clean["retention_kl"].mean())
    assert ("animals", "clean", "text_confusion") not in found.index
    assert ("animals", "typographic", "retention_kl") not in found.index
    assert (found["ci_low"] <= found["value"]).all() and (found["value"] <= found["ci_high"]).all()
    assert found.loc[("food", "clean", "accuracy"), "n"] == 30


def test_other_data_sets_do_not_change_an_interval():
    both = metrics_of(predictions())
    alone = metrics_of(predictions(sets=("animals",)))
    pd.testing.assert_frame_equal(both[both["dataset"] == "animals"].reset_index(drop=True), alone)


def test_variants_of_one_image_widen_the_interval_they_do_not_narrow_it():
    one = metrics_of(predictions(60, sets=("animals",)))
    copied = predictions(60, sets=("animals",))
    twins = copied[copied["images"] == "typographic"].assign(id=lambda rows: rows["id"].str.replace(".w0", ".w1"))
    two = metrics_of(pd.concat([copied, twins]))
    pick = lambda frame: frame[(frame["images"] == "typographic") & (frame["metric"] == "accuracy")].iloc[0]  # noqa: E731
    width = pick(one)["ci_high"] - pick(one)["ci_low"]
    assert pick(two)["n"] == 120 and pick(two)["value"] == pick(one)["value"]
    assert pick(two)["ci_high"] - pick(two)["ci_low"] == pytest.approx(width, rel=0.25)


def test_a_model_without_errors_has_no_share_of_errors():
    rows = predictions()
    rows["predicted"] = rows["label"]
    found = metrics_of(rows)
    assert "word_among_errors" not in set(found["metric"])
    assert (found.loc[found["metric"] == "accuracy", ["value", "ci_low", "ci_high"]] == 1).all(axis=None)


def test_an_image_scored_twice_is_refused(tmp_path):
    rows = predictions()
    with pytest.raises(LongFormError, match=r"animals-000 twice; every image is scored once"):
        write_predictions(pd.concat([rows, rows.head(1)]), tmp_path / "p.parquet")
    assert not list(tmp_path.iterdir())


def test_missing_columns_are_named(tmp_path):
    with pytest.raises(LongFormError, match="lack third, retention_kl"):
        write_predictions(predictions().drop(columns=["third", "retention_kl"]), tmp_path / "p.parquet")


@pytest.mark.parametrize("content", [None, b"not parquet"])
def test_unreadable_files_are_named(tmp_path, content):
    path = tmp_path / "p.parquet"
    if content:
        path.write_bytes(content)
    with pytest.raises(TableError, match=r"p\.parquet: .*prefclip evaluate"):
        read_predictions(path)
    write_metrics(metrics_of(predictions()), path)
    with pytest.raises(TableError, match="'id' is missing"):
        read_predictions(path)
