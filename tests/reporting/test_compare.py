"""Comparison of a run with published results."""

import io
import shutil

import pandas as pd
import pytest
from rich.console import Console

from prefclip.reporting.compare import CompareError, compare_folders, compare_runs, read_cells
from prefclip.reporting.figures import draw_figure
from prefclip.reporting.tables import make_table
from prefclip.run.files import RunFiles

TABLES = ("typographic", "text_confusion", "retention", "main_results")


@pytest.fixture(scope="module")
def published(made_up, tmp_path_factory):
    """Tables and one figure as they would be put into git."""
    folder = tmp_path_factory.mktemp("reference")
    layout = RunFiles(str(tmp_path_factory.mktemp("published") / "results"))
    shutil.copytree(made_up[1].root, layout.root)
    for name in TABLES:
        make_table(layout, name)
    draw_figure(layout, "retention_boxes")
    for part in ("tables", "figures"):
        shutil.copytree(f"{layout.root}/{part}", folder / part)
    return folder


@pytest.fixture
def run(published, tmp_path):
    shutil.copytree(published, tmp_path / "run")
    return tmp_path / "run"


def change(run, table, row, **values):
    path = run / "tables" / f"{table}.csv"
    frame = pd.read_csv(path)
    for name, value in values.items():
        frame.loc[row, name] = value
    frame.to_csv(path, index=False)
    return frame.loc[row]


def printed(run, published, width=200):
    stream = io.StringIO()
    outcome = compare_runs(run, published, Console(file=stream, width=width))
    return outcome, stream.getvalue()


def test_the_published_results_reproduce_themselves(run, published):
    outcome, text = printed(run, published)
    assert outcome
    cells = sum(len(read_cells(published / "tables" / f"{name}.csv")) for name in TABLES)
    assert f"reproduced: {cells} of {cells} cells" in text
    assert text.count("reproduced") == cells + 1


def test_values_inside_the_interval_reproduce_it(run, published):
    row = pd.read_csv(published / "tables" / "typographic.csv").loc[5]
    change(run, "typographic", 5, value=row["ci_low"])
    assert compare_folders(run, published).reproduced


def test_a_value_outside_is_named(run, published):
    row = change(run, "typographic", 5, value=0.01)
    outcome, text = printed(run, published)
    assert not outcome
    assert (
        f"outside: typographic: clip · raw · value · {row['dataset']} · {row['images']} · accuracy: 0.0100 instead of"
        in text
    )
    assert "NOT reproduced" in text


def test_one_image_more_or_less_is_forgiven(run, published):
    reference = published.parent / "strict"
    shutil.copytree(published, reference)
    change(reference, "typographic", 0, value=1.0, ci_low=1.0, ci_high=1.0, n=40)
    change(run, "typographic", 0, value=1 - 1 / 40)
    assert compare_folders(run, reference).reproduced
    change(run, "typographic", 0, value=1 - 2 / 40)
    assert not compare_folders(run, reference).reproduced


def test_a_missing_cell_is_named(run, published):
    path = run / "tables" / "retention.csv"
    frame = pd.read_csv(path)
    frame[frame["method"] != "ipo"].to_csv(path, index=False)
    outcome, text = printed(run, published)
    assert not outcome and "missing: retention: ipo · averaged" in text and "the run has no such cell" in text


@pytest.mark.parametrize("name", ["tables/main_results.csv", "tables/typographic.tex", "figures/retention_boxes.pdf"])
def test_a_missing_file_is_named(run, published, name):
    (run / name).unlink()
    outcome, text = printed(run, published)
    assert not outcome and f"missing: {run / name}" in text and "missing files: 1" in text


def test_a_run_that_does_not_exist_misses_everything(published, tmp_path):
    comparison = compare_folders(tmp_path / "nowhere", published)
    assert not comparison.reproduced
    assert {verdict.verdict for verdict in comparison.verdicts} == {"missing"}


def test_further_cells_are_told_but_no_failure(run, published):
    path = run / "tables" / "retention.csv"
    frame = pd.read_csv(path)
    pd.concat([frame, frame.tail(1).assign(method="own")]).to_csv(path, index=False)
    outcome, text = printed(run, published)
    assert outcome and "1 further cells were never published" in text


def test_lost_numbers_are_outside(run, published):
    change(run, "typographic", 3, value=float("nan"))
    assert not compare_folders(run, published).reproduced


def test_narrow_terminals_still_get_every_failure_in_full(run, published):
    change(run, "typographic", 5, value=0.01)
    _, text = printed(run, published, width=40)
    assert "outside: typographic: clip · raw · value · " in text


def test_unfit_references_are_one_clear_error(run, tmp_path):
    with pytest.raises(CompareError, match="holds no published table"):
        compare_folders(run, tmp_path / "empty")
    table = tmp_path / "bad" / "tables" / "t.csv"
    table.parent.mkdir(parents=True)
    for content, message in (
        ("", "not a readable CSV"),
        ("a,b\n1,2\n", "'value' is missing"),
        ("a,value\nx,1\nx,2\n", "x occurs twice"),
    ):
        table.write_text(content)
        with pytest.raises(CompareError, match=message):
            compare_folders(run, tmp_path / "bad")


def test_ablations_count_only_where_the_run_made_some(run, published, tmp_path):
    reference = tmp_path / "published"
    shutil.copytree(published, reference)
    for form in ("csv", "md", "tex"):
        shutil.copy(reference / f"tables/typographic.{form}", reference / f"tables/sweeps.{form}")
    shutil.copy(reference / "figures/retention_boxes.png", reference / "figures/sweep_beta.png")
    outcome, text = printed(run, reference)
    assert outcome and "4 files that only `snakemake ablations` makes were not compared" in text
    shutil.copy(reference / "tables/sweeps.csv", run / "tables")
    found = compare_folders(run, reference)
    assert set(found.missing_files) == {"tables/sweeps.md", "tables/sweeps.tex", "figures/sweep_beta.png"}
    assert "sweeps" in {verdict.table for verdict in found.verdicts} and found.left_out == 0
