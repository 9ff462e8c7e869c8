"""Figures about concepts, bias and saliency, drawn from made-up numbers: all drawn, limits stated, the same bytes."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from prefclip.evaluation.concept_table import CONCEPT_TABLE
from prefclip.evaluation.saliency.score_table import ExampleMaps
from prefclip.preferences.gender_parts import HELD_OUT_CONCEPTS, SEEN_CONCEPTS
from prefclip.reporting.data_limits import limits_text, tones_in_order
from prefclip.reporting.figures.concept_sweep import draw_concept_sweep
from prefclip.reporting.figures.curves import CurveError, mean_of, named_scale, rows_of, untouched
from prefclip.reporting.figures.gender_sweep import draw_gender_sweep
from prefclip.reporting.figures.map_spectrum import draw_map_spectrum
from prefclip.reporting.figures.occupation_gap import draw_occupation_gap
from prefclip.reporting.figures.retrieval_grid import draw_retrieval_grid
from prefclip.reporting.figures.saliency_grid import ShownImage, draw_saliency_grid
from prefclip.reporting.figures.saliency_shares import draw_saliency_shares
from prefclip.reporting.figures.skew_over_k import draw_skew_over_k
from prefclip.reporting.figures.style import print_style, save_figure

SCALES = (np.nan, -4.0, -2.0, -1.5, -1.0, 0.0, 1.0, 2.0, 4.0)
KINDS = {"judge": "occupations", "cook": "occupations", "running": "activities", "walking": "activities"}
TONES = ("default", "light", "dark")
NEUTRAL = {"t": -1.5, "low": -2.0, "high": -1.0}


def table(rows):
    """A concept table; ``rows``: dictionaries of what differs."""
    fixed = {"run_id": "r", "model": "m", "map": "shared", "concept": "c", "seed": 0, "images": "clean"}
    fixed |= {"axis": "all", "group": "all", "n": 50}
    frame = pd.DataFrame([{**fixed, **row} for row in rows])
    frame["ci_low"], frame["ci_high"] = frame["value"] - 0.03, frame["value"] + 0.03
    return frame[CONCEPT_TABLE.names]


def reading_table():
    rows = []
    for name, dataset, t, seed in itertools.product(("shared", "separate"), ("animals", "food"), SCALES, (0, 1)):
        seen = 1 / (1 + np.exp(-np.nan_to_num(t))) + 0.01 * seed
        common = {"map": name, "dataset": dataset, "part": "test", "t": t, "seed": seed}
        rows.append({**common, "metric": "accuracy", "value": 0.9})
        rows.append({**common, "images": "typographic", "metric": "accuracy", "value": seen})
        rows.append({**common, "images": "typographic", "metric": "text_confusion", "value": 1 - seen})
    return table(rows)


def gender_table():
    rows = []
    for part, t in itertools.product((SEEN_CONCEPTS, HELD_OUT_CONCEPTS), SCALES):
        common = {"dataset": "people", "part": part, "t": t}
        value = 0.5 + 0.1 * np.nan_to_num(t) / 4
        rows += [{**common, "metric": metric, "value": value} for metric in ("probability_true", "concept_accuracy")]
        for group in ("man", "woman"):
            rows.append({**common, "axis": "gender", "group": group, "metric": "probability_true", "value": value})
    for name, t in itertools.product(KINDS, (np.nan, 0.0, 1.0, -1.5)):
        part = SEEN_CONCEPTS if name in ("judge", "running") else HELD_OUT_CONCEPTS
        gap = {"metric": "probability_gap", "value": 0.1 * len(name) - 0.5}
        rows.append({"dataset": "people", "part": part, "axis": "concept", "group": name, "t": t, **gap})
    for axis, metric, t in itertools.product(("gender", "tone"), ("max_skew@5", "max_skew@10", "ndkl"), SCALES):
        rows.append({"dataset": "people", "part": "test", "axis": axis, "t": t, "metric": metric, "value": 0.2})
    return table(rows)


def spectra():
    values = [
        {"map": name, "seed": seed, "matrix": "shared", "rank": rank, "eigenvalue": 2.0 / rank}
        for name, seed, rank in itertools.product(("reading", "gender"), (0, 1), range(1, 9))
    ]
    distances = [
        {"map": name, "seed": seed, "matrix": "shared", "relative_distance": 0.3, "effective_directions": 4.0}
        for name, seed in itertools.product(("reading", "gender"), (0, 1))
    ]
    return pd.DataFrame(values), pd.DataFrame(distances)


def saliency_estimates():
    rows = []
    for method, explainer, target in itertools.product(
        ("clip", "dpo"), ("occlusion", "hires_cam"), ("true", "written", "predicted")
    ):
        common = {"method": method, "weights": "raw", "kind": "value", "dataset": "animals", "n": 9, "seeds": 1}
        for measure, value in (("share_in_box", 0.3), ("box_area", 0.15)):
            row = {"explainer": explainer, "target": target, "measure": measure, "value": value}
            rows.append({**common, **row, "ci_low": value - 0.02, "ci_high": value + 0.02})
    return pd.DataFrame(rows)


def examples():
    generator = np.random.default_rng(0)
    images = [
        ShownImage("cat", "dog", *generator.integers(0, 256, (2, 16, 16, 3), dtype=np.uint8), (2, 3, 12, 8))
        for _ in range(2)
    ]
    maps = {
        method: ExampleMaps(("a", "b"), {"occlusion": generator.normal(size=(2, 2, 2, 16, 16)).astype(np.float16)})
        for method in ("clip", "dpo", "kto")
    }
    maps["kto"].maps["occlusion"][:] = -1
    return images, maps


def ranks():
    rows = [
        {"t": t, "query": query, "rank": rank, "row": rank, "gender": ("man", "woman")[rank % 2]}
        for t, query, rank in itertools.product((-1.5, 0.0, 1.0), ("judge", "cook"), range(1, 6))
    ]
    return pd.DataFrame(rows)


BIAS_FIGURES = {
    "gender_sweep": lambda: draw_gender_sweep(gender_table(), NEUTRAL, "people", TONES),
    "occupation_gap": lambda: draw_occupation_gap(gender_table(), KINDS, -1.5, "people", TONES),
    "skew_over_k": lambda: draw_skew_over_k(gender_table(), -1.5, "people", TONES),
    "retrieval_grid": lambda: draw_retrieval_grid(
        ranks(), np.zeros((9, 8, 8, 3), np.uint8), ["judge", "cook"], "a {}.", -1.5, "people", TONES
    ),
}
FIGURES = {
    **BIAS_FIGURES,
    "concept_sweep": lambda: draw_concept_sweep(
        reading_table(), {"shared": "shared W", "separate": "separate W"}, "animals", ("food",)
    ),
    "map_spectrum": lambda: draw_map_spectrum(*spectra(), {"reading": "reading", "gender": "gender"}),
    "saliency_shares": lambda: draw_saliency_shares(saliency_estimates(), ["clip", "dpo"]),
    "saliency_grid": lambda: draw_saliency_grid(*examples(), "occlusion"),
}


def texts(figure: Figure) -> str:
    return " ".join(part.get_text() for part in figure.findobj(lambda part: hasattr(part, "get_text")))


@pytest.mark.parametrize("name", list(FIGURES))
def test_figures_are_drawn_with_the_same_bytes(name, tmp_path):
    for run in ("first", "again"):
        with print_style():
            save_figure(FIGURES[name](), tmp_path / run)
    for suffix in ("png", "pdf"):
        content = (tmp_path / f"first.{suffix}").read_bytes()
        assert content == (tmp_path / f"again.{suffix}").read_bytes() and len(content) > 3000


@pytest.mark.parametrize("name", list(BIAS_FIGURES))
def test_bias_figures_state_the_limits_of_their_data(name):
    with print_style():
        found = " ".join(texts(BIAS_FIGURES[name]()).split())
    for statement in ("emoji drawings", "no photographs of people", "“man” and “woman” are the only", "2 skin tones"):
        assert statement in found


def test_limits_of_photographs_say_what_is_not_labelled():
    assert "photographs of vl_bias; skin tone is not labelled" in limits_text("vl_bias", ())
    assert "default yellow alone" in limits_text("people", ("default",))
    assert tones_in_order(["dark", "other", "default", "light"]) == ["default", "light", "dark", "other"]


def test_curves_average_seeds_and_leave_the_untouched_out():
    rows = rows_of(reading_table(), map="shared", dataset="food", images="typographic", metric="accuracy")
    assert rows["t"].tolist() == sorted(t for t in SCALES if not np.isnan(t))
    assert rows.loc[rows["t"] == 0, "value"].item() == pytest.approx(0.505)
    both = mean_of([rows, rows.assign(value=rows["value"] + 0.1)])
    assert both.loc[both["t"] == 0, "value"].item() == pytest.approx(0.555)
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
