"""The tool that builds the image file from the unpacked emoji packages."""

import json

import pytest
import yaml
from PIL import Image

from prefclip.datasets.emoji_scenes import EmojiWorld
from prefclip.datasets.emoji_sources import (
    GENDERS,
    NAMES_FILE,
    SKIN_TONES,
    STYLES,
    SourceImageError,
    build_source_images,
)

CLASSES = {"animals": ["cat", "dog"], "people": {"occupations": ["cook"], "activities": ["running"]}}
EMOJI = {
    "cat": "\U0001f408",
    "dog": "\U0001f415",
    "cook": "\U0001f9d1\u200d\U0001f373",
    "man cook": "\U0001f468\u200d\U0001f373",
    "woman cook": "\U0001f469\u200d\U0001f373",
    "person running": "\U0001f3c3",
    "man running": "\U0001f3c3\u200d\u2642\ufe0f",
    "woman running": "\U0001f3c3\u200d\u2640\ufe0f",
}


@pytest.fixture
def packages(tmp_path):
    folder = tmp_path / "packages"
    (folder / NAMES_FILE).parent.mkdir(parents=True)
    (folder / NAMES_FILE).write_text(json.dumps({emoji: {"name": name} for name, emoji in EMOJI.items()}))
    for name, emoji in EMOJI.items():
        codes = [f"{ord(character):04x}" for character in emoji]
        tones = [None, *SKIN_TONES.values()] if name not in ("cat", "dog") else [None]
        for tone in tones:
            code = "-".join(codes if tone is None else [codes[0], tone, *codes[1:]])
            for pattern in STYLES.values():
                path = folder / pattern.format(code=code)
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGBA", (80, 80), (len(code), 9, 9, 255)).save(path)
    (tmp_path / "classes.yaml").write_text(yaml.safe_dump(CLASSES))
    return folder


def test_one_row_per_style_gender_and_tone(packages, tmp_path):
    count = build_source_images(packages, tmp_path / "classes.yaml", tmp_path / "emoji.parquet")
    world = EmojiWorld(tmp_path)
    assert count == len(world.sources) == 2 * 3 + 2 * len(GENDERS) * 6 * 3
    assert world.source_image(0).size == (64, 64) and len(world.rows_of("people", "cook")) == 54
    first = (tmp_path / "emoji.parquet").read_bytes()
    build_source_images(packages, tmp_path / "classes.yaml", tmp_path / "emoji.parquet")
    assert (tmp_path / "emoji.parquet").read_bytes() == first


def test_unknown_emoji_missing_image_and_missing_package_are_named(packages, tmp_path):
    build = [packages, tmp_path / "classes.yaml", tmp_path / "emoji.parquet"]
    (tmp_path / "classes.yaml").write_text(yaml.safe_dump({**CLASSES, "animals": ["unicat"]}))
    with pytest.raises(SourceImageError, match="no emoji is named 'unicat'"):
        build_source_images(*build)
    (tmp_path / "classes.yaml").write_text(yaml.safe_dump(CLASSES))
    (packages / STYLES["noto"].format(code="1f408")).unlink()
    with pytest.raises(SourceImageError, match=r"1f408\.png: no image for 'cat' in this package"):
        build_source_images(*build)
    (packages / NAMES_FILE).unlink()
    with pytest.raises(SourceImageError, match=r"data-by-emoji\.json: no such file; unpack the four packages"):
        build_source_images(*build)
    assert not (tmp_path / "emoji.parquet").exists()
