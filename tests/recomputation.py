"""Numbers of a stored table computed again, from nothing but the rows that they name."""

import ast
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_softmax

from prefclip import objectives
from prefclip.config import read_config
from prefclip.evaluation.embedding_files import Embeddings, read_embeddings
from prefclip.table import LETTERS, Number, Source, Table

REPOSITORY = Path(__file__).resolve().parents[1]


@lru_cache(maxsize=64)
def read(path: Path) -> pd.DataFrame:
    """A file of rows; a JSON file is one row, a file of embeddings a row for each seed and picture."""
    if path.suffix == ".safetensors":
        return gradient_rows(path)
    if path.suffix == ".json":
        return pd.DataFrame([json.loads(path.read_text(encoding="utf-8"))])
    return pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)


def log_policy(found: Embeddings, place: int, images: str) -> np.ndarray:
    """Log-probabilities of one seed, (N, K) float64."""
    logits = (
        float(found.scale[place]) * found.pictures[images][place].astype(float) @ found.names[place].astype(float).T
    )
    return log_softmax(logits, axis=1)


def gradient_rows(path: Path) -> pd.DataFrame:
    """What the gradient lemma says of each picture, by its formula and without autograd."""
    settings = read_config(path.parents[2] / "config.json").methods[path.stem]
    loss, of = objectives.settings_of(settings.objective), settings.all_parameters
    tuned, clip = read_embeddings(path), read_embeddings(path.with_name("clip.safetensors"))
    rows, pairs = [], np.arange(len(tuned.label))
    for place, seed in enumerate(tuned.seeds):
        log_ratio = log_policy(tuned, place, "typographic") - log_policy(clip, 0, "typographic")
        rewards = [log_ratio[pairs, label] for label in (tuned.label, tuned.written)]
        untouched, names = log_policy(clip, 0, "clean"), tuned.names[place].astype(float)
        distance = np.exp(untouched) * (untouched - log_policy(tuned, place, "clean"))
        true, written = loss.example_weights(*rewards, distance.sum(axis=1).mean(), of)
        mean = np.exp(log_policy(tuned, place, "typographic")) @ names
        step = true[:, None] * (names[tuned.label] - mean) - written[:, None] * (names[tuned.written] - mean)
        line = names[tuned.label] - names[tuned.written]
        cosine = (step * line).sum(axis=1) / np.linalg.norm(step, axis=1) / np.linalg.norm(line, axis=1)
        measured = {"formula_holds": 1.0, "along": np.abs(cosine), "share_reversed": cosine < 0}
        rows.append(pd.DataFrame(measured | {"seed": seed, "weight_true": true, "weight_written": written}))
    return pd.concat(rows, ignore_index=True)


def agrees(rows: pd.DataFrame, column: str, wanted: object) -> pd.Series:
    values = wanted if isinstance(wanted, list) else [wanted]
    found = rows[column].isin([value for value in values if value is not None])
    return found | rows[column].isna() if None in values else found


def rows_of(source: Source, run: str) -> pd.DataFrame:
    """The rows that a source selects."""
    path = Path(source.path(run))
    rows = read(path if path.is_absolute() else REPOSITORY / path)
    for column, wanted in source.where.items():
        rows = rows[agrees(rows, column, wanted)]
    for column, unwanted in source.without.items():
        rows = rows[~agrees(rows, column, unwanted)]
    return rows


def mean_of(table: Table, place: int, run: str) -> float:
    term, means, taken = table.terms[place], [], set()
    for source in (table.sources[number] for number in term.sources):
        rows = rows_of(source, run)
        named = {(source.file, row) for row in rows.index}
        assert named and not named & taken, f"{source}: selects no row, or rows that another source selects"
        taken |= named
        column, _, other = term.measure.partition(" = ")
        means.append(float((rows[column] == rows[other]).mean() if other else rows[column].mean()))
    return sum(means) / len(means)


def computed(formula: str, table: Table, number: Number, run: str) -> float:
    """A formula of the terms of a number."""
    means = {letter: mean_of(table, place, run) for letter, place in zip(LETTERS, number.terms, strict=False)}
    return eval(formula, {"__builtins__": {}}, means)


def denominators(formula: str) -> list[str]:
    """What a formula divides by."""
    nodes = ast.walk(ast.parse(formula, mode="eval"))
    return [ast.unparse(node.right) for node in nodes if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)]


def assert_recomputed(table: Table, run: str) -> None:
    """Every number of a table of the run in ``run``, every count of images, every verdict on a threshold."""
    assert table.numbers
    for number in table.numbers:
        place = f"{table.name}: {number.row},{number.column}"
        if number.value is None:
            # There is no ratio to a loss that is none.
            below = denominators(number.formula) if number.terms else []
            assert not number.terms or any(computed(each, table, number, run) <= 0 for each in below), place
            continue
        found = computed(number.formula, table, number, run)
        assert number.value == pytest.approx(found, abs=1.01e-6 if "of_seeds" in number.keys else 1e-9), place
        if number.facts.get("threshold") is not None:
            wanted, least = number.facts["threshold"], number.facts["sense"] == ">="
            met = found >= wanted - 1e-6 if least else found <= wanted + 1e-6
            assert number.facts["met"] == ("yes" if met else "no"), place
        if len(number.terms) == 1 and table.sources_of(number)[0].file.startswith("predictions/"):
            rows = sum(len(rows_of(source, run)) for source in table.sources_of(number))
            assert rows == number.n * number.seeds, place
