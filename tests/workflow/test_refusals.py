"""What a user can get wrong: one line that names the file or the key and says what is allowed, and nothing is left."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from tiny_project import DATASETS, MODEL, RUN, SETTINGS, prefclip, tuned

from prefclip.models.tensor_files import read_tensors, write_tensors


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["train", RUN, "ppo"], "methods: 'ppo' is not in the config; allowed: ce, dpo."),
        (["train", RUN, "clip"], "'clip' is the untouched model and is not trained; allowed: ce, dpo."),
        (["evaluate", RUN, "ppo"], "unknown method 'ppo'; the configuration has: clip, ce, dpo."),
        (["evaluate", RUN, "dpo", "--seed", "9"], "dpo/seed9/model.safetensors: no such file; `prefclip train` makes"),
        (["manifest", RUN, "animal"], "unknown data set 'animal'; allowed: activities, animals"),
        (["attacks", RUN, "animal"], "data/animal/manifest.parquet"),
        (["pairs", RUN, "animal"], "data/animal/manifest.parquet"),
        (["table", RUN, "typo"], "unknown table 'typo'; allowed: typographic, reading, main_results, text_confusion"),
        (["figure", RUN, "bars"], "unknown figure 'bars'; allowed: accuracy_bars, attack_examples"),
        (["compare", RUN, "results/nothing"], "results/nothing/tables: holds no published table (*.json)"),
        (["init", "--config", "no.yaml"], "no.yaml: no such configuration file"),
        (["config", "check", "no.yaml"], "no.yaml: no such configuration file"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_unknown_names(project, refused, command, message):
    assert message in refused(*command)


@pytest.mark.parametrize(
    "command",
    [
        ["fetch"],
        ["manifest", "animals"],
        ["attacks", "animals"],
        ["reference"],
        ["train", "dpo"],
        ["evaluate", "clip"],
        ["table", "typographic"],
        ["figure", "accuracy_bars"],
    ],
    ids=lambda value: value[0],
)
def test_missing_run_folders(project, refused, command):
    name, *rest = command
    message = refused(name, "results/nothing", *rest)
    assert message.startswith("results/nothing/config.json: ") and "prefclip init" in message


@pytest.mark.parametrize("content", ["", "{", "[]", '{"methods": {}, "sedes": []}'])
def test_damaged_run_configuration(project, refused, content):
    Path(RUN, "config.json").write_text(content)
    assert refused("table", RUN, "retention").startswith(f"{RUN}/config.json: ")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"zero_shot": ["foods"]},
            "tiny.yaml: data.zero_shot: unknown data set 'foods'; allowed: activities, animals, food",
        ),
        ({"test_images": 0}, "tiny.yaml: data.test_images: must be greater than 0, got 0."),
        ({"tests": 3}, "tiny.yaml: unknown key 'data.tests'"),
    ],
)
def test_bad_configurations_make_no_run(project, refused, change, message):
    shutil.rmtree("results")
    Path("tiny.yaml").write_text(yaml.safe_dump({**SETTINGS, "data": {**SETTINGS["data"], **change}}))
    assert message in refused("init", "--config", "tiny.yaml")


def test_changed_raw_file(project, refused):
    path = Path("world/emoji.parquet")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    Path(RUN, "sources/embedded/checksums.json").unlink()
    message = refused("fetch", RUN)
    assert (
        message.startswith("world/emoji.parquet: sha256 is ") and ", expected " in message and "restore it" in message
    )


@pytest.mark.parametrize("name", ["emoji.parquet", "classes.yaml", "checksums.json"])
def test_missing_raw_file(project, refused, name):
    Path("world", name).unlink()
    assert f"world/{name}" in refused("fetch", RUN)


def test_data_sets_that_the_world_lacks(project, refused):
    assert "plants" in refused("manifest", RUN, "plants")


def test_too_few_classes(project, refused):
    listed = yaml.safe_load(Path("world/classes.yaml").read_text())
    Path("world/classes.yaml").write_text(yaml.safe_dump({**listed, "food": ["egg"]}))
    message = refused("manifest", RUN, "food")
    assert message.startswith("world/classes.yaml: food") and "two" in message


@pytest.mark.parametrize("kind", ["data/animals/images.npy", "attacked/animals/images.npy"])
@pytest.mark.parametrize("command", [["reference", RUN], ["train", RUN, "ce"], ["evaluate", RUN, "clip"]], ids=" ".join)
def test_truncated_images(project, refused, kind, command):
    path = Path(RUN, kind)
    path.write_bytes(path.read_bytes()[:-100])
    message = refused(*command)
    assert f"{RUN}/{kind}: not a readable stack of images, or cut short" in message


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("data/animals/manifest.parquet", ["attacks", RUN, "animals"]),
        ("attacked/animals/manifest.parquet", ["pairs", RUN, "animals"]),
        ("preferences/animals.parquet", ["reference", RUN]),
        ("data/animals/classes.json", ["train", RUN, "dpo"]),
        (f"reference/{MODEL}/animals.safetensors", ["train", RUN, "dpo"]),
        ("data/food/classes.json", ["evaluate", RUN, "ce"]),
        (f"predictions/{MODEL}/ce/seed0.parquet", ["table", RUN, "typographic"]),
        (f"checkpoints/{MODEL}/dpo/seed0/training_log.csv", ["figure", RUN, "training_curves"]),
    ],
)
@pytest.mark.parametrize("damage", ["missing", "empty", "cut short", "other"])
def test_damaged_inputs_are_named(project, refused, name, command, damage):
    path = Path(RUN, name)
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes({"empty": b"", "cut short": content[: len(content) // 2], "other": b"\0other" * 50}[damage])
    assert f"{RUN}/{name}" in refused(*command)


def test_checkpoint_of_another_shape(project, refused):
    path = tuned("dpo", "averaged")
    stored = read_tensors(path, "")
    name = next(name for name, tensor in stored.tensors.items() if tensor.ndim == 2)
    write_tensors(path, {**stored.tensors, name: torch.zeros(3, 5)}, stored.metadata)
    message = refused("evaluate", RUN, "dpo")
    assert message.startswith(f"{path}: tensor {name!r} has shape (3, 5) but the model needs (")


def test_checkpoint_of_other_weights(project, refused):
    stored = read_tensors("base.safetensors", "")
    changed = {name: tensor + 1 if tensor.is_floating_point() else tensor for name, tensor in stored.tensors.items()}
    write_tensors("base.safetensors", changed, stored.metadata)
    assert f"{tuned('dpo')}: was tuned from other weights of emoji-clip" in refused("evaluate", RUN, "dpo")


@pytest.mark.parametrize("damage", ["missing", "empty", "cut short", "pickle"])
def test_base_weights(project, refused, damage):
    path = Path("base.safetensors")
    content = path.read_bytes()
    path.unlink()
    if damage == "pickle":
        torch.save({"weight": torch.zeros(3)}, path)
    elif damage != "missing":
        path.write_bytes({"empty": b"", "cut short": content[:-50]}[damage])
    assert "base.safetensors" in refused("evaluate", RUN, "clip")


def test_pictures_that_cannot_be_attacked(project, refused):
    noise = np.random.default_rng(0).integers(0, 256, (60, 60, 3), np.uint8)
    from PIL import Image

    Image.fromarray(noise).save("whole.png")
    Path("cut.png").write_bytes(Path("whole.png").read_bytes()[:3000])
    Path("text.png").write_text("no picture")
    for name in ("cut.png", "text.png", "world"):
        assert refused("attack", name, "--word", "cat", "-o", "out.png").startswith(
            f"{name}: cannot be read as a picture"
        )
    assert refused("attack", "no.png", "--word", "cat", "-o", "out.png") == "no.png: no such picture."
    message = refused("attack", "whole.png", "--word", "incomprehensibilities" * 3, "-o", "out.png")
    assert "does not fit on an image of 60×60" in message
    assert "the word to write is empty" in refused("attack", "whole.png", "--word", " ", "-o", "out.png")
    assert "cannot save as '.gif'; use .png" in refused("attack", "whole.png", "--word", "cat", "-o", "out.gif")
    Path("blocked").write_text("")
    assert "blocked/out.png: cannot be written" in refused(
        "attack", "whole.png", "--word", "cat", "-o", "blocked/out.png"
    )
    assert prefclip("attack", "whole.png", "--word", "cat", "-o", "out.png") == 0 and Path("out.png").is_file()


def test_every_data_set_of_the_run_is_needed(project, refused):
    for name in DATASETS:
        manifest = Path(RUN, "data", name, "manifest.parquet")
        kept = manifest.read_bytes()
        manifest.unlink()
        assert str(manifest) in refused("evaluate", RUN, "clip")
        manifest.write_bytes(kept)
