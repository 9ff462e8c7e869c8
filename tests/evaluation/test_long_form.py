"""Prediction files: fixed order, fixed bytes, nothing twice."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from prefclip.datasets.parquet_tables import TableError
from prefclip.evaluation.long_form import (
    PREDICTIONS,
    LongFormError,
    read_predictions,
    write_predictions,
)


def predictions(count=30, variants=1, sets=("animals", "food")):
    generator = np.random.default_rng(0)
    rows = []
    for dataset in sets:
        for kind in ("clean", "ink", "typographic"):
            for index in range(count):
                for variant in range(1 if kind == "clean" else variants):
                    label = int(generator.integers(4))
                    rows.append(
                        {
                            "weights": "raw",
                            "dataset": dataset,
                            "images": kind,
                            "id": f"{dataset}-{index:03}" + ("" if kind == "clean" else f".w{variant}"),
                            "clean_id": f"{dataset}-{index:03}",
                            "cluster": f"{dataset} {index // 2}",
                            "label": label,
                            "predicted": int(generator.integers(4)),
                            "second": 1,
                            "third": -1,
                            "word_label": -1 if kind == "clean" else (label + 1) % 4,
                            "probability_true": 0.25,
                            "probability_predicted": 0.5,
                            "probability_second": 0.2,
                            "probability_third": np.nan,
                            "retention_kl": generator.exponential() if kind == "clean" else np.nan,
                        }
                    )
    return pd.DataFrame(rows)


def test_order_of_rows_does_not_change_the_bytes(tmp_path):
    rows = predictions()
    shuffled = rows.sample(frac=1, random_state=1)
    for name, given in (("a", rows), ("b", shuffled)):
        write_predictions(given, tmp_path / f"{name}.parquet")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_files_have_the_columns_of_the_contract_and_no_time(tmp_path):
    write_predictions(predictions(), tmp_path / "p.parquet")
    assert pq.read_schema(tmp_path / "p.parquet").equals(PREDICTIONS)
    assert b"pandas" not in (tmp_path / "p.parquet").read_bytes()
    assert list(read_predictions(tmp_path / "p.parquet").columns) == PREDICTIONS.names


def test_an_image_scored_twice_is_refused(tmp_path):
    rows = predictions()
    with pytest.raises(LongFormError, match=r"animals-000 twice; every image is scored once"):
        write_predictions(pd.concat([rows, rows.head(1)]), tmp_path / "p.parquet")
    assert not list(tmp_path.iterdir())


def test_missing_columns_are_named(tmp_path):
    with pytest.raises(LongFormError, match="lack cluster, third, retention_kl"):
        write_predictions(predictions().drop(columns=["third", "retention_kl", "cluster"]), tmp_path / "p.parquet")


@pytest.mark.parametrize("content", [None, b"not parquet"])
def test_unreadable_files_are_named(tmp_path, content):
    path = tmp_path / "p.parquet"
    if content:
        path.write_bytes(content)
    with pytest.raises(TableError, match=r"p\.parquet: .*prefclip evaluate"):
        read_predictions(path)
    predictions().drop(columns="id").to_parquet(path)
    with pytest.raises(TableError, match="'id' is missing"):
        read_predictions(path)
