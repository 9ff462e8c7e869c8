"""The share of saliency on the written word: by hand, by property, and through the stage."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_concepts import write_concept_run

from prefclip.config.analyses import SaliencyConfig
from prefclip.explain.saliency import SaliencyError
from prefclip.explain.saliency.box_metrics import box_area, box_masks, pointing_game, share_in_box
from prefclip.explain.saliency.measure import measure_saliency
from prefclip.explain.saliency.score_table import SCORES, read_scores
from prefclip.explain.saliency.share_estimates import share_estimates
from prefclip.models.checkpoints import save_weights, tuned_names
from prefclip.models.loading import load_model
from prefclip.models.tensor_files import read_tensors

QUICK = settings(max_examples=50)
SETTINGS = SaliencyConfig(images=5, explainers=("integrated_gradients", "hires_cam"), steps=2, examples=2, batch_size=4)


def test_masks_have_exclusive_right_and_bottom():
    mask = box_masks([[1, 2, 3, 5]], 6, 4)[0]
    assert mask.sum() == 6 and mask[2:5, 1:3].all()
    assert box_area([[1, 2, 3, 5]], 6, 4) == pytest.approx([6 / 24])


def test_share_counts_positive_saliency_only():
    saliency = np.zeros((3, 4, 4))
    saliency[0, 0, 0], saliency[0, 3, 3], saliency[0, 1, 1] = 3.0, 1.0, -9.0
    saliency[1] = -1.0
    saliency[2] = 1.0
    boxes = [[0, 0, 2, 2]] * 3
    share = share_in_box(saliency, boxes)
    assert share[0] == 0.75 and np.isnan(share[1]) and share[2] == 0.25
    pointed = pointing_game(saliency, boxes)
    assert pointed[0] == 1 and np.isnan(pointed[1]) and pointed[2] == 0.25


@st.composite
def maps_and_boxes(draw):
    height, width = draw(st.integers(2, 6)), draw(st.integers(2, 6))
    values = draw(st.lists(st.floats(0, 10), min_size=height * width, max_size=height * width))
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    right, bottom = draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))
    return np.array(values).reshape(1, height, width), [[left, top, right, bottom]]


@QUICK
@given(maps_and_boxes(), st.floats(0.1, 100))
def test_shares_lie_between_zero_and_one_and_ignore_the_scale(case, factor):
    maps, boxes = case
    share, scaled = share_in_box(maps, boxes), share_in_box(factor * maps, boxes)
    if maps.max() > 1e-300:
        assert 0 <= share[0] <= 1 + 1e-12
        assert scaled[0] == pytest.approx(share[0])
        whole = [[0, 0, maps.shape[2], maps.shape[1]]]
        assert share_in_box(maps, whole)[0] == pytest.approx(1) and pointing_game(maps, whole)[0] == 1
    else:
        assert np.isnan(share[0]) or 0 <= share[0] <= 1


def test_a_map_without_preferences_has_the_share_of_the_area():
    boxes = [[3, 1, 7, 4]]
    assert share_in_box(np.ones((1, 8, 8)), boxes) == pytest.approx(box_area(boxes, 8, 8))


@pytest.mark.parametrize("box", [[0, 0, 0, 4], [-1, 0, 2, 2], [0, 0, 9, 2], [2, 3, 1, 4]])
def test_boxes_that_leave_the_image_are_refused(box):
    with pytest.raises(SaliencyError, match="is empty or leaves the 8×8 image"):
        box_masks([box], 8, 8)


def test_maps_that_are_not_finite_are_refused():
    with pytest.raises(SaliencyError, match="must be finite"):
        share_in_box(np.full((1, 4, 4), np.nan), [[0, 0, 1, 1]])


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_concept_run(tmp_path_factory.mktemp("concepts"))


def measure(run, folder, method="clip", checkpoint=None, options=SETTINGS):
    files = [folder / f"{method}.{suffix}" for suffix in ("parquet", "safetensors")]
    measure_saliency(
        run.config.model_copy(update={"saliency": options}),
        method,
        "raw",
        {0: None} if checkpoint is None else {0: checkpoint, 1: checkpoint},
        files=run.layout,
        **dict(zip(("out_scores", "out_maps"), files, strict=True)),
        threads=1,
        device="cpu",
    )
    return files


@pytest.fixture(scope="module")
def checkpoint(run, tmp_path_factory):
    """A tower that differs a little from the base's."""
    path = tmp_path_factory.mktemp("tuned") / "model.safetensors"
    loaded = load_model(run.config.model)
    state = {name: loaded.model.state_dict()[name] for name in tuned_names(loaded.model, "image")}
    generator = torch.Generator().manual_seed(0)
    state = {
        name: value + 0.1 * torch.randn(value.shape, generator=generator) if "weight" in name else value
        for name, value in state.items()
    }
    save_weights(path, state, {"model": loaded.name, "base_sha256": loaded.weights_sha256, "trainable": "image"})
    return path


def test_the_stage_scores_every_image_explainer_and_target(run, tmp_path):
    scores, maps = measure(run, tmp_path)
    table = read_scores(scores)
    assert list(table.columns) == SCORES.names
    # Five pictures are asked for, but there are four drawings, and each is shown once.
    drawings = pd.read_parquet(run.layout.manifest("animals")).set_index("id")["cluster"]
    shown = drawings[table["id"].str.partition(".w")[0].unique()]
    assert len(shown) == shown.nunique() == 4 and len(table) == 4 * 2 * 3
    same = table[table["target"] == "predicted"].set_index(["explainer", "id"])
    written = table[table["target"] == "written"].set_index(["explainer", "id"])
    called = same["predicted"] == same["word_label"]
    assert np.allclose(same["share_in_box"][called], written["share_in_box"][called], equal_nan=True)
    assert table["share_in_box"].dropna().between(0, 1).all() and table["box_area"].between(0, 1).all()
    tensors, metadata = read_tensors(maps, "")
    assert set(tensors) == {"integrated_gradients", "hires_cam"}
    assert tensors["hires_cam"].shape == (2, 2, 2, 64, 64) and len(metadata["ids"].split("\n")) == 2


def test_the_stage_repeats_its_bytes_and_shows_every_model_the_same_images(run, checkpoint, tmp_path):
    folders = [tmp_path / name for name in ("first", "again")]
    for folder in folders:
        folder.mkdir()
    files = [measure(run, folder, "dpo", checkpoint) for folder in folders]
    for first, again in zip(*files, strict=True):
        assert first.read_bytes() == again.read_bytes()
    clip, clip_maps = measure(run, tmp_path)
    assert set(read_scores(clip)["id"]) == set(read_scores(files[0][0])["id"])
    assert read_tensors(clip_maps, "").metadata["ids"] == read_tensors(files[0][1], "").metadata["ids"]
    first, second = read_scores(clip), read_scores(files[0][0])
    seeds = [part.drop(columns="seed").reset_index(drop=True) for _, part in second.groupby("seed")]
    pd.testing.assert_frame_equal(*seeds)
    second = second[second["seed"] == 0]
    assert not np.allclose(first["share_in_box"], second["share_in_box"])


def test_estimates_pair_every_method_with_clip(run, checkpoint, tmp_path):
    scores = [read_scores(measure(run, tmp_path)[0]), read_scores(measure(run, tmp_path, "dpo", checkpoint)[0])]
    table = share_estimates(pd.concat(scores), run.config.evaluation)
    pd.testing.assert_frame_equal(table, share_estimates(pd.concat(scores[::-1]), run.config.evaluation))
    values = table.set_index(["explainer", "target", "method", "kind", "measure"])["value"]
    for explainer in SETTINGS.explainers:
        for target in SETTINGS.targets:
            change = values[explainer, target, "dpo", "difference", "share_in_box"]
            clip, dpo = (values[explainer, target, method, "value", "share_in_box"] for method in ("clip", "dpo"))
            assert change == pytest.approx(dpo - clip, abs=0.05)


def synthetic(method, ids, share, seed=0):
    """Scores of one explainer and target."""
    return pd.DataFrame(
        {
            **{"model": "m", "method": method, "weights": "raw", "seed": seed, "dataset": "animals"},
            **{"explainer": "occlusion", "target": "true", "id": ids, "label": 0, "word_label": 1, "predicted": 1},
            **{"share_in_box": share, "pointing_game": share, "box_area": 0.2},
        }
    )


def estimates_of(settings, *frames):
    return share_estimates(pd.concat(frames), settings).set_index(["method", "kind", "measure"])


def test_seeds_are_averaged_and_maps_without_saliency_left_out(run):
    ids = ["a", "b", "c", "d"]
    table = estimates_of(
        run.config.evaluation,
        synthetic("clip", ids, [0.6, 0.6, 0.8, np.nan]),
        synthetic("dpo", ids, [0.2, 0.4, 0.4, 0.4]),
        synthetic("dpo", ids, [0.3, 0.3, 0.3, np.nan], seed=1),
    )
    clip, dpo = (table.loc[(method, "value", "share_in_box")] for method in ("clip", "dpo"))
    assert clip[["value", "n", "seeds"]].tolist() == [pytest.approx(2 / 3), 3, 1]
    assert dpo[["value", "n", "seeds"]].tolist() == [pytest.approx(19 / 60), 3, 2]
    assert clip["left_out"] == dpo["left_out"] == ("d",)
    change = table.loc[("dpo", "difference", "share_in_box")]
    assert change["value"] == pytest.approx(19 / 60 - 2 / 3) and change["ci_low"] <= change["value"] < 0
    # Two seeds that differ widen the interval beyond that of the images.
    assert change["ci_high"] - change["ci_low"] > 0.2
    assert ("clip", "difference", "share_in_box") not in table.index


def test_models_that_explained_other_images_are_not_compared(run):
    frames = synthetic("clip", ["a", "b"], 0.5), synthetic("dpo", ["a", "c"], 0.5)
    with pytest.raises(SaliencyError, match="dpo explained other images of animals than clip"):
        estimates_of(run.config.evaluation, *frames)
    with pytest.raises(SaliencyError, match="no scores of the untouched clip"):
        estimates_of(run.config.evaluation, frames[1])


def test_a_run_without_the_section_says_so(run, tmp_path):
    with pytest.raises(SaliencyError, match="saliency: the configuration has no such section; add one"):
        measure(run, tmp_path, options=None)
