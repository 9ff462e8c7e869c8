"""The report: what it takes from tables and settings, and a page that needs nothing but itself."""

import html
import json
import math
import re
import shutil
from pathlib import Path

import pytest
from report_run import Loads, reported_run

from prefclip.config import Config
from prefclip.lineage.run_facts import run_facts
from prefclip.reporting.report.contents import sweep_inputs
from prefclip.reporting.report.first_screen import read_first_screen
from prefclip.reporting.report.headline import read_headline
from prefclip.reporting.report.page import build_report, embedded_json, explorer_data, report_sources
from prefclip.reporting.report.settings import read_settings
from prefclip.reporting.report.shown_tables import read_tables
from prefclip.reporting.report.sweeps import read_sweeps
from prefclip.reporting.tables import make_table, table_names
from prefclip.run.files import RunFiles
from prefclip.table import TableFileError, read_table, write_table

PAPER_LIMIT = 15_000_000  # bytes


@pytest.fixture(scope="module")
def reported(world, made_up, tmp_path_factory):
    """(config, layout) of a run with its report."""
    return reported_run(world, made_up[1], tmp_path_factory.mktemp("reported") / "results")


@pytest.fixture(scope="module")
def page(reported):
    return Path(reported[1].report)


def test_every_number_knows_its_line_and_cell(reported):
    _, layout = reported
    table, *_ = read_tables(Path(f"{layout.root}/tables").glob("*.json"), layout.root)
    assert table.name == "typographic" and table.both_kinds and table.has_quiet and table.has_further
    for rows in table.groups:
        assert not rows[0].quiet and all(row.quiet for row in rows[1:])
        for row in rows:
            for cell in row.cells:
                line = table.lines[cell.line]
                unit = "points" if row.quiet else "%"
                value, ends = line["measured"].split(f" {unit}, interval ")
                low, high = (float(end.replace("−", "-")) for end in ends.split(" to "))
                assert value == cell.text, "the origin says the number as the cell shows it"
                assert math.isclose((high - low) / 2, float(cell.half_width), abs_tol=0.101)
    clip = table.lines[table.groups[0][0].cells[2].line]
    assert clip["cell"] == "clip raw,animals typographic accuracy"
    assert [table.files[place] for place in clip["files"]] == [layout.predictions("emoji-clip", "clip", 0)]
    assert clip["operation"] == "accuracy of clip (raw) on typographic images of animals"
    last = [rows[0].label for rows in table.groups if rows[0].further]
    assert last == ["CE + KL, last iterate", "DPO, last iterate", "IPO, last iterate", "KTO, last iterate"]


def test_a_table_with_one_line_for_each_row_is_traced_too(reported):
    _, layout = reported
    (table,) = read_tables([Path(layout.table("main_results", "json"))], layout.root)
    found = [row.cells[1] for rows in table.groups for row in rows]
    assert [cell.line for cell in found] == list(range(len(table.lines)))
    assert all(row.cells[0].line == -1 for rows in table.groups for row in rows)


def test_a_damaged_table_is_named(copied):
    config, layout = copied
    make_table(layout, "typographic")
    path = Path(layout.table("typographic", "json"))
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(TableFileError, match=r"typographic\.json: not a whole table.*prefclip table"):
        build_report(config, layout, {}, layout.report)


@pytest.mark.parametrize(
    ("named", "first"),
    [
        (["cat cat", "cat dog", "dog cat", "dog cat"], 2),
        (["cat cat", "dog dog", "cat dog"], 0),
        ([], 0),
    ],
    ids=["the first that tells", "none tells", "no pictures"],
)
def test_the_explorer_opens_with_a_picture_that_tells_methods_apart(reported, named, first):
    """What CLIP and DPO call attacked cats, picture by picture."""
    answers = [dict(zip(("clip", "dpo"), each.split(), strict=True)) for each in named]
    pictures = [
        {"name": "cat", "answers": {method: {"typographic": [[name, 0.9]]} for method, name in each.items()}}
        for each in answers
    ]
    assert explorer_data(reported[0], {"methods": ["clip", "dpo"], "pictures": pictures})["first"] == first


def test_headline_follows_the_table(page, reported):
    config, layout = reported
    found = read_headline(config, layout)
    assert [title for title, _ in found.panels] == ["animals, the training data", "zero-shot data, food"]
    lines = found.panels[1][1]
    assert [line.label for line in lines] == ["CLIP", "CE", "CE + KL", "DPO", "IPO", "KTO"]
    best = max(lines[1:], key=lambda line: line.attacked.value)
    keys = {"method": "clip", "requirement": "reading_share", "scope": "zero_shot_mean"}
    share = read_table(layout.table("main_results", "json")).number(**keys)
    number, text = found.facts[1]
    assert number.startswith(f"{100 * share.value:.1f} ±") and "reading" in text
    number, text = found.facts[2]
    assert number == f"{best.attacked.text} %" and text.startswith(best.label)
    assert all(line.attacked.low <= line.attacked.value <= line.attacked.high for line in lines)


def test_headline_names_no_share_where_clip_loses_nothing(reported, tmp_path):
    config, layout = reported[0], RunFiles(str(shutil.copytree(reported[1].root, tmp_path / "results")))
    path = Path(layout.table("main_results", "json"))
    table = read_table(path)
    nothing = {"value": None, "low": None, "high": None}
    changes = [nothing if number.keys["requirement"] == "reading_share" else {} for number in table.numbers]
    numbers = [number.model_copy(update=change) for number, change in zip(table.numbers, changes, strict=True)]
    write_table(table.model_copy(update={"numbers": numbers}), path)
    facts = [text for _, text in read_headline(config, layout).facts]
    assert len(facts) == 4 and not any("reading" in text for text in facts)


def test_every_key_of_the_configuration_is_shown(made_up):
    config, _ = made_up
    shown = {f"{section.name}.{key.name}".strip(".") for section in read_settings(config) for key in section.keys}

    def keys(values, prefix=""):
        for key, value in values.items():
            yield from (
                keys(value, f"{prefix}{key}.") if isinstance(value, dict) and key != "parameters" else [prefix + key]
            )

    without = {"saliency", "tuning"}
    assert all(getattr(config, name) is None for name in without)
    given = config.model_dump(exclude={"experiment", *without})
    assert shown == set(keys(given)), "the name, or a section that the run does without, is not shown"
    assert all(key.meaning for section in read_settings(config) for key in section.keys if section.name)


def test_disputed_keys_say_what_both_protocols_set():
    config = Config.model_validate(
        {"methods": {"ipo": {"objective": "ipo", "parameters": {"regulariser_weight": 3.0}}}}
    )
    disputed = {
        f"{section.name}.{key.name}": key.protocols
        for section in read_settings(config)
        for key in section.keys
        if key.protocols
    }
    assert disputed["reading.bottleneck"] == ("none", "168")
    assert disputed["training.warmup_ratio"] == ("0.1", "0")
    assert disputed["methods.ipo.parameters"] == ("regulariser_weight 0.01", "regulariser_weight 1")
    assert "attack.seed" not in disputed


def test_curves_and_pictures_follow_t(reported):
    config, layout = reported
    found = read_sweeps(config, layout)
    reading, gender = found["maps"]
    assert reading["scales"] == [-2, -1, 0, 1, 2] and reading["neutral"] is None and reading["retrieval"] is None
    assert [scope["title"] for scope in reading["scopes"]] == ["Animals", "Zero-shot mean", "Food"]
    for curve in (curve for each in found["maps"] for scope in each["scopes"] for curve in scope["curves"]):
        assert curve["value"] == [0.3, 0.4, 0.5, 0.6, 0.7] and curve["low"][0] == 0.25 and curve["high"][-1] == 0.75
    assert gender["neutral"] == -1 and "emoji drawings" in gender["limits"]
    ranks = gender["retrieval"]["queries"][0]["ranks"]
    assert len(ranks) == 5 and all(len(each) == 3 for each in ranks) and ranks[0] != ranks[1]
    used = {picture for query in gender["retrieval"]["queries"] for each in query["ranks"] for picture, _, _ in each}
    assert used == set(range(len(found["pictures"]))) and len(set(found["pictures"])) == len(found["pictures"])


def test_a_run_without_swept_maps_has_no_slider(made_up, reported):
    config, layout = made_up
    assert sweep_inputs(config, layout) == [] and read_sweeps(config, layout) is None
    assert read_sweeps(reported[0], layout) is None  # configured, not swept yet
    assert all(Path(path).is_file() for path in sweep_inputs(*reported)) and read_sweeps(*reported)


def test_the_page_needs_nothing_but_itself(page):
    text = page.read_text(encoding="utf-8")
    loads = Loads(text)
    assert len(loads.found) >= 2 and all(each.startswith("data:") for each in loads.found)
    named = text.replace("http://www.w3.org/2000/svg", "")  # the name of a format, not an address
    assert "http://" not in named and "https://" not in named
    assert len(loads.ids) == len(set(loads.ids))
    assert page.stat().st_size < PAPER_LIMIT


def test_the_same_run_gives_the_same_bytes(page, reported):
    config, layout = reported
    first = page.read_bytes()
    build_report(config, layout, run_facts(report_sources(config, layout)), layout.report)
    assert page.read_bytes() == first


def test_the_report_does_not_depend_on_ablations(page, reported, tmp_path):
    config, layout = reported
    folder = shutil.copytree(layout.root, tmp_path / "results")
    layout = RunFiles(str(folder))
    shutil.copy(layout.table("retention", "json"), layout.table("sweeps", "json"))
    shutil.copy(layout.figure("retention_boxes", "png"), layout.figure("sweep_beta", "png"))
    build_report(config, layout, {}, layout.report)
    ids = Loads(Path(layout.report).read_text(encoding="utf-8")).ids
    assert "table-retention" in ids and not {"table-sweeps", "figure-sweep_beta"} & set(ids)


def test_the_page_opens_with_the_verdicts(page, reported):
    text = page.read_text(encoding="utf-8")
    first = read_first_screen(reported[1], "results/RUN", ablations=False)
    body = text[text.index("<main") :]
    places = [body.index(f'id="{name}"') for name in ("claims", "results", "experiments", "settings")]
    assert places == sorted(places) and first.outcome in body[: places[1]]
    shown = [f"claim-{each.claim.id}" for each in first.claims]
    assert [each for each in Loads(text).ids if each.startswith("claim-")] == shown
    # What does not hold is said before what does.
    order = ["falsified", "inconclusive", "verified", "not run", "the code differs"]
    worst = [min(order.index(chip.verdict) for chip in each.chips) for each in first.claims]
    assert worst == sorted(worst) and len(set(worst)) > 2
    for each in first.claims:
        for case in each.cases:
            assert all(trace in html.unescape(text) for *_, trace in case.cells)
    # The run has drawn one figure.
    assert re.findall(r'href="#(figure-\w+)"', text[text.index('id="claims"') :]) == ["figure-retention_boxes"]
    assert "Does the paper hold?" in text and f'value="{next(iter(first.experiments))}"' in text


def test_a_run_without_verdicts_opens_with_its_results(copied):
    config, layout = copied
    for name in table_names(config, "main"):
        make_table(layout, name)
    Path(layout.verdicts()).unlink(missing_ok=True)
    build_report(config, layout, {}, layout.report)
    ids = Loads(Path(layout.report).read_text(encoding="utf-8")).ids
    assert "claims" not in ids and "results" in ids


def test_no_text_ends_the_script_early():
    text = embedded_json({"word": "</script><!-- & >"})
    assert "<" not in text and json.loads(text) == {"word": "</script><!-- & >"}


def test_commands_of_the_page_name_the_run_as_any_run(page, reported):
    config, layout = reported
    text = page.read_text(encoding="utf-8")
    assert "prefclip figure results/RUN retention_boxes" in text
    assert "prefclip audit trace results/RUN/figures/retention_boxes.png" in text
    assert layout.root not in text and config.experiment not in text


def test_a_run_without_tables_is_named(copied):
    config, layout = copied
    with pytest.raises(TableFileError, match=r"typographic\.json: not a table that can be read .*prefclip table"):
        build_report(config, layout, {}, layout.report)
