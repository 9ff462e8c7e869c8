"""Tables and figures of the sweeps, from a made-up run."""

import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figure_checks import copy_of
from matplotlib.colors import to_hex
from recomputation import assert_recomputed
from report_run import Loads
from synthetic_run import synthetic_config, write_synthetic_run

from prefclip.datasets.parquet_tables import TableError
from prefclip.evaluation.long_form import read_predictions
from prefclip.reporting.drawing.curves import CurveError
from prefclip.reporting.drawing.style import STYLES, print_style
from prefclip.reporting.figures import all_names, draw_figure, figure_names
from prefclip.reporting.figures import leaf as figure_leaf
from prefclip.reporting.report.page import ReportError, build_report
from prefclip.reporting.report.shown_tables import shown_table
from prefclip.reporting.sweep_numbers import setting_text
from prefclip.reporting.tables import UnknownTableError, leaf, make_table, table_names
from prefclip.run.plan import sweep_runs
from prefclip.table import read_table

SWEEP_TABLES = table_names(group="ablations")
GRIDS = {
    "beta": {"vary": "beta", "methods": ["dpo", "kto"], "values": [0.05, 0.5, 1.0, 1.5], "seeds": [0]},
    "weight": {"vary": "regulariser_weight", "methods": ["dpo"], "values": [0, 0.1, 1.0], "seeds": [0]},
    "size": {"vary": "max_train_images", "methods": ["ce", "dpo"], "values": [2, 4, 8], "seeds": [0]},
    "words": {
        "vary": "words",
        "methods": ["dpo"],
        "values": [1, 3],
        "fixed": {"max_train_images": 4},
        "seeds": [0],
    },
    "batch": {"vary": "batch_size", "methods": ["dpo"], "values": [64, 128], "seeds": [0]},
    "averaging": {"vary": "averaging", "methods": ["ce"], "values": [True], "seeds": [0, 2]},
    "trainable": {"vary": "trainable", "methods": ["dpo"], "values": ["image", "head"], "seeds": [0]},
    "seeds": {"vary": "seed", "methods": ["dpo"], "values": [0, 1, 2, 3]},
}


@pytest.fixture(scope="session")
def swept(world, tmp_path_factory):
    """(config, layout) of a made-up run with sweeps and their tables; read-only."""
    config = synthetic_config(world, sweeps={"zero_shot": ["food"], "grids": GRIDS}, data={"bias": []})
    layout = write_synthetic_run(tmp_path_factory.mktemp("swept") / "results", config)
    for name in SWEEP_TABLES:
        make_table(layout, name)
    return config, layout


@pytest.fixture
def damaged(swept, tmp_path):
    """A copy of it."""
    return copy_of(swept, tmp_path)


@pytest.fixture
def cells(swept):
    return pd.read_csv(swept[1].table("sweeps"), dtype={"setting": str, "of_seeds": str}, keep_default_na=False)


def of(cells: pd.DataFrame, **where: object) -> pd.Series:
    found = cells
    for column, value in {"dataset": "animals", "images": "typographic", "metric": "accuracy", **where}.items():
        found = found[found[column] == value]
    assert len(found) == 1, found
    return found.iloc[0]


def test_every_point_has_a_line_and_a_difference_where_it_differs(swept, cells):
    config, _ = swept
    for point in config.grid_points:
        setting = setting_text(point.value)
        weights = "averaged" if config.every_method[point.name].averaging else "raw"
        where = {"sweep": point.sweep, "main": point.method, "setting": setting, "weights": weights}
        line = of(cells, **where, kind="value")
        assert line["method"] == point.name and line["seeds"] == len(point.seeds)
        kinds = cells[(cells["sweep"] == point.sweep) & (cells["setting"] == setting) & (cells["main"] == point.method)]
        assert ("difference" in set(kinds["kind"])) == (point.name != point.method)
    assert not cells.duplicated(["sweep", "setting", "main", "weights", "kind", "dataset", "images", "metric"]).any()


def test_values_and_differences_are_those_of_the_answers_on_the_same_seeds(swept, cells):
    layout = swept[1]

    def mean(method: str, weights: str, seeds: list[int]) -> float:
        rows = pd.concat([read_predictions(layout.predictions("emoji-clip", method, seed)) for seed in seeds])
        rows = rows.query("dataset == 'animals' and images == 'typographic'")
        rows = rows[rows["weights"] == weights]
        return (rows["predicted"] == rows["label"]).mean()

    point = mean("ce-averaging-on", "averaged", [0, 2])
    where = {"sweep": "averaging", "setting": "on", "weights": "averaged"}
    assert of(cells, **where, kind="value")["value"] == pytest.approx(point, abs=1e-6)
    difference = of(cells, **where, kind="difference")
    assert difference["value"] == pytest.approx(point - mean("ce", "raw", [0, 2]), abs=1e-6)
    assert difference["of_seeds"] == "0+2" and difference["against"] == "ce raw"
    everything = of(cells, sweep="seeds", setting="all")
    assert everything["value"] == pytest.approx(mean("dpo", "averaged", [0, 1, 2, 3]), abs=1e-6)
    assert everything["ci_high"] - everything["ci_low"] > 0


def test_intervals_hold_their_values(cells):
    assert (cells["ci_low"] <= cells["value"]).all() and (cells["value"] <= cells["ci_high"]).all()


def test_the_objective_table_takes_one_part_away_at_a_time(swept):
    layout = swept[1]
    text = Path(layout.table("ablation_objective", "md")).read_text(encoding="utf-8")
    labels = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")][2:]
    assert [label for label in labels if not label.startswith("*")] == [
        "CLIP",
        "CE (3 seeds)",
        "CE, averaging on (2 seeds)",
        "CE + KL (3 seeds)",
        "CE + KL, no averaging (3 seeds)",
        "DPO (3 seeds)",
        "DPO, no averaging (3 seeds)",
        "DPO, λ = 0",
        "DPO, trainable head",
        "IPO (3 seeds)",
        "IPO, no averaging (3 seeds)",
        "KTO (3 seeds)",
        "KTO, no averaging (3 seeds)",
    ]
    assert labels[3] == "*Δ to CE*" and labels.count("*Δ to DPO*") == 3
    latex = Path(layout.table("ablation_objective", "tex")).read_text(encoding="utf-8")
    assert r"DPO, $\lambda$ = 0" in latex and not re.search(r"[^\x00-\x7f]", latex.partition(r"\begin")[2])


def test_the_shown_sweeps_have_one_line_for_each_point(swept):
    config, layout = swept
    text = Path(layout.table("sweeps", "md")).read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    assert len(lines) == 1 + len(config.grid_points) + 1
    assert any("DPO, 3 words per image (4 training images)" in line for line in lines)
    assert any("DPO, mean (4 seeds)" in line for line in lines)


@pytest.mark.parametrize("name", SWEEP_TABLES)
def test_every_number_comes_from_the_seeds_of_its_line(swept, name):
    config, layout = swept
    table = read_table(layout.table(name, "json"))
    assert_recomputed(table, layout.root)
    assert {source.path(layout.root) for source in table.sources} <= set(leaf(name).reads(config, layout))
    for number in table.numbers:
        runs = {tuple(source.file.removesuffix(".parquet").split("/")[-2:]) for source in table.sources_of(number)}
        seeds = {f"seed{seed}" for seed in number.keys["of_seeds"].split("+")}
        against = {number.keys["against"].partition(" ")[0]} - {""}
        assert runs == {(method, seed) for method in {number.keys["method"], *against} for seed in seeds}


def test_a_lacking_run_is_named(damaged):
    _, layout = damaged
    Path(layout.predictions("emoji-clip", "dpo-lambda-0", 0)).unlink()
    with pytest.raises(TableError, match=r"dpo-lambda-0/seed0\.parquet"):
        make_table(layout, "sweeps")


def test_names_of_figures_follow_from_what_is_varied(swept, world):
    assert {*figure_names(swept[0], "ablations")} == {
        name for name in all_names() if figure_leaf(name).GROUP == "ablations"
    }
    fewer = synthetic_config(world, sweeps={"grids": {"size": GRIDS["size"]}})
    assert figure_names(fewer, "ablations") == ["sweep_size"]
    assert figure_names(synthetic_config(world), "ablations") == []


def test_curves_pass_through_the_table_and_mark_the_main_setting(swept, cells):
    with print_style():
        panels = figure_leaf("sweep_beta").draw(*swept).axes
    settings = [0.05, 0.5, 1.0, 1.5]
    attacked = panels[1]
    assert [label.get_text() for label in panels[4].get_xticklabels()] == [f"{beta:g}" for beta in settings]
    drawn = [line for line in attacked.get_lines() if len(line.get_xdata()) == len(settings)]
    assert [to_hex(line.get_color()).upper() for line in drawn] == [
        STYLES[each].colour for each in ("blue", "green")
    ]  # DPO, KTO
    assert all(np.round(line.get_xdata()).tolist() == [0, 1, 2, 3] for line in drawn)
    wanted = [
        of(cells, sweep="beta", main="dpo", setting=f"{beta:g}", weights="averaged", kind="value") for beta in settings
    ]
    assert drawn[0].get_ydata() == pytest.approx([100 * cell["value"] for cell in wanted])
    bars = [bar for bars in attacked.collections if hasattr(bars, "get_segments") for bar in bars.get_segments()]
    ends = [sorted(bar[:, 1]) for bar in bars if bar[0, 0] < round(bar[0, 0])]
    assert np.ravel(ends) == pytest.approx([100 * cell[end] for cell in wanted for end in ("ci_low", "ci_high")])
    rings = np.concatenate([each.get_offsets() for each in attacked.collections if not hasattr(each, "get_segments")])
    assert sorted(np.round(rings[:, 0][np.isfinite(rings[:, 1])])) == [2, 3]


def test_methods_stand_in_one_order(swept):
    with print_style():
        legend = figure_leaf("sweep_size").draw(*swept).legends[0]
    assert [text.get_text() for text in legend.get_texts()] == ["CLIP", "CE", "DPO", "as in the main tables"]


def test_labels_of_neighbouring_panels_keep_apart(swept):
    with print_style():
        figure = figure_leaf("sweep_words").draw(*swept)
        figure.draw_without_rendering()
    below = [panel.xaxis.label.get_window_extent() for panel in figure.axes if panel.get_xlabel()]
    below.sort(key=lambda box: box.x0)
    assert len(below) == 3
    assert all(right.x0 - left.x1 > left.height for left, right in pairwise(below))


@pytest.mark.parametrize("content", [None, "", "a,b\n1,2\n", "typographic"])
def test_figures_refuse_another_table(damaged, content):
    _, layout = damaged
    path = Path(layout.table("sweeps"))
    path.unlink()
    if content == "typographic":
        content = Path(layout.table("ablation_objective")).read_text(encoding="utf-8").replace("setting", "settings")
    if content is not None:
        path.write_text(content)
    with pytest.raises(CurveError, match=r"tables/sweeps\.csv: not the table of the sweeps .* `prefclip table`\.$"):
        draw_figure(layout, "sweep_size")


def test_a_sweep_that_the_run_does_not_have_is_named(damaged):
    _, layout = damaged
    table = pd.read_csv(layout.table("sweeps"))
    table[table["vary"] != "words"].to_csv(layout.table("sweeps"), index=False)
    with pytest.raises(CurveError, match="holds no sweep over words"):
        draw_figure(layout, "sweep_words")


def test_which_runs_a_table_reads(swept, made_up):
    config, layout = swept
    assert leaf("sweeps").reads(config, layout) == [layout.predictions(*run) for run in sweep_runs(config)]
    assert len(leaf("typographic").reads(config, layout)) == 16
    with pytest.raises(UnknownTableError, match="this run has no table 'sweeps'"):
        make_table(made_up[1], "sweeps")


@pytest.mark.parametrize("name", SWEEP_TABLES)
def test_the_report_traces_each_shown_number(swept, name):
    layout = swept[1]
    shown = shown_table(read_table(layout.table(name, "json")), layout.root)
    rows = [row for group in shown.groups for row in group]
    assert len(shown.lines) == sum(len(row.cells) for row in rows) and not any(row.further for row in rows)
    for cell in (cell for row in rows for cell in row.cells):
        said = shown.lines[cell.line]["measured"]
        assert cell.line >= 0 and said.partition(",")[0].partition(" ")[0] == cell.text


def test_the_page_of_the_ablations_shows_them_alone(damaged):
    config, layout = damaged
    make_table(layout, "retention")
    draw_figure(layout, "sweep_size")
    draw_figure(layout, "retention_boxes")
    build_report(config, layout, {}, layout.ablations_report, ablations=True)
    page = Loads(Path(layout.ablations_report).read_text(encoding="utf-8"))
    assert {"results", "figures", "figure-sweep_size", "tables", "table-sweeps", "settings"} <= set(page.ids)
    assert not {"figure-retention_boxes", "table-retention", "explorer", "sweep"} & set(page.ids)
    assert all(each.startswith("data:") for each in page.found)


def test_a_page_of_ablations_needs_some(made_up):
    config, layout = made_up
    with pytest.raises(ReportError, match="no table of the sweeps; `snakemake --cores all ablations` makes them"):
        build_report(config, layout, {}, layout.ablations_report, ablations=True)
