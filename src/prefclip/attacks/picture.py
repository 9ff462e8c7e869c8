"""A typographic attack on one picture file of any size."""

from pathlib import Path

from prefclip.attacks.typography import SMALLEST_SIZE, AttackError, AttackSpec, draw_attack, draw_spec
from prefclip.datasets.pictures import open_picture
from prefclip.files import whole_file
from prefclip.seeds import generator_for

# The protocol draws 20 to 40 px on pictures of 224 px.
PROTOCOL_SIDE = 224
PROTOCOL_SIZES = (20, 40)
JPEG = {"quality": 95, "subsampling": 0}
SAVE_OPTIONS = {".png": {}, ".jpg": JPEG, ".jpeg": JPEG, ".webp": {"lossless": True}, ".tif": {}, ".tiff": {}}


def attack_picture(
    picture: str | Path, word: str, out: str | Path, seed: int = 0, size_range: tuple[int, int] | None = None
) -> AttackSpec:
    """Write ``word`` on a picture with font, size, colours and place drawn from ``seed``; returns what was drawn.

    The picture is any file that :func:`prefclip.datasets.pictures.open_picture` reads; the suffix of ``out`` chooses
    the format, one of SAVE_OPTIONS. Font sizes in pixels are the protocol's, scaled to the picture's shorter side,
    unless given. The same seed (0 or more), word and picture give the same pixels. Raises PictureError for an
    unreadable picture; AttackError for a word that cannot be drawn, a negative seed or an unknown format; OutputError
    where ``out`` cannot be written; nothing half-written stays.
    """
    out = Path(out)
    suffix = out.suffix.lower()
    if suffix not in SAVE_OPTIONS:
        raise AttackError(
            f"{out}: cannot save as {suffix or 'a file without suffix'!r}; use {', '.join(SAVE_OPTIONS)}."
        )
    if seed < 0:
        raise AttackError(f"seed {seed}: must be 0 or more.")
    image = open_picture(picture)
    try:
        spec = draw_spec(word, image.size, size_range or scaled_sizes(image.size), generator_for("picture", seed))
    except AttackError as error:
        raise AttackError(f"{picture}: {error}") from error
    attacked = draw_attack(image, spec)
    profile = image.info.get("icc_profile")
    with whole_file(out) as temporary:
        attacked.save(temporary, icc_profile=profile, **SAVE_OPTIONS[suffix])
    return spec


def scaled_sizes(image_size: tuple[int, int]) -> tuple[int, int]:
    """Return the protocol's smallest and largest font size, scaled to a picture of (width, height) pixels."""
    scale = min(image_size) / PROTOCOL_SIDE
    smallest, largest = (max(SMALLEST_SIZE, round(size * scale)) for size in PROTOCOL_SIZES)
    return smallest, largest
