"""The released code's images, in its order: the word at the model's size, then the bottleneck, then back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from tiny_project import RUN, SETTINGS, prefclip, write_tiny_project

from prefclip.attacks.ink import unreadable
from prefclip.attacks.typography import AttackSpec, draw_attack
from prefclip.config import check_config
from prefclip.datasets.image_stacks import open_images
from prefclip.lineage.project import Project
from prefclip.lineage.verify import verify
from prefclip.preflight.run_files import stack_bytes
from prefclip.run.files import RunFiles
from prefclip.seeds import generator_for

FILES = RunFiles(RUN)
SHELF = {"folder": "shelf"}


def square(picture: Image.Image, side: int) -> Image.Image:
    """The shorter side scaled to ``side``, the centre cut out."""
    width, height = (int(side * length / min(picture.size)) for length in picture.size)
    left, top = round((width - side) / 2), round((height - side) / 2)
    return picture.resize((width, height), Image.Resampling.BICUBIC).crop((left, top, left + side, top + side))


def through_the_bottleneck(picture: Image.Image) -> np.ndarray:
    return np.asarray(square(square(picture, 168), 224))


@pytest.fixture
def shelf(world, tmp_path, monkeypatch):
    """A run of the released protocol on a folder of one's own beside the rendered sets."""
    monkeypatch.chdir(write_tiny_project(tmp_path, world))
    noise = np.random.default_rng(0)
    for place, size in enumerate([(300, 260), (224, 224), (250, 400), (180, 200)]):
        path = Path("shelf", ("egg", "pear")[place % 2], f"{place}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise.integers(0, 256, (*size, 3), np.uint8)).save(path)
    settings = {
        **SETTINGS,
        "protocol": "released_code",
        "data": {**SETTINGS["data"], "zero_shot": ["food", "shelf"], "own": {"shelf": SHELF}},
        "model": {**SETTINGS["model"], "image_size": 224},
        "attack": {"smallest_size": 20, "largest_size": 40, "ink": ["scrambled"]},
    }
    Path("tiny.yaml").write_text(yaml.safe_dump(settings))
    assert prefclip("init", "--config", "tiny.yaml") == 0
    assert prefclip("fetch", RUN) == prefclip("obtain", RUN, "shelf") == 0
    for name in ("shelf", "food"):
        for command in ("manifest", "attacks", "ink"):
            assert prefclip(command, RUN, name) == 0


def test_pixels_are_those_of_the_released_order(shelf):
    clean, attacked, twins = (
        pd.read_parquet(path("shelf")) for path in (FILES.manifest, FILES.attacked_manifest, FILES.ink_manifest)
    )
    images, written, ink = (
        open_images(path("shelf")) for path in (FILES.images, FILES.attacked_images, FILES.ink_images)
    )
    for row, name in zip(clean["row"], clean["id"], strict=True):
        assert np.array_equal(images[row], through_the_bottleneck(Image.open(Path("shelf", name))))
    assert len(attacked) == len(twins) == len(clean) == 4
    for row, twin in zip(attacked.to_dict("records"), twins.to_dict("records"), strict=True):
        canvas = square(Image.open(Path("shelf", row["id"])), 224)
        look = [row[key] for key in ("word", "font", "size", "fill", "stroke", "box_left", "box_top")]
        with_word = draw_attack(canvas, AttackSpec(*look))
        assert np.array_equal(written[row["row"]], through_the_bottleneck(with_word))
        assert not np.array_equal(written[row["row"]], np.asarray(with_word)), "the word is as blurred as the picture"
        generator = generator_for("shelf", row["attacked_id"], "ink", 0)
        generator.integers(1)
        moved = draw_attack(canvas, AttackSpec(*look), unreadable("scrambled", AttackSpec(*look), generator))
        assert np.array_equal(ink[twin["row"]], through_the_bottleneck(moved))


def test_rendered_pictures_are_never_reduced(shelf):
    row = pd.read_parquet(FILES.attacked_manifest("food")).iloc[0]
    outside = np.ones((224, 224), bool)
    outside[row["box_top"] : row["box_bottom"], row["box_left"] : row["box_right"]] = False
    clean, attacked = open_images(FILES.images("food")), open_images(FILES.attacked_images("food"))
    assert np.array_equal(clean[row["clean_row"]][outside], attacked[row["row"]][outside])


def test_each_step_declares_the_bottleneck(shelf):
    def states() -> dict[str, str]:
        return verify(Project("."), [RUN], "tiny.yaml", threads=1).states()

    squeezed = [path("shelf") for path in (FILES.images, FILES.canvas, FILES.attacked_images, FILES.ink_images)]
    before = states()
    assert {before[path] for path in (*squeezed, FILES.canvas("food"))} == {"ok"}
    Path("tiny.yaml").write_text(Path("tiny.yaml").read_text() + "reading: {bottleneck: 100}\n")
    after = states()
    assert {after[path] for path in squeezed} == {"stale"} and after[FILES.attacked_images("food")] == "ok"


def test_canvases_need_room():
    data = {"source": "downloaded", "train": "food101", "zero_shot": ["dtd"], "bias": []}
    plain, released = (
        stack_bytes(check_config({"data": data, "reading": {"bottleneck": side}, "methods": {}}, "test"))
        for side in (None, 48)
    )
    assert [(released[name] - plain[name]) // (64 * 64 * 3) for name in plain] == [101_000, 1880]


def test_an_edited_canvas_is_noticed(shelf, refused):
    path = Path(FILES.canvas("shelf"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert "is not the image" in refused("attacks", RUN, "shelf")
