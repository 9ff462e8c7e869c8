"""The figure of real photographs, from made-up answers and pictures."""

import numpy as np
import pytest
from downloaded_run import downloaded_config, write_downloaded_run, write_photographs
from figure_checks import keep_inputs_alone, readable_texts, repeated_bytes

from prefclip.evaluation.long_form import read_predictions, write_predictions
from prefclip.reporting.drawing.photographs import find_photographs
from prefclip.reporting.drawing.style import RIGHT_ANSWER, WRITTEN_WORD, print_style
from prefclip.reporting.figures import figure_names, leaf

PHOTOGRAPHS = "photographs"


@pytest.fixture
def run(tmp_path):
    config = downloaded_config()
    layout = write_downloaded_run(tmp_path / "results", config)
    write_photographs(config, layout)
    return config, layout


def test_runs_with_photographs_that_bear_a_word_have_it(run):
    config, _ = run
    without = figure_names(downloaded_config(data={"real": ["noscam"]}))
    assert set(figure_names(config)) - set(without) == {PHOTOGRAPHS}


def test_it_needs_its_inputs_alone_and_repeats_to_the_byte(run):
    config, layout = run
    needed = keep_inputs_alone(config, layout, PHOTOGRAPHS)
    assert not any("noscam" in str(path) or "seed1" in str(path) for path in needed)
    assert repeated_bytes(layout, PHOTOGRAPHS)


def test_text_is_readable_and_inside_the_figure(run):
    with print_style():
        labels = {text.get_text() for text in readable_texts(leaf(PHOTOGRAPHS).draw(*run))}
    assert {"CLIP", "CE", "DPO", "Disentangling", "RTA-100", "true name"} <= labels and "NoSCAM" not in labels


def test_they_are_photographs_whose_word_misleads_clip_whatever_the_tuned_models_say(run):
    config, layout = run
    first = find_photographs(config, layout, "rta100")
    for each in first:
        assert each.answers["clip"][0] == each.word != each.name and each.answers["clip"][2] == WRITTEN_WORD
    path = layout.predictions(config.model.key, "dpo", 0)
    rows = read_predictions(path)
    write_predictions(rows.assign(predicted=rows["label"]), path)
    again = find_photographs(config, layout, "rta100")
    assert all((one.pixels == other.pixels).all() for one, other in zip(first, again, strict=True))
    assert all(each.answers["dpo"][0] == each.name and each.answers["dpo"][2] == RIGHT_ANSWER for each in again)


def test_where_clip_is_never_misled_others_are_shown(run):
    config, layout = run
    path = layout.predictions(config.model.key, "clip", 0)
    rows = read_predictions(path)
    write_predictions(rows.assign(predicted=rows["label"]), path)
    found = find_photographs(config, layout, "disentangling")
    assert len(found) == 2 and all(each.answers["clip"][0] == each.name for each in found)
    assert all(isinstance(each.pixels, np.ndarray) and each.pixels.shape == (32, 32, 3) for each in found)
