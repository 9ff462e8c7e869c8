"""Build the embedded world's image file from the three emoji packages of the npm index.

The result, ``resources/embedded/emoji.parquet``, ships with the repository, so only maintainers run this:

    npm pack emoji-datasource-twitter@16.0.0 emoji-datasource-google@16.0.0 @lobehub/fluent-emoji-3d@1.1.0 \\
             unicode-emoji-json@0.9.0
    (unpack each into PACKAGES/<name>-<version>/)
    prefclip world build-images --packages PACKAGES
    (record the file's new sha256 in checksums.json beside it)
"""

import io
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from PIL import Image

from prefclip.errors import PrefclipError
from prefclip.files import whole_file

SOURCE_SIZE = 64
WEBP_QUALITY = 90
STYLES = {
    "twemoji": "emoji-datasource-twitter-16.0.0/package/img/twitter/64/{code}.png",
    "noto": "emoji-datasource-google-16.0.0/package/img/google/64/{code}.png",
    "fluent": "lobehub-fluent-emoji-3d-1.1.0/package/assets/{code}.webp",
}
NAMES_FILE = "unicode-emoji-json-0.9.0/package/data-by-emoji.json"
SKIN_TONES = {"light": "1f3fb", "medium-light": "1f3fc", "medium": "1f3fd", "medium-dark": "1f3fe", "dark": "1f3ff"}
GENDERS = ("person", "man", "woman")


class SourceImageError(PrefclipError):
    """An emoji package lacks an image that the class list asks for."""


def build_source_images(packages: Path, classes_file: Path, output: Path) -> int:
    """Write a row per image (WebP, RGBA, 64 px); return how many. Raises SourceImageError naming what is missing."""
    classes = yaml.safe_load(classes_file.read_text())
    people = classes.pop("people")
    if not (packages / NAMES_FILE).is_file():
        raise SourceImageError(
            f"{packages / NAMES_FILE}: no such file; unpack the four packages as npm pack gives them."
        )
    codes_by_name = {
        entry["name"]: "-".join(f"{ord(character):04x}" for character in emoji)
        for emoji, entry in json.loads((packages / NAMES_FILE).read_text()).items()
    }
    rows = []
    for dataset, names in classes.items():
        for name in names:
            described = {"dataset": dataset, "kind": "object", "concept": name, "gender": "", "tone": "default"}
            rows += _rows(packages, codes_by_name, name, described)
    for kind, concepts in people.items():
        for concept in concepts:
            for gender in GENDERS:
                name = _cldr_name(concept, gender, kind)
                for tone in ("default", *SKIN_TONES):
                    described = {"dataset": "people", "kind": kind, "concept": concept, "gender": gender, "tone": tone}
                    rows += _rows(packages, codes_by_name, name, described)
    table = pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False)
    with whole_file(output) as temporary:
        pq.write_table(table, temporary, compression="zstd", use_dictionary=["dataset", "kind", "style", "tone"])
    return len(rows)


def _cldr_name(concept: str, gender: str, kind: str) -> str:
    """CLDR leaves the word "person" out of occupations ("cook") but not of activities ("person running")."""
    return concept if kind == "occupations" and gender == "person" else f"{gender} {concept}"


def _rows(packages: Path, codes_by_name: dict[str, str], cldr_name: str, described: dict[str, str]) -> list[dict]:
    if cldr_name not in codes_by_name:
        raise SourceImageError(f"{NAMES_FILE}: no emoji is named {cldr_name!r}; class names must be CLDR short names.")
    codes = codes_by_name[cldr_name].split("-")
    if (tone := described["tone"]) != "default":
        # A skin tone replaces the variation selector directly after the first code point.
        codes = [codes[0], SKIN_TONES[tone], *(codes[2:] if codes[1:2] == ["fe0f"] else codes[1:])]
    return [
        {
            **described,
            "style": style,
            "codepoints": "-".join(codes),
            "webp": _webp(_find_image(packages, pattern, codes, cldr_name)),
        }
        for style, pattern in STYLES.items()
    ]


def _find_image(packages: Path, pattern: str, codes: list[str], name: str) -> Path:
    candidates = ["-".join(codes), "-".join([*codes, "fe0f"]), "-".join(code for code in codes if code != "fe0f")]
    for code in candidates:
        path = packages / pattern.format(code=code)
        if path.is_file():
            return path
    raise SourceImageError(f"{packages / pattern.format(code=candidates[0])}: no image for {name!r} in this package.")


def _webp(path: Path) -> bytes:
    image = Image.open(path).convert("RGBA")
    if image.size != (SOURCE_SIZE, SOURCE_SIZE):
        image = image.resize((SOURCE_SIZE, SOURCE_SIZE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=WEBP_QUALITY, method=6)
    return buffer.getvalue()
