"""Every figure is one file that describes itself: found by its name, cheap to ask, drawn without the others."""

import itertools
import re
import subprocess
import sys
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
from downloaded_run import downloaded_config, write_downloaded_run, write_photographs
from matplotlib.font_manager import FontProperties, findfont
from report_run import Loads, write_report
from synthetic_run import synthetic_config
from whole_run import whole_config

from prefclip.config import read_config
from prefclip.config.sections import Section
from prefclip.lineage.sources import source_closure
from prefclip.reporting import figures, tables
from prefclip.reporting.drawing.fonts import drawn_fonts
from prefclip.reporting.drawing.nested_figure import DIGITS, nested_figure
from prefclip.reporting.drawing.style import RC, print_style
from prefclip.reporting.figures import UnknownFigureError, all_names, draw_figure, figure_caption, figure_names, leaf

FOLDER = Path(figures.__file__).parent
ROOT = Path(__file__).resolve().parents[2]
# Where a run's files lie: what these keys change, a figure's inputs show.
PLACES = {"experiment", "model.name"}
OWN = '''"""How many methods there are."""

CAPTION = "The number of methods."
ORDER = 12
GROUP = "main"


def applies(config):
    return bool(config.methods)


def reads(config, layout):
    return [layout.predictions(config.model.key, "clip", 0)]


def settings(config):
    return ["methods"]


def draw(config, layout):
    from prefclip.reporting.drawing.style import FULL_WIDTH, new_figure

    figure = new_figure(FULL_WIDTH, 2.0)
    figure.subplots().bar(["methods"], [len(config.methods)])
    return figure
'''


def test_every_file_of_the_folder_is_a_figure_that_describes_itself():
    assert {f"{name}.py" for name in all_names()} | {"__init__.py"} == {path.name for path in FOLDER.glob("*.py")}
    found = [leaf(name) for name in all_names()]
    assert len({figure.ORDER for figure in found}) == len({figure.CAPTION for figure in found}) == len(found)
    assert all(figure.CAPTION.endswith(".") and "\n" not in figure.CAPTION for figure in found)
    assert {figure.GROUP for figure in found} == set(get_args(figures.Group))


def test_captions_name_the_confidence_of_the_run():
    config = synthetic_config(Path("nowhere"), evaluation={"confidence": 0.9})
    assert "90 % intervals" in figure_caption("accuracy_bars", config)
    assert not any("{" in figure_caption(name, config) for name in all_names())


def test_figures_of_the_readme_have_the_captions_of_the_report():
    config, readme = read_config(ROOT / "config/embedded.yaml"), (ROOT / "README.md").read_text(encoding="utf-8")
    shown = re.findall(r"^!\[.+\]\(results/reference/embedded/figures/(\w+)\.png\)\n\n<sub>(.+)</sub>$", readme, re.M)
    assert len(shown) == readme.count("](results/reference/embedded/figures/") > 3
    assert {name: figure_caption(name, config) for name, _ in shown} == dict(shown)


def test_figures_of_a_run_stand_in_the_order_of_the_report():
    config = whole_config(Path("nowhere"))
    names = figure_names(config)
    assert [leaf(name).ORDER for name in names] == sorted(leaf(name).ORDER for name in names)
    assert set(names) == {name for group in get_args(figures.Group) for name in figure_names(config, group)}
    mixed = {"dpo": {"objective": "dpo"}, "mid": {"kind": "interpolated", "parameters": {"of": "dpo"}}}
    changes = ({"methods": mixed}, {"tuning": {"ranges": {"beta": [0.1, 1]}}})
    others = (downloaded_config(), *(synthetic_config(Path("nowhere"), **change) for change in changes))
    assert set(all_names()) == {*names, *(name for other in others for name in figure_names(other))}, (
        "a figure of no run"
    )


@pytest.mark.parametrize("name", all_names())
def test_a_figure_depends_on_no_other(name):
    files = source_closure([f"prefclip.reporting.figures.{name}"])
    assert {path.stem for path in files if path.parent == FOLDER} == {"__init__", name}


def test_figures_and_their_fonts_are_asked_for_without_what_they_are_drawn_with():
    code = (
        "import sys; from pathlib import Path; from prefclip.config import read_config; "
        "from prefclip.attacks.fonts import font_files; from prefclip.run.files import files_of; "
        "from prefclip.reporting.drawing.fonts import drawn_fonts; from prefclip.reporting import figures; "
        "configs = [read_config(path) for path in ('config/embedded.yaml', 'config/paper.yaml')]; "
        "asked = [each for config in configs for name in figures.figure_names(config) for each in "
        "(figures.leaf(name).reads(config, files_of(config)), figures.leaf(name).settings(config))]; "
        "fonts = all(path.is_file() for path in (*font_files(), *drawn_fonts())); "
        "heavy = {'matplotlib', 'numpy', 'pandas', 'pyarrow', 'seaborn', 'torch'} & set(sys.modules); "
        "sys.exit(bool(heavy) or not (asked and all(asked) and fonts))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=FOLDER.parents[3]).returncode == 0


def test_every_face_of_the_family_is_a_font_that_is_drawn_with():
    faces = itertools.product(("normal", "italic"), ("normal", "bold"))
    found = [FontProperties(family=RC["font.family"], style=style, weight=weight) for style, weight in faces]
    assert {Path(findfont(face)) for face in found} < {*drawn_fonts()}


def test_figures_within_a_figure_are_placed_by_round_numbers():
    with print_style():
        figure = nested_figure(4, 3)
        for part in figure.subfigures(1, 2):
            part.subplots(2, 1)
        for _ in range(2):
            figure.draw_without_rendering()
    boxes = [part.bbox_relative for part in figure.subfigs]
    boxes += [axes.get_position(original=True) for axes in figure.axes]
    places = np.array([box.get_points() for box in boxes])
    assert len(places) == 6 and (places == np.round(places, DIGITS)).all() and np.ptp(places) > 0.9
    holding = [text for path in FOLDER.parent.rglob("*.py") if ".subfigures(" in (text := path.read_text())]
    assert len(holding) > 1 and all("nested_figure(" in text for text in holding)


def test_another_file_is_another_figure_of_the_workflow_and_the_report(copied, tmp_path, monkeypatch):
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "method_count.py").write_text(OWN)
    monkeypatch.setattr(figures, "__path__", [*figures.__path__, str(folder)])
    config, layout = copied
    assert figure_names(config, "main")[:2] == ["accuracy_bars", "method_count"]
    draw_figure(layout, "method_count")
    page = write_report(config, layout).read_text(encoding="utf-8")
    assert "The number of methods." in page
    assert page.index('id="figure-method_count"') < page.index('id="figure-retention_boxes"')
    shown = {f"figure-{name}" for name in all_names()} & {*Loads(page).ids}
    assert shown == {"figure-method_count", "figure-retention_boxes"}


def test_unknown_figures_and_those_that_a_run_does_not_have_are_named(made_up):
    config, layout = made_up
    with pytest.raises(UnknownFigureError, match=f"'bars'; allowed: {', '.join(all_names())}\\.$"):
        draw_figure(layout, "bars")
    for name in set(all_names()) - {*figure_names(config)}:
        with pytest.raises(UnknownFigureError, match=f"'{name}' shows; .* are: {', '.join(figure_names(config))}\\.$"):
            draw_figure(layout, name)


def keys_asked_for(config, action, monkeypatch) -> set[str]:
    """The dotted keys of a configuration whose values ``action`` reads, by name or through the points of its sweeps."""
    places, asked = {}, set()

    def walk(value, prefix):
        if isinstance(value, Section):
            places[id(value)] = prefix
            value = {name: getattr(value, name) for name in type(value).model_fields}
        for name, part in value.items() if isinstance(value, dict) else ():
            walk(part, f"{prefix}{name}.")

    def read(section, name):
        value = plainly(section, name)
        if id(section) in places and (name in type(section).model_fields or name == "grid_points"):
            key = f"{places[id(section)]}{name}" if name != "grid_points" else "sweeps.grids"
            if not isinstance(value, Section) and not (isinstance(value, dict) and name != "parameters"):
                asked.add(key)
        return value

    walk(config, "")
    assert config.every_method and config.grid_points is not None  # expanded once, before anything is asked for
    plainly = Section.__getattribute__
    with monkeypatch.context() as patch:
        patch.setattr(Section, "__getattribute__", read)
        action()
    return asked


def test_what_is_asked_for_is_seen(made_up, monkeypatch):
    config, _ = made_up

    def ask():
        return config.methods["dpo"].averaging, config.data.train, config.grid_points

    assert keys_asked_for(config, ask, monkeypatch) == {"methods.dpo.averaging", "data.train", "sweeps.grids"}


@pytest.mark.parametrize("name", figure_names(whole_config(Path("nowhere"))))
def test_what_drawing_asks_of_the_configuration_is_named(whole, monkeypatch, name):
    config, layout = whole
    assert unnamed_settings(leaf(name), config, lambda: leaf(name).draw(config, layout), monkeypatch) == set()


@pytest.mark.parametrize("name", tables.table_names(whole_config(Path("nowhere"))))
def test_what_a_table_asks_of_the_configuration_is_named(whole, monkeypatch, name):
    config, layout = whole
    table = tables.leaf(name)
    assert unnamed_settings(table, config, lambda: table.make(config, layout), monkeypatch) == set()


def test_what_the_photographs_ask_of_the_configuration_is_named(tmp_path, monkeypatch):
    config = downloaded_config()
    layout = write_downloaded_run(tmp_path / "results", config)
    write_photographs(config, layout)
    photographs = leaf("photographs")
    assert unnamed_settings(photographs, config, lambda: photographs.draw(config, layout), monkeypatch) == set()


def unnamed_settings(shown, config, action, monkeypatch) -> set[str]:
    """Keys that ``action``, making a table or drawing a figure, asks for and that its ``settings`` do not name."""
    named = shown.settings(config)
    for key in named:  # dotted keys that the configuration has
        reduce(getitem, key.split("."), config.model_dump(mode="json"))
    with print_style():
        asked = keys_asked_for(config, action, monkeypatch)
    return {key for key in asked - PLACES if not any(f"{key}.".startswith(f"{each}.") for each in named)}
