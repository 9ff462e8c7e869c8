"""The whole evaluation, on a tiny world and an EmojiClip with random weights."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from scored_run import save_tuned

from prefclip.config import Config
from prefclip.datasets.manifest import read_manifest
from prefclip.evaluation import zero_shot
from prefclip.evaluation.long_form import read_predictions
from prefclip.evaluation.scoring import ScoringError, class_logits, predictions_of
from prefclip.evaluation.selection import SelectionError
from prefclip.evaluation.zero_shot import EvaluationError
from prefclip.files import write_text
from prefclip.models.loading import load_model
from prefclip.models.tensor_files import TensorFileError
from prefclip.run.files import RunFiles


def evaluate(layout, method, seed):
    """Evaluate with the names of the run, on one thread."""
    config = layout.read_config()
    checkpoint = None if method == "clip" else layout.checkpoint_folder("emoji-clip", method, seed)
    zero_shot.evaluate(config, method, seed, checkpoint, layout, answers(layout, method, seed), threads=1)


@pytest.fixture
def run(made, tmp_path):
    """A copy of the run that a test may damage."""
    config, layout = made
    shutil.copytree(layout.root, tmp_path / "results")
    return config, RunFiles(str(tmp_path / "results"))


def answers(layout, method, seed=0):
    return layout.predictions("emoji-clip", method, seed)


def test_every_image_of_every_set_is_scored_once_by_each_weights(run):
    _, layout = run
    evaluate(layout, "dpo", 0)
    rows = read_predictions(layout.predictions("emoji-clip", "dpo", 0))
    counts = rows.groupby(["weights", "dataset", "images"], observed=True).size().to_dict()
    painted = ("clean", "ink", "typographic")
    kinds = {"animals": (*painted, "ink:slip", "typographic:slip"), "people": painted}
    kinds["food"] = kinds["animals"]
    assert counts == {
        (weights, dataset, images): 8 * (1 if images == "clean" else 2)
        for weights in ("raw", "averaged")
        for dataset in kinds
        for images in kinds[dataset]
    }
    assert (rows.loc[rows["images"] == "clean", "retention_kl"] > 0).all()
    assert rows.loc[rows["images"] != "clean", "retention_kl"].isna().all()
    assert ((rows["word_label"] == -1) == (rows["images"] == "clean")).all()
    assert (rows["probability_predicted"] >= rows["probability_true"]).all()


def test_ink_has_the_word_of_its_twin_and_all_versions_the_drawing_of_their_image(run):
    _, layout = run
    evaluate(layout, "clip", 0)
    rows = read_predictions(answers(layout, "clip"))
    for dataset, found in rows.groupby("dataset", observed=True):
        drawings = read_manifest(layout.manifest(dataset)).set_index("id")["cluster"]
        assert list(found["cluster"]) == list(drawings.loc[found["clean_id"]])
    ink = rows[rows["images"].str.startswith("ink")].assign(id=lambda rows: rows["id"].str.removesuffix(".ink"))
    words = rows[rows["images"].str.startswith("typographic")].set_index(["dataset", "id"])["word_label"]
    assert ink.set_index(["dataset", "id"])["word_label"].sort_index().equals(words.sort_index())


def test_untouched_clip_keeps_all_of_itself(run):
    _, layout = run
    evaluate(layout, "clip", 0)
    rows = read_predictions(answers(layout, "clip"))
    assert set(rows["weights"]) == {"raw"}
    assert (rows.loc[rows["images"] == "clean", "retention_kl"] == 0).all()


def test_a_method_without_averaging_has_raw_weights_only(run):
    _, layout = run
    evaluate(layout, "ce", 0)
    assert set(read_predictions(answers(layout, "ce"))["weights"]) == {"raw"}


def test_repetition_gives_the_same_bytes(run):
    _, layout = run
    found = []
    for _ in range(2):
        evaluate(layout, "dpo", 0)
        found.append(Path(answers(layout, "dpo")).read_bytes())
    assert found[0] == found[1]


def test_batch_size_changes_no_answer(run):
    config, layout = run
    evaluate(layout, "dpo", 0)
    first = read_predictions(layout.predictions("emoji-clip", "dpo", 0))
    values = config.model_dump()
    values["evaluation"]["batch_size"] = 100
    write_text(layout.config, Config.model_validate(values).model_dump_json())
    evaluate(layout, "dpo", 0)
    second = read_predictions(layout.predictions("emoji-clip", "dpo", 0))
    assert (first["predicted"] == second["predicted"]).all()
    np.testing.assert_allclose(first["retention_kl"], second["retention_kl"], rtol=1e-3, atol=1e-7)


def test_unknown_methods_and_unfit_checkpoints_are_named(run):
    config, layout = run
    with pytest.raises(EvaluationError, match=r"unknown method 'dppo'; the configuration has: clip, ce, dpo"):
        evaluate(layout, "dppo", 0)
    with pytest.raises(EvaluationError, match=r"seed7/model\.safetensors: no such file; `prefclip train`"):
        evaluate(layout, "dpo", 7)
    with pytest.raises(EvaluationError, match="clip is the untouched model"):
        zero_shot.checkpoint_files(config, "clip", "somewhere")
    with pytest.raises(EvaluationError, match="needs the folder of its checkpoint"):
        zero_shot.checkpoint_files(config, "dpo", None)


def test_a_checkpoint_of_another_shape_is_named_and_nothing_is_written(run):
    config, layout = run
    loaded = load_model(config.model)
    path = layout.checkpoint("emoji-clip", "dpo", 0, "averaged")
    save_tuned(loaded, path, 0.0, **{"visual.head.3.bias": torch.zeros(9)})
    with pytest.raises(TensorFileError, match=r"averaged\.safetensors: tensor 'visual\.head\.3\.bias' has shape"):
        evaluate(layout, "dpo", 0)
    assert not os.path.exists(answers(layout, "dpo"))


def test_weights_that_are_not_numbers_are_named(run):
    config, layout = run
    loaded = load_model(config.model)
    save_tuned(loaded, layout.checkpoint("emoji-clip", "ce", 0), float("nan"))
    with pytest.raises(ScoringError, match=r"ce/seed0/model\.safetensors: on clean images of animals, scores are NaN"):
        evaluate(layout, "ce", 0)
    assert not os.path.exists(answers(layout, "ce"))


def test_manifest_images_and_classes_must_belong_together(run):
    _, layout = run
    shutil.copy(layout.manifest("animals"), layout.manifest("food"))
    with pytest.raises((EvaluationError, SelectionError), match="food"):
        evaluate(layout, "clip", 0)
    shutil.copy(layout.attacked_manifest("animals"), layout.attacked_manifest("food"))
    with pytest.raises(EvaluationError, match=r"food/manifest\.parquet: "):
        evaluate(layout, "clip", 0)


def test_logits_do_not_depend_on_the_batch(made):
    config, layout = made
    chosen = zero_shot.read_scored_set(config, "food", layout, "test")
    _, images = chosen.parts["clean"]
    loaded = load_model(config.model)
    texts = torch.nn.functional.normalize(torch.randn(3, 8), dim=1)
    rows = np.array([5, 0, 3])
    with torch.no_grad():
        together = class_logits(loaded, texts, images, rows, 3)
        alone = class_logits(loaded, texts, images, rows, 1)
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_ties_go_to_the_first_class_and_missing_places_are_marked():
    found = predictions_of(torch.tensor([[1.0, 1.0], [0.0, 2.0]]), np.array([1, 1]))
    assert found["predicted"].tolist() == [0, 1] and found["second"].tolist() == [1, 0]
    assert found["third"].tolist() == [-1, -1] and found["probability_third"].isna().all()
    assert found["probability_true"].tolist() == pytest.approx([0.5, 1 / (1 + np.exp(-2))])
