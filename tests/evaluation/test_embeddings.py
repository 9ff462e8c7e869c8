"""Embeddings of one method: of the pictures that evaluation scores, as it scores them."""

import numpy as np
import pytest
import torch
from scored_run import save_tuned

from prefclip.evaluation import zero_shot
from prefclip.evaluation.embedding import embed_pictures
from prefclip.evaluation.embedding_files import PICTURES, read_embeddings
from prefclip.evaluation.long_form import read_predictions
from prefclip.evaluation.neighbours import PICTURES_AT_ONCE, neighbour_shares
from prefclip.evaluation.scoring import ScoringError
from prefclip.files import write_text
from prefclip.models.loading import load_model
from prefclip.models.tensor_files import TensorFileError, write_tensors
from prefclip.run.files import RunFiles
from prefclip.run.plan import standing_weights
from prefclip.run.steps.embed import Embed


def embed(run, folder, method, config=None):
    config, layout = config or run[0], run[1]
    weights = {seed: path for seed, (_, path) in standing_weights(config, layout, method).items()}
    embed_pictures(config, weights, layout, folder / f"{method}.safetensors", threads=1, device="cpu")
    return read_embeddings(folder / f"{method}.safetensors")


def best(similarity):
    return similarity.argmax(axis=1)


@pytest.mark.parametrize(("method", "weights"), [("clip", "raw"), ("ce", "raw"), ("dpo", "averaged")])
def test_similarities_to_the_names_are_the_logits_of_the_evaluation(made, tmp_path, method, weights):
    config, layout = made
    found = embed(made, tmp_path, method)
    folder = None if method == "clip" else layout.checkpoint_folder("emoji-clip", method, 0)
    zero_shot.evaluate(config, method, 0, folder, layout, tmp_path / "answers.parquet", threads=1)
    rows = read_predictions(tmp_path / "answers.parquet")
    rows = rows[(rows["dataset"] == "animals") & (rows["weights"] == weights)]
    assert found.seeds == (0,) and len(found.ids) == 8
    for images in PICTURES:
        # Of the two words on each picture the first.
        scored = rows[rows["images"] == images].sort_values("id").drop_duplicates("clean_id").set_index("clean_id")
        scored = scored.loc[list(found.ids)]
        logits = torch.from_numpy(found.scale[0] * found.pictures[images][0] @ found.names[0].T).double()
        chosen = torch.softmax(logits, dim=1).numpy()[np.arange(8), found.label]
        np.testing.assert_allclose(chosen, scored["probability_true"], rtol=1e-4)
        assert (scored["label"] == found.label).all()
        if images != "clean":
            assert (scored["word_label"] == found.written).all()
    for vectors in (*found.pictures.values(), found.names):
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=-1), 1, rtol=1e-5)


def test_every_seed_has_its_own_weights_and_all_have_the_same_pictures(made, tmp_path):
    config, layout = made
    loaded, paths = load_model(config.model), {}
    for seed, shift in ((3, 0.1), (1, 0.2)):
        paths[seed] = tmp_path / f"{seed}.safetensors"
        save_tuned(loaded, paths[seed], shift)
    embed_pictures(config, paths, layout, tmp_path / "both", threads=1, device="cpu")
    both = read_embeddings(tmp_path / "both")
    assert both.seeds == (3, 1) and both.pictures["ink"].shape == (2, 8, 8) and both.names.shape == (2, 4, 8)
    for place, seed in enumerate((3, 1)):
        embed_pictures(config, {seed: paths[seed]}, layout, tmp_path / "one", threads=1, device="cpu")
        one = read_embeddings(tmp_path / "one")
        assert all((one.pictures[images][0] == both.pictures[images][place]).all() for images in PICTURES)
    assert not np.allclose(both.pictures["clean"][0], both.pictures["clean"][1])


def test_fewer_pictures_are_those_that_are_scored(made, tmp_path):
    fewer = made[0].model_copy(update={"evaluation": made[0].evaluation.model_copy(update={"max_images": 3})})
    every, some = embed(made, tmp_path, "clip"), embed(made, tmp_path, "clip", fewer)
    chosen = zero_shot.read_scored_set(fewer, "animals", made[1], "test").parts["clean"][0]["id"]
    assert list(some.ids) == list(chosen) and len(some.ids) == 3
    places = [every.ids.index(each) for each in some.ids]
    for images in PICTURES:
        np.testing.assert_allclose(some.pictures[images], every.pictures[images][:, places], atol=1e-6)


def test_repetition_gives_the_same_bytes(made, tmp_path):
    embed(made, tmp_path, "dpo")
    first = (tmp_path / "dpo.safetensors").read_bytes()
    embed(made, tmp_path, "dpo")
    assert (tmp_path / "dpo.safetensors").read_bytes() == first


def test_damaged_weights_and_other_files_are_named(made, tmp_path):
    config, layout = made
    save_tuned(load_model(config.model), tmp_path / "nan.safetensors", float("nan"))
    with pytest.raises(ScoringError, match=r"nan\.safetensors: embeddings are NaN"):
        embed_pictures(config, {0: tmp_path / "nan.safetensors"}, layout, tmp_path / "out", device="cpu")
    assert not (tmp_path / "out").exists()
    write_tensors(tmp_path / "other", {"label": torch.zeros(1)}, {})
    with pytest.raises(TensorFileError, match=r"other: holds no embeddings .*`prefclip embed`"):
        read_embeddings(tmp_path / "other")


def test_the_step_is_planned_for_clip_and_each_method_and_for_no_run_without(made, tmp_path):
    config, _ = made
    jobs = list(Embed.jobs(config))
    assert [job.method for job in jobs] == ["clip", "ce", "dpo"]
    assert "seeds" not in jobs[0].settings and jobs[1].settings["seeds"] == [0]
    assert [path.rpartition("/")[2] for path in jobs[2].input["checkpoints"]] == ["averaged.safetensors"]
    bare = config.model_copy(update={"methods": {}})
    assert list(Embed.jobs(bare)) == []
    write_text(RunFiles(str(tmp_path)).config, config.model_dump_json())
    assert Embed.of(tmp_path, method="ce").output == {"embeddings": f"{tmp_path}/embeddings/emoji-clip/ce.safetensors"}


def unit(*rows):
    vectors = np.array(rows, np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


# Two pictures of each of two classes, on two axes.
CLEAN = unit((1, 0.1, 0), (1, 0.2, 0), (0.1, 1, 0), (0.2, 1, 0))
LABEL, WRITTEN = np.array([0, 0, 1, 1]), np.array([1, 1, 0, 2])


def test_a_word_that_changes_nothing_leaves_every_picture_with_its_class():
    assert neighbour_shares(CLEAN, CLEAN, LABEL, WRITTEN) == (1, 0)


def test_pictures_that_lie_with_the_word_count_for_its_class():
    attacked = CLEAN[[2, 1, 0, 0]]  # of the last one the word's class has no picture
    assert neighbour_shares(CLEAN, attacked, LABEL, WRITTEN) == (0.25, 0.5)


def test_the_twin_of_a_picture_is_no_neighbour():
    """Each attacked picture is its own twin; the next one is of the other class."""
    clean = unit((1, 0, 0), (1, 0.1, 0))
    assert neighbour_shares(clean, clean, np.array([0, 1]), np.array([1, 0])) == (0, 1)


def test_shares_depend_neither_on_the_order_of_pictures_nor_on_how_many_are_compared_at_once():
    noise = np.random.default_rng(0)
    count = PICTURES_AT_ONCE + 7
    clean, attacked = (unit(*noise.normal(size=(count, 4))) for _ in range(2))
    label = noise.integers(0, 3, count)
    written = (label + noise.integers(1, 3, count)) % 3
    shares = neighbour_shares(clean, attacked, label, written)
    order = noise.permutation(count)
    assert neighbour_shares(clean[order], attacked[order], label[order], written[order]) == shares
    similarity = attacked @ clean.T
    np.fill_diagonal(similarity, -1)
    assert shares.true == (label[best(similarity)] == label).mean() and 0 < shares.true + shares.written < 1
