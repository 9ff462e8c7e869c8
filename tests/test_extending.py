"""docs/extending.md, carried out to the letter: its files written, its commands given, what it promises looked for."""

import html
import importlib
import math
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from extending_page import (
    DESK,
    FIGURE,
    FILES,
    MISTAKES,
    PAGE,
    RECIPES,
    ROOT,
    SIMPO,
    TRIMMED,
    Followed,
    blocks,
    draw_pictures,
    merged,
    settings,
    write_files,
)

from prefclip import methods, objectives
from prefclip.config import Config, check_config
from prefclip.datasets import card_files
from prefclip.datasets.card import dataset_card
from prefclip.datasets.check import check_dataset
from prefclip.datasets.own_folders import check_own_folders
from prefclip.datasets.registry import DATASETS
from prefclip.reporting import figures
from prefclip.run.files import RunFiles
from prefclip.run.steps import step_class
from prefclip.table import read_table

LONGEST_RECIPE = 45  # lines that are not empty: a page
FOUND_BY_NAME = {SIMPO: objectives, TRIMMED: methods, FIGURE: figures}


def config_of(**changes: object) -> Config:
    return check_config(settings(**changes), "my.yaml", DATASETS)


def module_name(name: str) -> str:
    return ".".join(Path(name).with_suffix("").parts[1:])


def forget() -> None:
    """Let the files of the page be read again."""
    for name, package in FOUND_BY_NAME.items():
        sys.modules.pop(module_name(name), None)
        vars(package).pop(Path(name).stem, None)
    importlib.invalidate_caches()


@pytest.fixture
def finds(monkeypatch):
    """`finds(folder)`: prefclip looks for files of the page below a folder too, which is the current one."""

    def look_below(folder: Path) -> None:
        monkeypatch.chdir(folder)
        for name, package in FOUND_BY_NAME.items():
            monkeypatch.setattr(package, "__path__", [*package.__path__, str((folder / name).parent)])
        monkeypatch.setattr(card_files, "CARDS", (folder / DESK).parent)

    yield look_below
    forget()


@pytest.fixture
def written(tmp_path, finds) -> Path:
    """The files and pictures of the page, in the current folder."""
    shutil.copytree(card_files.CARDS, (tmp_path / DESK).parent)
    write_files(tmp_path, *FILES)
    draw_pictures(tmp_path)
    finds(tmp_path)
    return tmp_path


def test_every_recipe_is_one_file_on_less_than_a_page():
    assert list(RECIPES) == ["A loss", "A data set", "A defence", "A figure"]
    for name, text in RECIPES.items():
        assert len([line for line in text.splitlines() if line]) <= LONGEST_RECIPE, name
        assert "No finished run becomes stale" in text, name
        assert len({block.path for block in blocks(text) if block.path.startswith("src/")}) == 1, name
    assert set(FILES) == {"my.yaml", "desk.yaml", SIMPO, DESK, TRIMMED, FIGURE}


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=" ".join)
@pytest.mark.parametrize("name", FOUND_BY_NAME)
def test_code_of_the_page_has_the_style_of_the_house(name, arguments):
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        pytest.skip("ruff is not installed")
    command = [ruff, *arguments, "--stdin-filename", name, "-"]
    run = subprocess.run(command, cwd=ROOT, input=FILES[name], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_loss_is_its_formula(written):
    import torch

    logits = torch.tensor([[3.0, 1.0, 7.0], [0.0, 2.0, -9.0]], requires_grad=True)
    loss = objectives.objective("simpo", beta=0.5, gamma=0.25)
    value = loss(None, logits, None, None, torch.tensor([0, 0]), torch.tensor([1, 1]))
    expected = [math.log1p(math.exp(0.25 - 0.5 * margin)) for margin in (2.0, -2.0)]
    assert value.total.item() == pytest.approx(sum(expected) / 2)
    assert not loss.needs_reference and not loss.needs_clean_images
    value.total.backward()
    assert (logits.grad[:, 2] == 0).all(), "the softmax cancels: other classes have no part in the margin"
    assert objectives.objective("simpo", regulariser_weight=1.0).needs_clean_images


def test_the_card_is_read_and_its_folder_sound(written):
    card = dataset_card("desk")
    keys, order = list(yaml.safe_load(FILES[DESK])), [field.name for field in fields(card)]
    assert keys == sorted(keys, key=order.index), "as on all cards"
    assert (card.classes, card.folders) == (("laptop", "camera", "teddy bear"), ("laptop", "mobile", "teddy"))
    report = check_dataset(card, "data")
    assert report.sound and report.images == {"test": 24, "train": 96}
    check_own_folders(config_of())
    desk = check_config(merged(settings(), yaml.safe_load(FILES["desk.yaml"])), "desk.yaml", DATASETS)
    assert desk.datasets == ("desk",) and desk.experiment == "desk"


def test_the_defence_keeps_the_largest_changes(written):
    import torch

    base = {"a": torch.tensor([1.0, 1.0, 1.0]), "b": torch.tensor([[0.0], [0.0]])}
    tuned = {"a": torch.tensor([1.5, 1.0, -1.0]), "b": torch.tensor([[0.25], [-1.0]])}
    kind = methods.kind_of("trimmed")
    kept = kind.weights(base, {"dpo": tuned}, {"of": "dpo", "keep": 0.5})
    assert kept["a"].tolist() == [1.0, 1.0, -1.0] and kept["b"].tolist() == [[0.0], [-1.0]]
    whole = kind.weights(base, {"dpo": tuned}, {"of": "dpo", "keep": 1.0})
    assert all(torch.equal(whole[name], tuned[name]) for name in base)
    unmoved = kind.weights(base, {"dpo": base}, {"of": "dpo", "keep": 0.2})
    assert all(torch.equal(unmoved[name], base[name]) for name in base)
    assert config_of().methods["trimmed"].builds_on == ("dpo",)


def test_the_figure_describes_itself(written):
    figure = figures.leaf("defence_price", config_of())
    needed = {*figures.Leaf.__annotations__, *(name for name in vars(figures.Leaf) if not name.startswith("_"))}
    assert needed <= set(vars(figure)) and {"CAPTION", "draw"} <= needed
    others = [figures.leaf(name) for name in figures.all_names() if name != "defence_price"]
    assert figure.ORDER not in [other.ORDER for other in others] and figure.CAPTION.endswith(".")
    assert not figure.applies(check_config(yaml.safe_load(FILES["my.yaml"]), "my.yaml"))
    assert "defence_price" in figures.figure_names(config_of(), "main")


def rewrite(name: str, old: str, new: str) -> None:
    """Make a mistake in a file of the page."""
    text = Path(name).read_text(encoding="utf-8")
    assert old in text
    Path(name).write_text(text.replace(old, new), encoding="utf-8")
    forget()


def renamed_loss():
    Path(SIMPO).rename(Path(SIMPO).with_name("sim_po.py"))
    config_of()


def margin_without_reference():
    import torch

    start = "at_label(batch.log_policy, batch.true_label) - at_label(batch.log_policy, batch.written_label)"
    rewrite(SIMPO, start, "batch.margin")
    labels = torch.tensor([0]), torch.tensor([1])
    objectives.objective("simpo")(None, torch.zeros(1, 2), None, None, *labels)


def folder_that_is_not_there():
    shutil.rmtree("pictures")
    check_own_folders(config_of())


def name_that_was_never_learnt():
    from prefclip.models.loading import load_model

    weights = str(ROOT / "resources/embedded/emoji-clip.safetensors")
    load_model(config_of(model={"weights": weights}).model).tokenizer(["a photo of a cup."])


def key_misspelt():
    rewrite(DESK, "title:", "titel:")
    dataset_card("desk")


def picture_missing():
    Path("data/desk/test/teddy/1.png").unlink()
    raise ValueError("; ".join(check_dataset(dataset_card("desk"), "data").problems))


def figure_without_settings():
    rewrite(FIGURE, "def settings", "def setings")
    step_class("figure")(config_of(), "defence_price").settings  # noqa: B018


MADE = {
    "another file name": renamed_loss,
    "`gama: 1.0`": lambda: config_of(methods={"simpo": {"parameters": {"gama": 1.0}}}),
    "`batch.margin` is used": margin_without_reference,
    "no such folder": folder_that_is_not_there,
    "a name that emoji-clip never learnt": name_that_was_never_learnt,
    "`titel:` on the card": key_misspelt,
    "a picture is missing": picture_missing,
    "the card in an embedded run": lambda: config_of(data={"zero_shot": ["desk"]}),
    "`of: ipo`, which the run lacks": lambda: config_of(methods={"trimmed": {"parameters": {"of": "ipo"}}}),
    "`keep: 0`": lambda: config_of(methods={"trimmed": {"parameters": {"keep": 0}}}),
    "`epochs: 3`": lambda: config_of(methods={"trimmed": {"epochs": 3}}),
    "a run without such methods": lambda: figures.leaf(
        "defence_price", check_config(yaml.safe_load(FILES["my.yaml"]), "my.yaml")
    ),
    "`settings` is missing": figure_without_settings,
}


def test_every_mistake_of_the_page_is_made_below():
    assert list(MISTAKES) == list(MADE)


@pytest.mark.parametrize("mistake", MADE)
def test_a_mistake_is_said_as_the_page_has_it(written, mistake):
    with pytest.raises(Exception, match=re.escape(MISTAKES[mistake])):
        MADE[mistake]()


@pytest.fixture(scope="module")
def followed(tmp_path_factory) -> Followed:
    return Followed(tmp_path_factory.mktemp("extending") / "repository")


def slow(test):
    """Three small runs take minutes on a busy machine."""
    return pytest.mark.slow(pytest.mark.timeout(1200)(test))


@slow
def test_additions_leave_a_finished_run_complete(followed):
    assert followed.new_files == {SIMPO, DESK, TRIMMED, FIGURE}
    assert "Nothing to be done" in followed.before[2] and "Nothing to be done" in followed.unused.output
    assert followed.with_a_figure_of_its_own.jobs == {"draw_figure": 1, "build_report": 1}


@slow
def test_only_what_an_addition_needs_is_run(followed):
    reporting = ("make_table", "draw_figure", "summarise_metrics", "judge_claims", "explore_images", "build_report")
    jobs = {rule: count for rule, count in followed.planned.jobs.items() if rule not in reporting}
    of_the_shelf = {"obtain_dataset": 1, "build_manifest": 1, "synthesise_attacks": 1, "draw_ink": 1}
    # DPO and CLIP are evaluated again, for they are scored on the shelf too.
    assert jobs == {**of_the_shelf, "train_policy": 1, "derive_weights": 1, "evaluate_model": 4, "embed_pictures": 2}


@slow
def test_afterwards_nothing_is_left_to_do_and_everything_is_as_recorded(followed):
    assert "Nothing to be done" in followed.after[2]
    for verified in (followed.before[3], followed.after[3], followed.drawn_alone[1], followed.desk[2]):
        assert re.search(r"^(\d+) artifacts: \1 ok$", verified, re.M), verified
    assert "sound" in followed.desk[0]


@slow
def test_what_the_page_names_is_there(followed):
    named = re.findall(r"`(results/[^` ]+)`", PAGE)
    assert len(named) > 4 and [name for name in named if not (followed.folder / name).exists()] == []


@slow
@pytest.mark.parametrize(("run", "datasets"), [("small", {"animals", "plants", "shelf"}), ("desk", {"desk"})])
def test_rows_and_columns_are_there_with_finite_numbers(followed, run, datasets):
    layout = RunFiles(str(followed.folder / "results" / run))
    for name in ("typographic", "text_confusion", "retention", "main_results"):
        table = read_table(layout.table(name, "json"))
        assert {"dpo", "simpo", "trimmed"} <= {number.keys["method"] for number in table.numbers}, name
        values = [part for each in table.numbers for part in (each.value, each.low, each.high)]
        assert values and all(part is not None and math.isfinite(part) for part in values), name
    shown = Path(layout.table("typographic", "md")).read_text(encoding="utf-8")
    assert "| SimPO " in shown and "| Trimmed " in shown
    scored = pd.read_parquet(layout.predictions("emoji-clip", "simpo", 0))
    assert set(scored["dataset"]) == datasets


@slow
def test_the_figure_is_drawn_of_finite_numbers_and_shown(followed, finds):
    finds(followed.folder)
    layout = RunFiles("results/small")
    figure = figures.leaf("defence_price")
    assert figure.CAPTION in html.unescape(Path(layout.report).read_text(encoding="utf-8"))
    assert all(Path(layout.figure("defence_price", form)).stat().st_size > 5000 for form in ("pdf", "png"))
    (panel,) = figure.draw(layout.read_config(), layout).axes
    assert panel.get_legend_handles_labels()[1] == ["CLIP", "DPO", "SimPO", "Trimmed"]
    drawn = np.concatenate([line.get_xydata() for line in panel.lines])
    assert np.isfinite(drawn).all() and (drawn >= 0).all() and (drawn <= 100).all()
