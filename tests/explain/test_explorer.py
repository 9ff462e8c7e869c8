"""The pictures of the report's explorer: drawn by id, answered and explained for every method."""

import base64
import json
import shutil

import numpy as np
import pytest
from tiny_concepts import write_concept_run

from prefclip.datasets.parquet_tables import TableError
from prefclip.explain import explorer
from prefclip.explain.explorer import CELLS, explore_images
from prefclip.explain.explorer_file import FORMAT, read_explorer
from prefclip.models.checkpoints import save_weights, tuned_names
from prefclip.models.loading import load_model


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    """(run, file) with CLIP, an unchanged copy of it, and a copy with other weights."""
    folder = tmp_path_factory.mktemp("explored")
    run = write_concept_run(folder)
    loaded = load_model(run.config.model)
    state = {name: loaded.model.state_dict()[name].clone() for name in tuned_names(loaded.model, "image")}
    metadata = {"model": loaded.name, "base_sha256": loaded.weights_sha256, "trainable": "image"}
    save_weights(folder / "same.safetensors", state, metadata)
    other = {name: value * (1.5 if value.is_floating_point() else 1) for name, value in state.items()}
    save_weights(folder / "other.safetensors", other, metadata)
    checkpoints = {"clip": None, "same": folder / "same.safetensors", "other": folder / "other.safetensors"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explorer, "PICTURES", 9)
        for name in ("first.json", "second.json"):
            explore_images(run.config, checkpoints, run.layout, folder / name, threads=1, device="cpu")
    return run, folder


def test_the_same_number_of_each_data_set(explored):
    run, folder = explored
    found = read_explorer(folder / "first.json")
    assert [entry["dataset"] for entry in found["pictures"]] == [name for name in run.config.datasets for _ in range(3)]
    assert len({entry["id"] for entry in found["pictures"]}) == 9
    for entry in found["pictures"]:
        assert entry["name"] != entry["word"]
        assert entry["clean"].startswith("data:image/png") and entry["typographic"] != entry["clean"]
        left, top, right, bottom = entry["box"]
        assert 0 <= left < right <= found["side"] and 0 <= top < bottom <= found["side"]


def test_answers_are_probabilities_best_first(explored):
    _, folder = explored
    for entry in read_explorer(folder / "first.json")["pictures"]:
        for answers in entry["answers"].values():
            for top in answers.values():
                shares = [share for _, share in top]
                assert shares == sorted(shares, reverse=True) and 0 < sum(shares) <= 1.001 and len(shares) <= 5


def test_maps_of_all_methods_share_a_scale(explored):
    _, folder = explored
    found = read_explorer(folder / "first.json")
    for entry in found["pictures"]:
        maps = np.frombuffer(base64.b64decode(entry["maps"]), np.uint8).reshape(3, 2, 2, CELLS, CELLS)
        assert np.array_equal(maps[0], maps[1]) and entry["answers"]["clip"] == entry["answers"]["same"]
        assert all(maps[:, :, target].max() == 255 for target in (0, 1) if entry["strength"][target] > 0)
    assert any(entry["answers"]["clip"] != entry["answers"]["other"] for entry in found["pictures"])


def test_twice_the_same_bytes(explored):
    _, folder = explored
    assert (folder / "first.json").read_bytes() == (folder / "second.json").read_bytes()


def test_a_file_of_another_kind_is_named(explored, tmp_path):
    _, folder = explored
    with pytest.raises(TableError, match=r"none\.json: .*prefclip explore"):
        read_explorer(tmp_path / "none.json")
    wrong = tmp_path / "wrong.json"
    shutil.copy(folder / "first.json", wrong)
    wrong.write_text(json.dumps({**json.loads(wrong.read_text()), "format": "another"}))
    with pytest.raises(TableError, match=f"wrong.json: its format is not {FORMAT}"):
        read_explorer(wrong)
