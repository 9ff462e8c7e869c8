"""`prefclip explain`: one picture of a person's own, with both kinds of towers; and what it refuses."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_training import add_tiny_vit
from typer.testing import CliRunner

from prefclip.cli import app
from prefclip.config import ModelConfig
from prefclip.errors import PrefclipError
from prefclip.models.checkpoints import save_weights, tuned_names
from prefclip.models.loading import load_model

ROOT = Path(__file__).resolve().parents[2]
EMBEDDED = ROOT / "resources/embedded/emoji-clip.safetensors"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A wide picture, a damaged one, and checkpoints of emoji-clip and of a small ViT."""
    folder = tmp_path_factory.mktemp("own")
    pixels = np.random.default_rng(0).integers(0, 256, (90, 140, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    (folder / "damaged.png").write_bytes((folder / "photo.png").read_bytes()[:300])
    (folder / "broken.safetensors").write_bytes(b"no tensors")
    for name, model in models(folder).items():
        loaded = load_model(model)
        state = {key: 0.9 * loaded.model.state_dict()[key] for key in tuned_names(loaded.model, "image")}
        metadata = {"model": loaded.name, "base_sha256": loaded.weights_sha256, "trainable": "image"}
        save_weights(folder / f"{name}.safetensors", state, metadata)
    return folder


def models(folder):
    vit = ModelConfig(name=add_tiny_vit(folder), weights="random", image_size=32)
    return {"conv": ModelConfig(weights=str(EMBEDDED)), "vit": vit}


def explained(folder, *options, picture="photo.png", labels="cat,dog,fox"):
    """What the command prints; its error is raised."""
    arguments = ["explain", str(folder / picture), "--labels", labels, "-o", str(folder / "out"), *map(str, options)]
    answer = CliRunner().invoke(app, arguments)
    if answer.exception is not None:
        raise answer.exception
    return answer.output


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    """Where the embedded model is found without being named."""
    monkeypatch.chdir(ROOT)


def test_the_embedded_model_needs_no_run(folder):
    output = explained(folder)
    assert all(word in output for word in ("untouched", "fox", "photo.explained.png")) and "change" not in output
    with Image.open(folder / "out/photo.explained.png") as drawn:
        assert drawn.format == "PNG" and min(drawn.size) > 200


@pytest.mark.parametrize(
    ("name", "options"),
    [("conv", ()), ("vit", ("--model", "tiny-vit", "--weights", "random", "--explainer", "relevance"))],
)
def test_checkpoints_stand_beside_the_untouched_model(folder, name, options):
    before = sorted(folder.iterdir())
    said = json.loads(explained(folder, "--checkpoint", folder / f"{name}.safetensors", "--json", *options))
    assert list(said["models"]) == ["untouched", name] and said["labels"] == ["cat", "dog", "fox"]
    for found in said["models"].values():
        shares = found["probabilities"]
        assert sum(shares.values()) == pytest.approx(1) and found["answer"] == max(shares, key=shares.get)
        assert found["answer"] in said["explained"]
    assert said["models"]["untouched"]["probabilities"] != said["models"][name]["probabilities"]
    assert Path(said["figure"]).is_file() and sorted({*folder.iterdir(), folder / "out"}) == sorted(
        {*before, folder / "out"}
    )
    assert "change" in explained(folder, "--checkpoint", folder / f"{name}.safetensors", *options)


def test_a_checkpoint_of_all_weights_leaves_nothing_behind_for_the_next(folder, tmp_path):
    loaded = load_model(models(folder)["conv"])
    metadata = {"model": loaded.name, "base_sha256": loaded.weights_sha256, "trainable": "all"}
    state = {
        key: 0.5 * value if value.is_floating_point() else value for key, value in loaded.model.state_dict().items()
    }
    save_weights(tmp_path / "everything.safetensors", state, metadata)
    tower = folder / "conv.safetensors"
    alone = json.loads(explained(folder, "--checkpoint", tower, "--json"))["models"]
    after = json.loads(
        explained(folder, "--checkpoint", tmp_path / "everything.safetensors", "--checkpoint", tower, "--json")
    )["models"]
    assert after["everything"] != after["untouched"]
    assert after["conv"] == alone["conv"]


def test_the_target_is_chosen(folder):
    said = json.loads(explained(folder, "--target", "dog", "--explainer", "hires_cam", "--json"))
    assert said["explained"] == ["dog"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"picture": "none.png"}, "none.png: no such picture."),
        ({"picture": "damaged.png"}, "damaged.png: cannot be read as a picture"),
        ({"labels": "cat"}, "--labels: 1 class name given; classification needs at least two."),
        ({"labels": "cat, cat"}, "--labels: the class name 'cat' occurs twice; names must differ."),
        ({"labels": "cat,,dog"}, "--labels: '' is no class name"),
        ({"labels": "cat,zeppelin"}, "the embedded model has no row for 'zeppelin'"),
        (("--target", "owl"), "--target: 'owl' is none of the labels; allowed: cat, dog, fox."),
        (("--template", "a photo"), "--template: 'a photo' must hold {} once, for the label."),
        (("--explainer", "lime"), "unknown explainer 'lime'; allowed: occlusion, "),
        (("--explainer", "rollout"), "the image tower ConvTower has no attention"),
        (
            ("--checkpoint", "FOLDER/vit.safetensors"),
            "vit.safetensors: was tuned from tiny-vit but model.name is emoji",
        ),
        (("--checkpoint", "FOLDER/broken.safetensors"), "broken.safetensors: not a whole safetensors file"),
        (("--checkpoint", "FOLDER/none.safetensors"), "none.safetensors: no such file"),
        (("--checkpoint", EMBEDDED), "emoji-clip.safetensors: not a tuned checkpoint"),
        (("--checkpoint", "FOLDER/conv.safetensors") * 2, "--checkpoint: a file is named twice; name each once."),
        (("--model", "ViT-B-32"), "--weights: say which ones of ViT-B-32: a safetensors file or a pretrained tag."),
        (("--model", "ViT-C-32", "--weights", "openai"), "open_clip has no architecture 'ViT-C-32'; nearest: "),
        (("--method", "dpo"), "--method and --seed: need --run"),
        (("--run", "FOLDER", "--weights", "x"), "--run: has a model and checkpoints of its own"),
        (("--run", "FOLDER"), "config.json: no such file, so "),
        (("-o", "FOLDER/photo.png"), "photo.explained.png: cannot be written"),
    ],
    ids=lambda value: "" if isinstance(value, str) else str(value).replace(str(ROOT), ""),
)
def test_what_cannot_be_explained_is_refused(folder, options, message):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}
    named = options if isinstance(options, dict) else {}
    options = () if named else [str(option).replace("FOLDER", str(folder)) for option in options]
    with pytest.raises(PrefclipError) as refused:
        explained(folder, *options, **named)
    assert message in str(refused.value) and "\n" not in str(refused.value)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()} == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written(folder, tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(PrefclipError, match="cannot be written"):
        explained(folder, "-o", tmp_path)
