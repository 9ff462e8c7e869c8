"""The ink control: each pixel of a word's ink is still there, in its box, and cannot be read."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tiny_world import TinyRun, tiny_config

from prefclip.attacks.attacked_manifest import INK_COLUMNS, read_attacked_manifest, read_ink_manifest
from prefclip.attacks.ink import KINDS, draw_ink_twins, unreadable
from prefclip.attacks.looks import CONDITIONS
from prefclip.attacks.typography import AttackError, attack_box, draw_attack, draw_spec
from prefclip.datasets.image_stacks import open_images
from prefclip.seeds import generator_for

words = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=9)


def colours_of(picture, box):
    """The pixels inside a box, sorted, and all others as they are."""
    pixels = np.asarray(picture).copy()
    left, top, right, bottom = box
    inside = pixels[top:bottom, left:right].reshape(-1, 3)
    inside = inside[np.lexsort(inside.T)]
    pixels[top:bottom, left:right] = 0
    return inside, pixels


@settings(max_examples=60)
@given(words, st.integers(0, 2**32), st.sampled_from(sorted(KINDS)), st.sampled_from(sorted(CONDITIONS)))
def test_twins_have_the_same_ink_in_the_same_box(word, seed, kind, condition):
    generator = generator_for("ink", seed)
    spec = draw_spec(word, (96, 64), (9, 16), generator, *CONDITIONS[condition])
    plain = Image.new("RGB", (96, 64), (7, 8, 9))  # on one colour moved ink is a permutation of its pixels
    attacked, twin = draw_attack(plain, spec), draw_attack(plain, spec, unreadable(kind, spec, generator))
    (ink, rest), (moved, rest_of_twin) = (colours_of(picture, attack_box(spec)) for picture in (attacked, twin))
    assert (ink == moved).all() and (rest == rest_of_twin).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("word", ["cat", "polar", "hippopotamus"])
def test_a_twin_is_another_picture(kind, word):
    for seed in range(20):
        generator = generator_for("ink", seed)
        spec = draw_spec(word, (96, 64), (9, 16), generator)
        plain = Image.new("RGB", (96, 64), (7, 8, 9))
        attacked, twin = draw_attack(plain, spec), draw_attack(plain, spec, unreadable(kind, spec, generator))
        changed = (np.asarray(attacked) != np.asarray(twin)).any(axis=2).mean()
        assert changed > 0.01, "most of the letters stand elsewhere"


def test_unknown_ink():
    spec = draw_spec("cat", (64, 64), (9, 12), generator_for("ink"))
    with pytest.raises(AttackError, match="ink 'blurred' is unknown; allowed: turned, mirrored, scrambled"):
        unreadable("blurred", spec, generator_for("ink"))


def twins_of(run: TinyRun, name: str, **options):
    paths = (run.folder / f"{name}.npy", run.folder / f"{name}.parquet")
    settings = {"kinds": ("turned", "mirrored"), "splits": ("test",), **options}
    draw_ink_twins(run.dataset, run.attacked_manifest, run.images, *paths, **settings)
    return open_images(paths[0]), read_ink_manifest(paths[1]), [path.read_bytes() for path in paths]


def test_every_attack_of_the_split_has_one_twin(world, tmp_path):
    run = TinyRun(tmp_path, tiny_config(world)).build().attack(test_conditions=tuple(CONDITIONS))
    images, twins, _ = twins_of(run, "ink")
    attacked = read_attacked_manifest(run.attacked_manifest)
    attacked = attacked[attacked["split"] == "test"].reset_index(drop=True)
    assert tuple(twins.columns) == INK_COLUMNS and len(images) == len(twins) == len(attacked)
    shared = [name for name in attacked.columns if name in twins and name not in ("row", "sha256")]
    assert twins[shared].equals(attacked[shared])
    assert set(twins["ink"]) == {"turned", "mirrored"} and (twins["ink_id"] == twins["attacked_id"] + ".ink").all()
    pictures = open_images(run.attacked_images)[attacked["row"].to_numpy()]
    assert all((one != other).any() for one, other in zip(images, pictures, strict=True))


def test_twins_have_the_same_bytes_with_any_number_of_workers(world, tmp_path):
    run = TinyRun(tmp_path, tiny_config(world)).build().attack()
    first, again, other = (
        twins_of(run, name, **more)[2] for name, more in (("a", {}), ("b", {"workers": 2}), ("c", {"seed": 1}))
    )
    assert first == again and first[1] != other[1]
