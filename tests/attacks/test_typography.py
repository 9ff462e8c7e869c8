"""One word on one picture: exact boxes, legal colours, line breaks, and the same pixels every time."""

from collections import Counter
from dataclasses import asdict

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from PIL import Image

from prefclip.attacks.fonts import FONTS, HELD_OUT_FONTS, font_files
from prefclip.attacks.looks import COLOURS, CONDITIONS, HELD_OUT, PAPERS, SEEN
from prefclip.attacks.typography import (
    SMALLEST_SIZE,
    AttackError,
    AttackSpec,
    attack_box,
    break_lines,
    choose_word,
    draw_attack,
    draw_spec,
    line_boxes,
)
from prefclip.seeds import generator_for

letters = st.text("abcdefghijklmnopqrstuvwxyzABCQÄß'-.", min_size=1, max_size=9)
words = st.lists(letters, min_size=1, max_size=5).map(" ".join)
sides = st.integers(60, 140)
seeds = st.integers(0, 2**32)
QUICK = settings(max_examples=60)


def spec_for(word, size, seed, sizes=(8, 20), condition="painted"):
    return draw_spec(word, size, sizes, generator_for("test", seed), *CONDITIONS[condition])


def changed_pixels(size, spec):
    """Pixels that differ on a black or on a white picture: the ink, whatever its colours."""
    changed = np.zeros(size[::-1], bool)
    for shade in (0, 255):
        picture = Image.new("RGB", size, (shade,) * 3)
        changed |= (np.asarray(draw_attack(picture, spec)) != np.asarray(picture)).any(axis=2)
    return changed


def bounds(mask):
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


@QUICK
@given(words, sides, sides, seeds)
def test_box_is_exactly_the_ink_and_inside_the_picture(word, width, height, seed):
    try:
        spec = spec_for(word, (width, height), seed)
    except AttackError:
        reject()  # several long words do not fit on a small picture
    left, top, right, bottom = attack_box(spec)
    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    ink = changed_pixels((width, height), spec)
    assert bounds(ink) == (left, top, right, bottom)
    boxes = line_boxes(spec)
    assert len(boxes) == len(break_lines(word))
    covered = np.zeros_like(ink)
    for a, b, c, d in boxes:
        covered[b:d, a:c] = True
        assert ink[b:d, a].any() and ink[b:d, c - 1].any() and ink[b, a:c].any() and ink[d - 1, a:c].any()
    assert not (ink & ~covered).any() and bounds(covered) == (left, top, right, bottom)


@QUICK
@given(words, seeds)
def test_colours_differ_and_pixels_outside_stay(word, seed):
    spec = spec_for(word, (160, 120), seed)
    assert spec.fill != spec.stroke and {spec.fill, spec.stroke} <= set(COLOURS)
    picture = Image.fromarray(np.random.default_rng(seed).integers(0, 256, (120, 160, 3), np.uint8))
    before = np.asarray(picture).copy()
    attacked = np.asarray(draw_attack(picture, spec))
    left, top, right, bottom = attack_box(spec)
    outside = np.ones((120, 160), bool)
    outside[top:bottom, left:right] = False
    assert (attacked[outside] == before[outside]).all()
    assert (np.asarray(picture) == before).all()
    for part in ("fill", "stroke"):
        third = next(name for name in COLOURS if name not in (spec.fill, spec.stroke))
        recoloured = draw_attack(picture, AttackSpec(**{**asdict(spec), part: third}))
        assert (np.asarray(recoloured) != attacked).any()


@QUICK
@given(words, seeds)
def test_same_seed_same_spec_and_pixels(word, seed):
    first, second = spec_for(word, (160, 120), seed), spec_for(word, (160, 120), seed)
    assert first == second and AttackSpec(**asdict(first)) == first
    picture = Image.new("RGB", (160, 120), (90, 120, 30))
    assert draw_attack(picture, first).tobytes() == draw_attack(picture, second).tobytes()


@QUICK
@given(st.lists(letters, min_size=2, max_size=12), seeds, st.data())
def test_the_true_class_is_never_written(names, seed, data):
    label = data.draw(st.integers(0, len(names) - 1))
    if len(set(names)) == 1:
        with pytest.raises(AttackError, match="at least two different class names"):
            choose_word(label, names, generator_for("test", seed))
    else:
        assert names[choose_word(label, names, generator_for("test", seed))] != names[label]


def test_other_words_are_equally_likely():
    counts = Counter(choose_word(2, list("abcdef"), generator_for("uniform", i)) for i in range(5000))
    assert set(counts) == {0, 1, 3, 4, 5}
    assert all(abs(count - 1000) < 5 * 28.3 for count in counts.values())


@QUICK
@given(words)
def test_lines_hold_all_words_in_order(word):
    parts, lines = word.split(), break_lines(word)
    assert " ".join(lines).split() == parts and len(lines) == min(2, len(parts))
    if len(parts) > 1:
        assert len(lines[0].split()) == (1 if len(parts) <= 3 else 2)


@pytest.mark.parametrize(
    ("word", "lines"),
    [
        ("cat", ["cat"]),
        ("hot dog", ["hot", "dog"]),
        ("great white shark", ["great", "white shark"]),
        ("black and gold garden spider", ["black and", "gold garden spider"]),
        ("  two \n words ", ["two", "words"]),
    ],
)
def test_line_breaks(word, lines):
    assert break_lines(word) == lines


def test_size_shrinks_just_until_the_word_fits():
    for seed in range(40):
        spec = spec_for("construction", (64, 64), seed, (30, 30))
        assert SMALLEST_SIZE <= spec.size < 30
        larger = AttackSpec(**{**asdict(spec), "size": spec.size + 1, "x": 0, "y": 0})
        assert attack_box(larger)[2] > 64
        assert spec_for("ox", (64, 64), seed, (13, 13)).size == 13


def test_sizes_fonts_colours_and_places_are_all_drawn():
    specs = [spec_for("cat", (64, 64), seed, (11, 13)) for seed in range(600)]
    assert {spec.size for spec in specs} == {11, 12, 13}
    assert {spec.font for spec in specs} == set(FONTS)
    assert {path.stem for path in font_files() if path.is_file()} == {*FONTS, *HELD_OUT_FONTS}
    assert {spec.fill for spec in specs} == {spec.stroke for spec in specs} == set(COLOURS)
    boxes = np.array([attack_box(spec) for spec in specs])
    assert boxes[:, :2].min() == 0 and boxes[:, 2:].max() == 64


def test_nothing_of_the_held_out_look_is_seen():
    assert not set(SEEN.fonts) & set(HELD_OUT.fonts) and not set(SEEN.colours) & set(HELD_OUT.colours)
    assert not {*SEEN.inks, *SEEN.papers} & {*HELD_OUT.inks, *HELD_OUT.papers}
    specs = [spec_for("cat", (64, 64), seed, (11, 13), "painted_held_out") for seed in range(200)]
    assert {spec.font for spec in specs} == set(HELD_OUT.fonts)
    assert {spec.fill for spec in specs} == {spec.stroke for spec in specs} == set(HELD_OUT.colours)


@QUICK
@given(
    st.text("abcdefghijklmnopqrstuvwxyzABC", min_size=1, max_size=9), seeds, st.sampled_from(["slip", "slip_held_out"])
)
def test_a_slip_is_a_rectangle_of_paper_around_its_word(word, seed, condition):
    spec = spec_for(word, (200, 160), seed, condition=condition)
    look = CONDITIONS[condition].look
    assert spec.slip and spec.fill in look.inks and spec.stroke in look.papers
    drawn = np.asarray(draw_attack(Image.new("RGB", (200, 160), (1, 2, 3)), spec))
    left, top, right, bottom = attack_box(spec)
    inside = np.zeros((160, 200), bool)
    inside[top:bottom, left:right] = True
    assert ((drawn != (1, 2, 3)).any(axis=2) == inside).all()
    edge = inside.copy()
    edge[top + 1 : bottom - 1, left + 1 : right - 1] = False
    if spec.stroke == "paper":
        assert (drawn[edge] == PAPERS["paper"]).all()
    for a, b, c, d in line_boxes(spec):
        assert left < a < c < right and top < b < d < bottom


def test_lines_of_a_word_do_not_touch():
    for seed in range(30):
        upper, lower = line_boxes(spec_for("jumping quagga", (160, 120), seed))
        assert upper[3] <= lower[1]


@pytest.mark.parametrize(
    ("word", "size", "sizes", "complaint"),
    [
        ("", (64, 64), (11, 19), "word to write is empty"),
        (" \n", (64, 64), (11, 19), "word to write is empty"),
        ("incomprehensibilities", (64, 64), (11, 19), r"does not fit on an image of 64×64 pixels even at 6 px"),
        ("incomprehensibilities", (20, 20), (4, 4), r"does not fit on an image of 20×20 pixels even at 4 px"),
        ("cat", (64, 5), (11, 19), "does not fit"),
        ("猫", (64, 64), (11, 19), "has no letter '猫'; use letters that it has"),
        ("\u00a0\u2003", (64, 64), (11, 19), "word to write is empty"),
        ("\u200b", (64, 64), (11, 19), "leaves no ink|has no letter"),
        ("cat", (64, 64), (0, 19), "font sizes 0 to 19 px"),
        ("cat", (64, 64), (19, 11), "font sizes 19 to 11 px"),
    ],
)
def test_words_that_cannot_be_drawn(word, size, sizes, complaint):
    with pytest.raises(AttackError, match=complaint):
        spec_for(word, size, 0, sizes)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"font": "Arial"}, "font 'Arial' is unknown; allowed: DejaVuSans"),
        ({"fill": "pink"}, "colour 'pink' is unknown; allowed: white"),
        ({"stroke": "pink"}, "colour 'pink' is unknown"),
        ({"x": 60}, r"leaves the 64×64 image"),
        ({"y": -1}, r"leaves the 64×64 image"),
        ({"word": ""}, "empty"),
    ],
)
def test_specs_that_cannot_be_drawn(change, complaint):
    spec = {**asdict(spec_for("cat", (64, 64), 0, (12, 12))), **change}
    with pytest.raises(AttackError, match=complaint):
        draw_attack(Image.new("RGB", (64, 64)), AttackSpec(**spec))


def test_huge_pictures_do_not_take_long():
    """A long word on a picture of 12 megapixels: sizes that surely do not fit are not drawn."""
    spec = draw_spec("a" * 60, (4000, 3000), (268, 536), generator_for("huge"))
    assert attack_box(spec)[2] <= 4000 and spec.size < 268
