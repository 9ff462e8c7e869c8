"""What figures about concepts and bias are drawn from: curves over t, and the limits of the data beneath them."""

import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure
from whole_run import EVERY_T, SCALES, concept_table, reading_rows

from prefclip.reporting.data_limits import limits_text, tones_in_order
from prefclip.reporting.drawing.curves import CurveError, named_scale, rows_of, untouched
from prefclip.reporting.drawing.gender_map import has_gender_map
from prefclip.reporting.drawing.style import print_style
from prefclip.reporting.figures import all_names, leaf

BIAS_FIGURES = [name for name in all_names() if leaf(name).applies is has_gender_map]


def reading_table():
    rows = itertools.chain(*(reading_rows(seed) for seed in (0, 1)))
    table = concept_table(("m", "shared", 0), list(rows))
    return table.assign(seed=np.repeat((0, 1), len(table) // 2))


def texts(figure: Figure) -> str:
    return " ".join(part.get_text() for part in figure.findobj(lambda part: hasattr(part, "get_text")))


@pytest.mark.parametrize("name", BIAS_FIGURES)
def test_bias_figures_state_the_limits_of_their_data(whole, name):
    with print_style():
        found = " ".join(texts(leaf(name).draw(*whole)).split())
    for statement in ("emoji drawings", "no photographs of people", "“man” and “woman” are the only", "2 skin tones"):
        assert statement in found


def test_limits_of_photographs_say_what_is_not_labelled():
    assert "photographs of vl_bias; skin tone is not labelled" in limits_text("vl_bias", ())
    assert "default yellow alone" in limits_text("people", ("default",))
    assert tones_in_order(["dark", "other", "default", "light"]) == ["default", "light", "dark", "other"]


def test_curves_average_seeds_and_leave_the_untouched_out():
    rows = rows_of(reading_table(), map="shared", dataset="food", images="typographic", metric="accuracy")
    assert rows["t"].tolist() == list(SCALES) and len(EVERY_T) == len(SCALES) + 1
    assert rows.loc[rows["t"] == 0, "value"].item() == pytest.approx(0.505)
    assert untouched(reading_table(), map="shared", dataset="food", images="clean", metric="accuracy") == 0.9


def test_a_scale_that_one_seed_lacks_is_no_point_of_a_curve():
    shared = reading_table()
    shared = shared[~((shared["seed"] == 1) & (shared["t"] == -1.5))]
    rows = rows_of(shared, map="shared", dataset="food", images="clean", metric="accuracy")
    assert -1.5 not in rows["t"].tolist()


def test_missing_numbers_are_named():
    with pytest.raises(CurveError, match="no rows with map shared, metric recall"):
        rows_of(reading_table(), map="shared", metric="recall")
    with pytest.raises(CurveError, match="untouched CLIP's recall"):
        untouched(reading_table(), metric="recall")


def test_scales_have_real_minus_signs():
    assert [named_scale(t) for t in (-2.37, 0.0, 1.0, -4)] == ["t = −2.37", "t = 0", "t = 1", "t = −4"]
