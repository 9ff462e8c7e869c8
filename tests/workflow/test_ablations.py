"""`snakemake ablations`: what it plans, and one small sweep from images to its figure."""

import json

import pandas as pd
import pytest
from smoke_run import ROOT, RUN, SETTINGS, Checkout

from prefclip.config import read_config
from prefclip.datasets.registry import DATASETS
from prefclip.run.files import RunFiles
from prefclip.run.plan import sweep_runs
from prefclip.table import read_table

MOST_SECONDS = 10
SWEEPS = {
    "zero_shot": ["plants"],
    "grids": {
        "beta": {"vary": "beta", "methods": ["dpo"], "values": [0.1, 1.0]},
        "words": {"vary": "words", "methods": ["dpo"], "values": [1, 2], "fixed": {"max_train_images": 64}},
    },
}


def settings(**changes: object) -> dict:
    return {**SETTINGS, "sweeps": SWEEPS, **changes}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    return Checkout(tmp_path_factory.mktemp("sweeps") / "repository", settings()).copy()


@pytest.mark.parametrize(("name", "figures"), [("embedded", 5), ("paper_sweeps", 6)])
def test_a_dry_run_plans_every_point_in_seconds(checkout, name, figures):
    answer = checkout.snakemake("--dry-run", "ablations", config=f"config/{name}.yaml")
    assert answer.code == 0, answer.output
    assert answer.cpu_seconds < MOST_SECONDS
    runs = sweep_runs(read_config(ROOT / f"config/{name}.yaml"))
    assert answer.jobs["evaluate_model"] == len(runs)
    assert answer.jobs["train_policy"] + answer.jobs["train_policy_without_averaging"] == len(runs) - 1
    assert answer.jobs["synthesise_words"] == answer.jobs["cache_words_reference"] == 1
    assert answer.jobs["draw_figure"] == figures and answer.jobs["make_table"] == 2


def test_the_paper_sweeps_have_the_grids_and_sets_of_the_authors():
    config = read_config(ROOT / "config/paper_sweeps.yaml")
    assert config.datasets == ("food101", "sun397")
    values = {(point.sweep, point.method): set() for point in config.grid_points}
    for point in config.grid_points:
        values[point.sweep, point.method].add(point.value)
    assert values["beta", "ipo"] == {0.01, 0.05, 0.1, 0.3, 0.5, 0.7, 1.0, 1.5}
    assert values["regulariser", "dpo"] == {0, 0.01, 0.1, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0}
    assert values["size", "ce"] == {1_000, 5_000, 10_000, 20_000, 50_000}
    assert values["batch", "ipo"] == {64, 512} and config.resolved("ipo").batch_size == 512
    small = [config.resolved(point.name).batch_size for point in config.grid_points if point.sweep == "size"]
    assert small == [64] * 25
    assert values["words", "kto"] == {1, 3, 5, 10}
    assert values["trainable", "dpo"] == {"image", "all", "head"} and values["seeds", "dpo"] == {0, 1, 2, 3, 4}


def test_the_released_sweeps_are_those_that_the_published_kl_was_measured_on():
    config = read_config(ROOT / "config/released_sweeps.yaml", datasets=DATASETS)
    published = pd.read_csv(ROOT / "resources/published/author_kl_by_beta.csv")
    for method, rows in published.groupby("method"):
        points = [point for point in config.grid_points if (point.sweep, point.method) == ("beta", method)]
        assert [point.value for point in points] == sorted(rows["beta"])
        settings = [config.resolved(point.name) for point in points]
        assert {each.all_parameters["regulariser_weight"] for each in settings} == {1.0}
        assert {(each.trainable, each.batch_size, each.epochs, each.averaging) for each in settings} == {
            ("all", 512, 3, True)
        }
    released = read_config(ROOT / "config/released_code.yaml", datasets=DATASETS)
    for section in ("reading", "evaluation", "model", "attack"):
        assert getattr(config, section) == getattr(released, section)
    assert config.datasets == ("food101", "sun397") and config.seeds == (0,)
    assert config.training.warmup_ratio == 0 and config.training.drop_last_batches == 1
    # What author_kl.csv calls ipo is, bit by bit, the sweep's β = 1.
    assert config.resolved("ipo").all_parameters["beta"] == 1.0
    sizes = [config.resolved(point.name) for point in config.grid_points if point.sweep == "size"]
    assert {(each.batch_size, *each.all_parameters.values()) for each in sizes} == {(64, 0.01, 0.01, 0.0)}


def test_the_main_run_plans_nothing_of_the_sweeps(checkout):
    jobs = checkout.snakemake("--dry-run", "all", config="config/smoke.yaml").jobs
    assert jobs["train_policy"] == 1 and "synthesise_words" not in jobs and jobs["make_table"] == 7


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_small_sweep_runs_from_images_to_figures(checkout):
    answer = checkout.snakemake("ablations", "--cores", "2")
    assert answer.code == 0, answer.output
    run = RunFiles(RUN)
    assert "Nothing to be done" in checkout.snakemake("--dry-run", "ablations").output
    table = pd.read_csv(checkout.folder / run.table("sweeps"), keep_default_na=False)
    assert set(table["method"]) == {"clip", "dpo", "dpo-beta-0p1", "dpo-images-64", "dpo-images-64-words-2"}
    assert len(read_table(checkout.folder / run.table("sweeps", "json")).numbers) == len(table)
    assert (checkout.folder / run.figure("sweep_words", "png")).is_file()
    assert (checkout.folder / run.ablations_report).is_file() and not (checkout.folder / run.report).exists()
    assert not (checkout.folder / run.figure("sweep_size", "png")).exists()
    logs = {
        method: pd.read_csv(checkout.folder / run.training_log("emoji-clip", method, 0))
        for method in ("dpo-images-64", "dpo-images-64-words-2")
    }
    assert [len(log) for log in logs.values()] == [1, 2]
    predictions = pd.read_parquet(checkout.folder / run.predictions("emoji-clip", "dpo-images-64-words-2", 0))
    assert set(predictions["dataset"]) == {"animals", "plants"} and predictions["id"].str.endswith(".w1").sum() == 0
    record = json.loads((checkout.folder / f"{run.table('sweeps')}.prov.json").read_text(encoding="utf-8"))
    assert "sweeps" in json.dumps(record)
    # Another value of β touches that point alone.
    values = {**SWEEPS, "grids": {**SWEEPS["grids"], "beta": {**SWEEPS["grids"]["beta"], "values": [0.2, 1.0]}}}
    path = checkout.configure(settings(sweeps=values), "changed")
    jobs = checkout.snakemake("--dry-run", "ablations", config=path).jobs
    drawn = jobs.pop("draw_figure")
    assert drawn == 3 and jobs == {
        "train_policy": 1,
        "evaluate_model": 1,
        "make_table": 2,
        "judge_swept_claims": 1,
        "build_ablations_page": 1,
        "ablations": 1,
    }
