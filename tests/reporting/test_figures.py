"""Figures: drawn from a made-up run, the same bytes each time, readable in print."""

import itertools
import re
import zlib
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from figure_checks import copy_of, figure_files, keep_inputs_alone, readable_texts, repeated_bytes
from matplotlib.colors import to_rgb
from PIL import Image
from whole_run import whole_config

from prefclip.config import Config
from prefclip.evaluation.long_form import read_predictions, write_predictions
from prefclip.files import write_text
from prefclip.models.tensor_files import read_tensors, write_tensors
from prefclip.reporting.drawing.attack_examples import find_example
from prefclip.reporting.drawing.fonts import drawn_fonts
from prefclip.reporting.drawing.retention import read_retention
from prefclip.reporting.drawing.style import STYLES, method_style, print_style
from prefclip.reporting.drawing.training_curves import COLUMNS, TrainingLogError, running_mean
from prefclip.reporting.estimates import read_estimates
from prefclip.reporting.figures import draw_figure, figure_names, leaf
from prefclip.reporting.labels import scopes_of
from prefclip.reporting.leaf_inputs import preferred_methods

FIGURES = figure_names(whole_config(Path("nowhere")))


@pytest.mark.parametrize("name", FIGURES)
def test_the_named_inputs_are_enough_for_the_same_bytes_without_a_date(whole, tmp_path, name):
    config, layout = copy_of(whole, tmp_path)
    assert len(keep_inputs_alone(config, layout, name)) > 1
    pdf, png = repeated_bytes(layout, name)
    assert b"CreationDate" not in pdf and b"ModDate" not in pdf
    assert b"/Type3" not in pdf and b"/CIDFontType2" in pdf
    fonts = {name.decode() for name in re.findall(rb"/BaseFont /[A-Z]{6}\+([\w-]+)", pdf)}
    assert fonts and fonts <= {path.stem for path in drawn_fonts()}
    assert not re.search(rb"tIME|Creation Time|matplotlib version", png)
    with Image.open(figure_files(layout, name)[1]) as image:
        assert round(image.info["dpi"][0]) == 200
        assert 6.5 < image.width / 200 < 7
        assert np.asarray(image.convert("L")).std() > 5


@pytest.mark.parametrize("name", [name for name in FIGURES if leaf(name).GROUP != "concepts"])
def test_text_is_large_enough_and_inside_the_figure(whole, name):
    with print_style():
        assert readable_texts(leaf(name).draw(*whole))


SWEPT = [name for name in FIGURES if leaf(name).GROUP == "ablations"]


@pytest.mark.parametrize("name", ["accuracy_bars", "retention_boxes", "training_curves", *SWEPT])
def test_axes_have_a_title_and_a_unit(whole, name):
    with print_style():
        panels = leaf(name).draw(*whole).axes
    assert all(panel.get_title(loc="left") for panel in panels)
    assert all(panel.get_ylabel() or panel.get_shared_y_axes().joined(panel, panels[0]) for panel in panels)
    units = " ".join(panel.get_ylabel() for panel in panels)
    assert "(%)" in units or "(nats)" in units


def test_boxes_are_of_the_numbers_themselves(made_up):
    """Not of their logarithms, which a logarithmic axis makes seaborn take; each part of a box has its key."""
    config, layout = made_up
    with print_style():
        figure = leaf("retention_boxes").draw(config, layout)
    for panel, sets in zip(figure.axes, scopes_of(config).values(), strict=True):
        assert panel.get_yscale() == "log"
        found = [read_retention(config, layout, method, config.seeds) for method in config.methods]
        numbers = [each.loc[each["dataset"].isin(sets), "retention_kl"] for each in found]
        means = [line.get_ydata()[0] for line in panel.get_lines() if line.get_marker() == "D"]
        assert means == pytest.approx([each.mean() for each in numbers])
        ends = {float(end) for line in panel.get_lines() for end in line.get_ydata()}
        for each in numbers:
            low, middle, high = np.percentile(each, [5, 50, 95])
            assert {middle, each[each >= low].min(), each[each <= high].max()} <= ends
    assert len(figure.legends[0].get_texts()) == 4


def test_what_a_word_costs_is_what_the_tables_say(made_up):
    config, layout = made_up
    with print_style():
        panel = leaf("word_cost").draw(config, layout).axes[0]
    estimates = read_estimates(config, layout)
    clean, attacked = (
        100 * estimates.of("clip", "raw", "animals", images)[0, 0] for images in ("clean", "typographic")
    )
    assert panel.collections[0].get_array()[0, 0] == round(clean - attacked) > 0
    assert panel.texts[0].get_text() == f"{clean - attacked:.0f}"


def test_a_user_style_does_not_change_a_figure(copied):
    _, layout = copied
    draw_figure(layout, "retention_boxes")
    before = figure_files(layout, "retention_boxes")[1].read_bytes()
    with matplotlib.rc_context({"font.size": 30, "axes.facecolor": "yellow", "savefig.bbox": "tight"}):
        draw_figure(layout, "retention_boxes")
    assert figure_files(layout, "retention_boxes")[1].read_bytes() == before


def test_bars_are_as_high_as_the_table_says(made_up):
    config, layout = made_up
    with print_style():
        panels = leaf("accuracy_bars").draw(config, layout).axes
    estimates = read_estimates(config, layout)
    for panel, images in zip(panels, ("clean", "ink", "typographic"), strict=True):
        heights = [bar.get_height() for bars in panel.containers if hasattr(bars, "patches") for bar in bars.patches]
        assert len(heights) == 6 * 4
        assert heights[0] == pytest.approx(100 * estimates.of("clip", "raw", "animals", images)[0, 0])


def test_examples_are_fooled_pictures_chosen_without_the_tuned_model(copied):
    config, layout = copied
    assert preferred_methods(config)[0] == "dpo"
    example = find_example(config, layout, "animals", "dpo")
    assert example.answers["clip"][0][0] == example.word != example.name
    assert example.clean.shape == example.attacked.shape == (64, 64, 3)
    assert (example.clean != example.attacked).any()
    path = layout.predictions("emoji-clip", "dpo", 0)
    rows = read_predictions(path)
    write_predictions(rows.assign(predicted=rows["word_label"].clip(lower=0)), path)
    again = find_example(config, layout, "animals", "dpo")
    assert (again.clean == example.clean).all() and again.answers["clip"] == example.answers["clip"]


def test_an_example_is_found_even_if_clip_is_never_fooled(copied):
    config, layout = copied
    path = layout.predictions("emoji-clip", "clip", 0)
    rows = read_predictions(path)
    write_predictions(rows.assign(predicted=rows["label"]), path)
    assert find_example(config, layout, "food", "dpo").name


def test_curves_stop_with_the_shortest_seed_and_leave_out_what_was_not_measured(copied):
    config, layout = copied
    path = Path(layout.training_log("emoji-clip", "dpo", 1))
    path.write_text("\n".join(path.read_text().splitlines()[:31]) + "\n")
    with print_style():
        margin, *others = leaf("training_curves").draw(config, layout).axes
    notes = [[text.get_text() for text in panel.texts] for panel in (margin, *others)]
    assert notes == [["without CE"]] * 3 + [[]], "the key names CE, these panels have no curve of it"
    lines = [line for line in margin.get_lines() if len(line.get_xdata()) > 2]
    assert len(lines) == 4  # not CE
    assert sorted(len(line.get_xdata()) for line in lines) == [30, 60, 60, 60]


def test_running_mean_keeps_constants_and_length():
    assert running_mean(np.full(10, 3.0), 4) == pytest.approx(np.full(10, 3.0))
    assert running_mean(np.arange(9.0), 3)[1:-1] == pytest.approx(np.arange(9.0)[1:-1])


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), ("", "not a readable CSV"), ("step,loss\n1,2\n", "lacks the columns regulariser, margin")],
)
def test_unfit_logs_are_named(copied, content, message):
    _, layout = copied
    path = Path(layout.training_log("emoji-clip", "ipo", 1))
    path.unlink()
    if content is not None:
        path.write_text(content)
    with pytest.raises(TrainingLogError, match=rf"ipo/seed1/training_log\.csv: {message}"):
        draw_figure(layout, "training_curves")
    assert not any(path.exists() for path in figure_files(layout, "training_curves"))


def test_methods_of_the_user_and_one_seed_are_drawn(copied):
    config, layout = copied
    values = config.model_dump()
    values |= {"methods": {"strong_dpo": values["methods"]["dpo"]}, "seeds": [0]}
    write_text(layout.config, Config.model_validate(values).model_dump_json())
    for path in (layout.predictions, layout.training_log):
        source = Path(path("emoji-clip", "dpo", 0))
        target = Path(path("emoji-clip", "strong_dpo", 0))
        target.parent.mkdir(parents=True)
        target.write_bytes(source.read_bytes())
    embedded, stored = read_tensors(layout.embeddings("emoji-clip", "dpo"), "")
    by_picture = ("label", "written")
    kept = {name: each if name in by_picture else each[:1].clone() for name, each in embedded.items()}
    write_tensors(layout.embeddings("emoji-clip", "strong_dpo"), kept, stored | {"seeds": "0"})
    for name in figure_names(layout.read_config()):
        draw_figure(layout, name)
        assert all(path.exists() for path in figure_files(layout, name))


def test_known_methods_differ_in_colour_and_without_it():
    styles = list(STYLES.values())
    assert len({style.colour for style in styles}) == len(styles)
    assert len({style.marker for style in styles}) == len(styles)
    for one, other in itertools.combinations(styles, 2):
        # Bars without colour: another hatch, or clearly another grey.
        assert one.hatch != other.hatch or abs(grey(one.colour) - grey(other.colour)) > 0.03


@pytest.mark.parametrize("blindness", ["protan", "deutan", "tritan"])
def test_colours_differ_for_colour_blind_readers(blindness):
    # Machado, Oliveira & Fernandes (2009), full severity, linear RGB.
    matrix = {
        "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    }[blindness]
    seen = {name: np.clip(np.array(matrix) @ linear(style.colour), 0, 1) for name, style in STYLES.items()}
    distances = {
        (one, other): np.linalg.norm(np.sqrt(seen[one]) - np.sqrt(seen[other]))
        for one, other in itertools.combinations(seen, 2)
    }
    assert min(distances.values()) > 0.1, min(distances, key=distances.get)


def test_further_methods_get_styles_of_their_own():
    methods = ["clip", *(f"own{index}" for index in range(6))]
    styles = [method_style(name, methods) for name in methods]
    assert len({style.colour for style in styles}) == len(styles)


def test_compressed_streams_hold_no_machine_name(copied):
    import socket

    _, layout = copied
    draw_figure(layout, "retention_boxes")
    content = figure_files(layout, "retention_boxes")[0].read_bytes()
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.S)
    plain = b"".join(zlib.decompress(part) for part in streams if part[:1] == b"x")
    assert socket.gethostname().encode() not in content + plain
    assert str(Path(layout.root)).encode() not in content + plain


def linear(colour):
    values = np.array(to_rgb(colour))
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def grey(colour):
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def test_logs_of_a_real_run_have_what_the_figure_needs():
    from prefclip.training.training_log import LOG_COLUMNS

    assert set(COLUMNS) <= set(LOG_COLUMNS)
