"""Build the embedded world's image file from emoji packages of the npm index.

The result, ``resources/embedded/emoji.parquet``, ships with the repository, so only maintainers run this:

    pip install cairosvg
    npm pack emoji-datasource-twitter@16.0.0 emoji-datasource-google@16.0.0 @lobehub/fluent-emoji-3d@1.1.0 \\
             @iconify-json/fluent-emoji-flat@1.2.6 @iconify-json/openmoji@1.2.29 @iconify-json/emojione@1.2.3 \\
             @iconify-json/noto-v1@1.2.5 unicode-emoji-json@0.9.0
    (unpack each into PACKAGES/<name>-<version>/)
    prefclip world build-images --packages PACKAGES
    (record the file's new sha256 in checksums.json beside it)
"""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

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
# Drawn as vectors; not every class is in each of them.
VECTOR_STYLES = {
    "fluent-flat": "iconify-json-fluent-emoji-flat-1.2.6/package",
    "openmoji": "iconify-json-openmoji-1.2.29/package",
    "emojione": "iconify-json-emojione-1.2.3/package",
    "noto-v1": "iconify-json-noto-v1-1.2.5/package",
}
NAMES_FILE = "unicode-emoji-json-0.9.0/package/data-by-emoji.json"
SKIN_TONES = {"light": "1f3fb", "medium-light": "1f3fc", "medium": "1f3fd", "medium-dark": "1f3fe", "dark": "1f3ff"}
GENDERS = ("person", "man", "woman")


class SourceImageError(PrefclipError):
    """An emoji package lacks an image that the class list asks for."""


Rasterise = Callable[[str], bytes]


def rasterised(svg: str) -> bytes:
    """A drawing as PNG of SOURCE_SIZE. Raises SourceImageError where cairosvg is not installed."""
    try:
        import cairosvg
    except (ImportError, OSError) as error:
        raise SourceImageError(f"vector drawings need cairosvg ({error}); `pip install cairosvg`.") from error
    return cairosvg.svg2png(svg.encode(), output_width=SOURCE_SIZE, output_height=SOURCE_SIZE)


def build_source_images(packages: Path, classes_file: Path, output: Path, rasterise: Rasterise = rasterised) -> int:
    """Write a row per image (WebP, RGBA, 64 px); return how many. Raises SourceImageError naming what is missing."""
    classes = yaml.safe_load(classes_file.read_text())
    people = classes.pop("people")
    if not (packages / NAMES_FILE).is_file():
        raise SourceImageError(f"{packages / NAMES_FILE}: no such file; unpack the packages as npm pack gives them.")
    codes_by_name = {
        entry["name"]: "-".join(f"{ord(character):04x}" for character in emoji)
        for emoji, entry in json.loads((packages / NAMES_FILE).read_text()).items()
    }
    vectors = {style: _Vectors.read(packages / folder, rasterise) for style, folder in VECTOR_STYLES.items()}
    rows = []
    for dataset, names in classes.items():
        for name in names:
            described = {"dataset": dataset, "kind": "object", "concept": name, "gender": "", "tone": "default"}
            rows += _rows(packages, vectors, codes_by_name, name, described)
    for kind, concepts in people.items():
        for concept in concepts:
            for gender in GENDERS:
                name = _cldr_name(concept, gender, kind)
                for tone in ("default", *SKIN_TONES):
                    described = {"dataset": "people", "kind": kind, "concept": concept, "gender": gender, "tone": tone}
                    rows += _rows(packages, vectors, codes_by_name, name, described)
    table = pa.Table.from_pandas(pd.DataFrame(rows), preserve_index=False)
    with whole_file(output) as temporary:
        pq.write_table(table, temporary, compression="zstd", use_dictionary=["dataset", "kind", "style", "tone"])
    return len(rows)


def _cldr_name(concept: str, gender: str, kind: str) -> str:
    """CLDR leaves the word "person" out of occupations ("cook") but not of activities ("person running")."""
    return concept if kind == "occupations" and gender == "person" else f"{gender} {concept}"


class _Vectors(NamedTuple):
    """The drawings of one package of Iconify: SVG by the code points of the emoji, or by its name."""

    icons: dict[str, Any]
    names: dict[str, str]
    rasterise: Rasterise

    @classmethod
    def read(cls, folder: Path, rasterise: Rasterise) -> "_Vectors":
        try:
            icons, names = (json.loads((folder / f"{part}.json").read_text()) for part in ("icons", "chars"))
        except OSError as error:
            raise SourceImageError(
                f"{folder}: holds no icons.json and chars.json; unpack it as npm packs it."
            ) from error
        return cls(icons, names, rasterise)

    def webp(self, codes: list[str], cldr_name: str) -> bytes | None:
        """The drawing of an emoji, None where the package has none."""
        plain = [code.lstrip("0") for code in codes]
        spellings = ["-".join(plain), "-".join(code for code in plain if code != "fe0f"), "-".join([*plain, "fe0f"])]
        name = next((self.names[each] for each in spellings if each in self.names), cldr_name.replace(" ", "-"))
        name = self.icons.get("aliases", {}).get(name, {}).get("parent", name)
        if name not in self.icons["icons"]:
            return None
        icon = self.icons["icons"][name]
        width, height = (icon.get(side, self.icons.get(side, 16)) for side in ("width", "height"))
        box = f"{icon.get('left', 0)} {icon.get('top', 0)} {width} {height}"
        svg = f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{box}">'
        return _webp(io.BytesIO(self.rasterise(f"{svg}{icon['body']}</svg>")))


def _rows(
    packages: Path,
    vectors: dict[str, _Vectors],
    codes_by_name: dict[str, str],
    cldr_name: str,
    described: dict[str, str],
) -> list[dict]:
    if cldr_name not in codes_by_name:
        raise SourceImageError(f"{NAMES_FILE}: no emoji is named {cldr_name!r}; class names must be CLDR short names.")
    codes = codes_by_name[cldr_name].split("-")
    if (tone := described["tone"]) != "default":
        # A skin tone replaces the variation selector directly after the first code point.
        codes = [codes[0], SKIN_TONES[tone], *(codes[2:] if codes[1:2] == ["fe0f"] else codes[1:])]
    found = {style: _webp(_find_image(packages, pattern, codes, cldr_name)) for style, pattern in STYLES.items()}
    # A name alone says nothing of a skin tone.
    by_name = cldr_name if described["tone"] == "default" else ""
    found |= {style: webp for style, drawings in vectors.items() if (webp := drawings.webp(codes, by_name))}
    return [{**described, "style": style, "codepoints": "-".join(codes), "webp": webp} for style, webp in found.items()]


def _find_image(packages: Path, pattern: str, codes: list[str], name: str) -> Path:
    candidates = ["-".join(codes), "-".join([*codes, "fe0f"]), "-".join(code for code in codes if code != "fe0f")]
    for code in candidates:
        path = packages / pattern.format(code=code)
        if path.is_file():
            return path
    raise SourceImageError(f"{packages / pattern.format(code=candidates[0])}: no image for {name!r} in this package.")


def _webp(drawing: Path | io.BytesIO) -> bytes:
    image = Image.open(drawing).convert("RGBA")
    if image.size != (SOURCE_SIZE, SOURCE_SIZE):
        image = image.resize((SOURCE_SIZE, SOURCE_SIZE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=WEBP_QUALITY, method=6)
    return buffer.getvalue()
