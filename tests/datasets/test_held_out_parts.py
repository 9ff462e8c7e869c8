"""What tests hold out is in nothing that is trained or chosen with: drawings, fonts, colours, kinds of ink."""

from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from prefclip.attacks.looks import CONDITIONS, HELD_OUT, PAINTED, PRETRAINED, SEEN
from prefclip.config import read_config
from prefclip.datasets.emoji_scenes import EmojiWorld
from prefclip.training import pretraining_images
from prefclip.training.pretraining_images import (
    FLIPS,
    INK_KINDS,
    Mixture,
    PretrainingBatches,
    ScenePool,
    caption_names,
    object_names,
)

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shipped():
    return EmojiWorld(ROOT / "resources/embedded")


def test_one_style_of_every_concept_is_held_out(shipped):
    sources = shipped.sources.assign(held_out=shipped.sources.index.isin(shipped.held_out))
    styles = sources.groupby(["dataset", "concept", "held_out"])["style"].nunique().unstack()
    assert (styles[True] == 1).all() and (styles[False] >= 4).all()
    assert set(sources.loc[sources["held_out"], "style"]) == {"fluent-flat"}


def test_pretraining_sees_nothing_of_it(shipped, monkeypatch):
    rendered, drawn = [], []
    source_image, draw_attack = EmojiWorld.source_image, pretraining_images.draw_attack
    monkeypatch.setattr(EmojiWorld, "source_image", lambda self, row: rendered.append(row) or source_image(self, row))
    monkeypatch.setattr(
        pretraining_images, "draw_attack", lambda *given: drawn.append(given[1:]) or draw_attack(*given)
    )
    captions = caption_names(shipped)
    pool = ScenePool(shipped, captions, 300, 0.25, 0)
    words = [(name, captions.index(name)) for name in object_names(shipped)]
    batches = PretrainingBatches(pool, words, [Mixture(0.1, 0.2, 0.5, ink=0.4)], 600, 0)
    assert batches[0][0].shape == (600, 64, 64, 3)
    assert len(set(rendered)) > 200 and not set(rendered) & shipped.held_out
    specs = [spec for spec, *_ in drawn]
    assert {spec.font for spec in specs} == set(PRETRAINED.fonts) and not set(PRETRAINED.fonts) & set(HELD_OUT.fonts)
    assert {spec.fill for spec in specs} | {spec.stroke for spec in specs} <= {*SEEN.colours, *SEEN.papers}
    assert {spec.slip for spec in specs} == {True, False}
    # No word is cut into strips, as the control's are: what changes a mask moves it as a whole.
    assert read_config(ROOT / "config/embedded.yaml").attack.ink == ("scrambled",) and "scrambled" not in INK_KINDS
    mask = Image.fromarray(np.random.default_rng(0).integers(0, 256, (8, 20), np.uint8))
    moved = {change(mask).tobytes() for _, *changes in drawn for change in changes}
    assert moved == {mask.transpose(flip).tobytes() for flip in FLIPS.values()}


def test_training_and_choosing_see_one_condition(attacked_shipped):
    for split in ("train", "validation"):
        rows = attacked_shipped[attacked_shipped["split"] == split]
        assert set(rows["condition"]) == {PAINTED} and not set(rows["font"]) & set(HELD_OUT.fonts)
    assert set(attacked_shipped.loc[attacked_shipped["split"] == "test", "condition"]) == set(CONDITIONS)


@pytest.fixture
def attacked_shipped(world, tmp_path):
    """The attacks on a tiny world with the conditions of the shipped configuration."""
    from tiny_world import TinyRun, tiny_config

    from prefclip.attacks.attacked_manifest import read_attacked_manifest

    conditions = yaml.safe_load((ROOT / "config/embedded.yaml").read_text())["attack"]["conditions"]
    run = TinyRun(tmp_path, tiny_config(world)).build().attack(test_conditions=conditions)
    return read_attacked_manifest(run.attacked_manifest)
