"""The tool that builds the image file from the unpacked emoji packages."""

import io
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
    VECTOR_STYLES,
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
    # Of vector drawings the first package knows code points, the second names, and the others nothing.
    for number, place in enumerate(VECTOR_STYLES.values()):
        (folder / place).mkdir(parents=True)
        icons = {"width": 32, "height": 32, "icons": {}, "aliases": {"dog": {"parent": "hound"}}}
        chars = {}
        if number == 0:
            chars = {"1f408": "kitty"}
            icons["icons"]["kitty"] = {"body": "<path/>", "width": 16}
        if number == 1:
            icons["icons"] = {"hound": {"body": "<g/>"}, "man-cook": {"body": "<a/>", "left": 3}}
        (folder / place / "icons.json").write_text(json.dumps(icons))
        (folder / place / "chars.json").write_text(json.dumps(chars))
    (tmp_path / "classes.yaml").write_text(yaml.safe_dump(CLASSES))
    return folder


def drawn(svg: str) -> bytes:
    """Stands for a rasteriser: a picture whose colour says which SVG it was."""
    buffer = io.BytesIO()
    Image.new("RGBA", (64, 64), (len(svg) % 256, 200, 9, 255)).save(buffer, "PNG")
    return buffer.getvalue()


def test_vector_drawings_are_found_by_code_points_aliases_and_names(packages, tmp_path):
    svgs = []
    build_source_images(
        packages, tmp_path / "classes.yaml", tmp_path / "emoji.parquet", lambda svg: svgs.append(svg) or drawn(svg)
    )
    rows = EmojiWorld(tmp_path).sources
    vector = rows[rows["style"].isin(VECTOR_STYLES)]
    first, second, *_ = VECTOR_STYLES
    found = list(zip(vector["style"], vector["concept"], vector["gender"], vector["tone"], strict=True))
    assert found == [(first, "cat", "", "default"), (second, "dog", "", "default"), (second, "cook", "man", "default")]
    assert [svg.partition('viewBox="')[2].partition('"')[0] for svg in svgs] == ["0 0 16 32", "0 0 32 32", "3 0 32 32"]
    assert "<path/></svg>" in svgs[0]


def test_a_vector_package_that_is_missing(packages, tmp_path):
    place = next(iter(VECTOR_STYLES.values()))
    (packages / place / "chars.json").unlink()
    with pytest.raises(SourceImageError, match=r"holds no icons\.json and chars\.json; unpack it as npm packs it"):
        build_source_images(packages, tmp_path / "classes.yaml", tmp_path / "emoji.parquet", drawn)


def test_one_row_per_style_gender_and_tone(packages, tmp_path):
    count = build_source_images(packages, tmp_path / "classes.yaml", tmp_path / "emoji.parquet", drawn)
    world = EmojiWorld(tmp_path)
    assert count == len(world.sources) == 2 * 3 + 2 * len(GENDERS) * 6 * 3 + 3
    assert world.source_image(0).size == (64, 64) and len(world.rows_of("people", "cook")) == 55
    first = (tmp_path / "emoji.parquet").read_bytes()
    build_source_images(packages, tmp_path / "classes.yaml", tmp_path / "emoji.parquet", drawn)
    assert (tmp_path / "emoji.parquet").read_bytes() == first


def test_unknown_emoji_missing_image_and_missing_package_are_named(packages, tmp_path):
    build = [packages, tmp_path / "classes.yaml", tmp_path / "emoji.parquet", drawn]
    (tmp_path / "classes.yaml").write_text(yaml.safe_dump({**CLASSES, "animals": ["unicat"]}))
    with pytest.raises(SourceImageError, match="no emoji is named 'unicat'"):
        build_source_images(*build)
    (tmp_path / "classes.yaml").write_text(yaml.safe_dump(CLASSES))
    (packages / STYLES["noto"].format(code="1f408")).unlink()
    with pytest.raises(SourceImageError, match=r"1f408\.png: no image for 'cat' in this package"):
        build_source_images(*build)
    (packages / NAMES_FILE).unlink()
    with pytest.raises(SourceImageError, match=r"data-by-emoji\.json: no such file; unpack the packages"):
        build_source_images(*build)
    assert not (tmp_path / "emoji.parquet").exists()
