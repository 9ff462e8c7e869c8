"""Comparison of a run with published results."""

import io
import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from prefclip.reporting.compare import CompareError, compare_folders, compare_runs, read_values
from prefclip.reporting.figures import draw_figure, figure_names
from prefclip.reporting.tables import make_table, table_names
from prefclip.run.files import RunFiles
from prefclip.table import TableFileError, read_table, write_table

REFERENCE = Path(__file__).resolve().parents[2] / "results/reference"
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


def change(run, name, place, **values):
    """Change the number at a place of a stored table; the number as it was."""
    path = run / "tables" / f"{name}.json"
    table = read_table(path)
    numbers = list(table.numbers)
    before, numbers[place] = numbers[place], numbers[place].model_copy(update=values)
    write_table(table.model_copy(update={"numbers": numbers}), path)
    return before


def printed(run, published, width=200):
    stream = io.StringIO()
    outcome = compare_runs(run, published, Console(file=stream, width=width))
    return outcome, stream.getvalue()


def test_the_published_results_reproduce_themselves(run, published):
    outcome, text = printed(run, published)
    assert outcome
    cells = sum(len(read_values(published / "tables" / f"{name}.json")) for name in TABLES)
    assert f"reproduced: {cells} of {cells} cells" in text
    assert text.count("reproduced") == cells + 1


def test_values_inside_the_interval_reproduce_it(run, published):
    low = read_table(published / "tables" / "typographic.json").numbers[5].low
    change(run, "typographic", 5, value=low)
    assert compare_folders(run, published).reproduced


def test_a_value_outside_is_named(run, published):
    keys = change(run, "typographic", 5, value=0.01).keys
    outcome, text = printed(run, published)
    assert not outcome
    assert (
        f"outside: typographic: clip · raw · value · {keys['dataset']} · {keys['images']} · accuracy: 0.0100 instead of"
        in text
    )
    assert "NOT reproduced" in text


def test_one_image_more_or_less_is_forgiven(run, published):
    reference = published.parent / "strict"
    shutil.copytree(published, reference)
    change(reference, "typographic", 0, value=1.0, low=1.0, high=1.0, n=40)
    change(run, "typographic", 0, value=1 - 1 / 40)
    assert compare_folders(run, reference).reproduced
    change(run, "typographic", 0, value=1 - 2 / 40)
    assert not compare_folders(run, reference).reproduced


def test_a_missing_cell_is_named(run, published):
    path = run / "tables" / "retention.json"
    table = read_table(path)
    kept = [number for number in table.numbers if number.keys["method"] != "ipo"]
    write_table(table.model_copy(update={"numbers": kept, "rows": []}), path)
    outcome, text = printed(run, published)
    assert not outcome and "missing: retention: ipo · averaged" in text and "the run has no such cell" in text


@pytest.mark.parametrize("name", ["tables/main_results.json", "tables/typographic.tex", "figures/retention_boxes.pdf"])
def test_a_missing_file_is_named(run, published, name):
    (run / name).unlink()
    outcome, text = printed(run, published)
    assert not outcome and f"missing: {run / name}" in text and "missing files: 1" in text


def test_a_run_that_does_not_exist_is_named(published, tmp_path):
    with pytest.raises(CompareError, match=r"nowhere/tables: no such folder; name a finished run"):
        compare_folders(tmp_path / "nowhere", published)


def test_further_cells_are_told_but_no_failure(run, published):
    path = run / "tables" / "retention.json"
    table = read_table(path)
    own = table.numbers[-1].model_copy(update={"keys": {**table.numbers[-1].keys, "method": "own"}})
    write_table(table.model_copy(update={"numbers": [*table.numbers, own]}), path)
    outcome, text = printed(run, published)
    assert outcome and "1 further cells were never published" in text


def test_lost_numbers_are_outside(run, published):
    change(run, "typographic", 3, value=None)
    assert not compare_folders(run, published).reproduced


def test_narrow_terminals_still_get_every_failure_in_full(run, published):
    change(run, "typographic", 5, value=0.01)
    _, text = printed(run, published, width=40)
    assert "outside: typographic: clip · raw · value · " in text


def test_unfit_references_are_one_clear_error(run, tmp_path):
    with pytest.raises(CompareError, match="holds no published table"):
        compare_folders(run, tmp_path / "empty")
    bad = tmp_path / "bad" / "tables" / "typographic.json"
    bad.parent.mkdir(parents=True)
    whole = json.loads((run / "tables" / "typographic.json").read_text(encoding="utf-8"))
    first = whole["numbers"][0]
    for content, message in (
        ("", "not a whole table, at the top"),
        ("{}", "Field required"),
        ({**whole, "terms": []}, "names a number, term or source that it does not list"),
        ({**whole, "numbers": [first, first], "rows": []}, "two of its numbers have the same keys"),
        ({**whole, "numbers": [{**first, "terms": []}], "rows": []}, "number without sources"),
    ):
        bad.write_text(content if isinstance(content, str) else json.dumps(content))
        with pytest.raises(TableFileError, match=rf"typographic\.json: .*{message}.*`prefclip table`"):
            compare_folders(run, tmp_path / "bad")


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in REFERENCE.glob("*/config.json")))
def test_what_all_makes_reproduces_what_is_published(folder, tmp_path):
    """`make reproduce` ends well although the published run holds what targets of their own have made."""
    published = REFERENCE / folder
    config = RunFiles(str(published)).read_config()
    for part, names in (("tables", table_names), ("figures", figure_names)):
        (tmp_path / part).mkdir()
        for name in (*names(config, "main"), *names(config, "concepts")):
            for path in (published / part).glob(f"{name}.*"):
                shutil.copy(path, tmp_path / part)
    outcome, text = printed(tmp_path, published)
    assert outcome, text[-2000:]
    apart = {*table_names(config, "tuning"), *table_names(config, "ablations")}
    assert ("were not compared" in text) == any((published / f"tables/{name}.json").is_file() for name in apart)


def test_ablations_count_only_where_the_run_made_some(run, published, tmp_path):
    reference = tmp_path / "published"
    shutil.copytree(published, reference)
    for form in ("json", "csv", "md", "tex"):
        shutil.copy(reference / f"tables/typographic.{form}", reference / f"tables/sweeps.{form}")
    shutil.copy(reference / "figures/retention_boxes.png", reference / "figures/sweep_beta.png")
    outcome, text = printed(run, reference)
    assert outcome and "5 files that only `snakemake --cores all ablations` makes were not compared" in text
    shutil.copy(reference / "tables/sweeps.json", run / "tables")
    found = compare_folders(run, reference)
    views = {f"tables/sweeps.{form}" for form in ("csv", "md", "tex")}
    assert set(found.missing_files) == {*views, "figures/sweep_beta.png"}
    assert "sweeps" in {verdict.table for verdict in found.verdicts} and found.left_out == {}
