"""The concept map and its powers: what t = 0, t = 1 and t < 0 are, and what happens to tiny singular values."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from prefclip.models.concept_head import (
    ConceptHead,
    ConceptHeadError,
    departure,
    load_concept_head,
    save_concept_head,
)
from prefclip.models.concept_powers import ConceptPowers
from prefclip.models.tensor_files import TensorFileError

QUICK = settings(max_examples=40)
WIDTH = 12
METADATA = {"model": "emoji-clip", "base_sha256": "ab" * 32}
SCALES = st.floats(-4, 4)
SEEDS = st.integers(0, 10_000)


def embeddings(seed=0, images=9, texts=5, width=WIDTH):
    generator = torch.Generator().manual_seed(seed)
    both = torch.randn(images + texts, width, generator=generator, dtype=torch.float64)
    both = torch.nn.functional.normalize(both, dim=-1)
    return both[:images], both[images:]


def trained_head(seed=0, spread=0.15, **options):
    """A head that has moved from its start."""
    head = ConceptHead(WIDTH, **options)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in head.maps.values():
            weight += spread * torch.randn(weight.shape, generator=generator)
    return head


def orthogonal(seed, width=WIDTH):
    generator = torch.Generator().manual_seed(seed)
    return torch.linalg.qr(torch.randn(width, width, generator=generator, dtype=torch.float64))[0]


def head_of(*weights):
    """A shared head of one matrix, or a separate one of two (image, text)."""
    head = ConceptHead(weights[0].shape[1], rank=len(weights[0]), start="orthogonal", separate=len(weights) == 2)
    for parameter, weight in zip(head.maps.values(), weights, strict=True):
        parameter.data = weight.clone()
    return head


def map_at(powers, t, side=None):
    """W_t of one side, by default the image's."""
    side = side or powers.image
    return (side.left * side.powers(t, powers.floor)) @ side.right.T


@pytest.mark.parametrize("seed", range(3))
def test_power_zero_is_orthogonal_and_power_one_is_the_map(seed):
    head = trained_head(seed)
    powers = ConceptPowers(head)
    at_zero = map_at(powers, 0)
    assert torch.dist(at_zero.T @ at_zero, torch.eye(WIDTH, dtype=torch.float64)) < 1e-6
    torch.testing.assert_close(map_at(powers, 1), head.image_map.double(), rtol=0, atol=1e-6)


@QUICK
@given(SEEDS, SCALES, SCALES)
def test_powers_of_the_similarity_multiply(seed, first, second):
    """(WᵀW)ᵗ is a one-parameter group: V Σ²ˢ Vᵀ V Σ²ᵗ Vᵀ = V Σ²⁽ˢ⁺ᵗ⁾ Vᵀ."""
    powers = ConceptPowers(trained_head(seed))

    def square(t):
        return map_at(powers, t).T @ map_at(powers, t)

    product, expected = square(first) @ square(second), square(first + second)
    torch.testing.assert_close(product, expected, rtol=1e-7, atol=1e-7 * float(expected.abs().max().clamp(min=1)))


@pytest.mark.parametrize("start", ["identity", "orthogonal"])
def test_an_untrained_map_changes_no_similarity(start):
    images, texts = embeddings()
    head = ConceptHead(WIDTH, start=start, seed=3)
    torch.testing.assert_close(head(images.float(), texts.float(), 20.0), (20 * images @ texts.T).float())
    assert float(head.penalty().detach()) < 1e-5
    for t in (-4, -1, 0, 0.5, 1, 4):
        torch.testing.assert_close(
            ConceptPowers(head).between(images, texts, 20.0).logits(t), 20 * images @ texts.T, rtol=0, atol=1e-4
        )


@pytest.mark.parametrize("seed", range(5))
def test_rankings_at_power_zero_are_those_of_the_base_model(seed):
    images, texts = embeddings(seed, images=40, texts=30)
    at_zero = ConceptPowers(trained_head(seed)).between(images, texts, 33.0).logits(0)
    base = 33.0 * images @ texts.T
    torch.testing.assert_close(at_zero, base, rtol=0, atol=1e-10)
    assert torch.equal(at_zero.argsort(dim=1), base.argsort(dim=1))
    assert torch.equal(at_zero.argsort(dim=0), base.argsort(dim=0))


def test_power_one_gives_the_logits_of_the_trained_map():
    images, texts = embeddings()
    for head in (trained_head(), trained_head(separate=True), trained_head(rank=7, start="orthogonal")):
        expected = head(images.float(), texts.float(), 20.0).double()
        actual = ConceptPowers(head).between(images, texts, 20.0).logits(1)
        torch.testing.assert_close(actual, expected, rtol=1e-5, atol=1e-5)


@QUICK
@given(SEEDS, SCALES)
def test_prepared_logits_are_those_of_the_scaled_maps(seed, t):
    images, texts = embeddings(seed)
    for head in (trained_head(seed), trained_head(seed, separate=True), trained_head(seed, rank=5, start="orthogonal")):
        powers = ConceptPowers(head)
        expected = 20.0 * (images @ map_at(powers, t).T) @ (texts @ map_at(powers, t, powers.text).T).T
        torch.testing.assert_close(
            powers.between(images, texts, 20.0).logits(t), expected, rtol=1e-7, atol=1e-7 * float(expected.abs().max())
        )


@QUICK
@given(SEEDS, SEEDS, SCALES)
def test_an_orthogonal_map_after_w_changes_nothing(seed, rotation, t):
    images, texts = embeddings(seed)
    weight = trained_head(seed).image_map.detach().double()
    turned = ConceptPowers(head_of(orthogonal(rotation) @ weight)).between(images, texts, 20.0).logits(t)
    plain = ConceptPowers(head_of(weight)).between(images, texts, 20.0).logits(t)
    torch.testing.assert_close(turned, plain, rtol=1e-8, atol=1e-8)


@QUICK
@given(SEEDS, SEEDS, SCALES)
def test_rotating_embeddings_and_map_together_changes_nothing(seed, rotation, t):
    images, texts = embeddings(seed)
    turn, weight = orthogonal(rotation), trained_head(seed).image_map.detach().double()
    turned = ConceptPowers(head_of(weight @ turn.T)).between(images @ turn.T, texts @ turn.T, 20.0).logits(t)
    plain = ConceptPowers(head_of(weight)).between(images, texts, 20.0).logits(t)
    torch.testing.assert_close(turned, plain, rtol=1e-8, atol=1e-8)


def singular(values):
    return head_of(orthogonal(1) @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ orthogonal(2))


def test_tiny_singular_values_are_floored_for_negative_powers_only_and_counted():
    powers = ConceptPowers(singular([2.0] + [1.0] * (WIDTH - 3) + [1e-9, 0.0]), floor=1e-4)
    assert [powers.floored(t) for t in (-4, -0.5, 0, 0.5, 1)] == [2, 2, 0, 0, 0]
    images, texts = embeddings()
    for t in (-4, -1e-9, 0, 1, 4):
        assert torch.isfinite(powers.between(images, texts, 20.0).logits(t)).all()
    at_zero = map_at(powers, 0)
    assert torch.dist(at_zero.T @ at_zero, torch.eye(WIDTH, dtype=torch.float64)) < 1e-6
    assert torch.linalg.svdvals(map_at(powers, -1))[0] == pytest.approx(1 / 2e-4)


def test_powers_meet_at_zero_from_both_sides():
    powers = ConceptPowers(singular([2.0] + [1.0] * (WIDTH - 2) + [1e-12]))
    below, above = (map_at(powers, t) for t in (-1e-9, 1e-9))
    torch.testing.assert_close(below, above, rtol=0, atol=1e-6)


def test_a_power_that_overflows_is_an_error_that_says_what_to_do():
    diagonal = torch.diag(torch.tensor([1.0] * (WIDTH - 1) + [1e-99], dtype=torch.float64))
    powers = ConceptPowers(head_of(diagonal), floor=1e-100)
    images, texts = embeddings()
    with pytest.raises(ConceptHeadError, match=r"t = -4 .* raise concept.floor"):
        powers.between(images, texts, 20.0).logits(-4)


def test_separate_maps_keep_their_relative_rotation_at_zero():
    images, texts = embeddings()
    turn = orthogonal(4)
    head = head_of(torch.eye(WIDTH, dtype=torch.float64), turn)
    at_zero = ConceptPowers(head).between(images, texts, 20.0).logits(0)
    torch.testing.assert_close(at_zero, 20 * images @ (texts @ turn.T).T, rtol=0, atol=1e-8)
    assert not torch.allclose(at_zero, 20 * images @ texts.T, atol=1e-2)


def test_reduced_rank_is_a_projection_at_zero():
    powers = ConceptPowers(trained_head(rank=5, start="orthogonal"))
    square = map_at(powers, 0).T @ map_at(powers, 0)
    torch.testing.assert_close(square @ square, square)
    assert int(torch.linalg.matrix_rank(square)) == 5


def test_the_penalty_is_the_distance_of_w_w_transposed_from_the_identity():
    head = trained_head(spread=0.3, rank=7, start="orthogonal")
    weight = head.image_map.detach()
    expected = torch.linalg.matrix_norm(torch.eye(7) - weight @ weight.T)
    torch.testing.assert_close(head.penalty().detach(), expected)
    head = trained_head(spread=0.3, separate=True)
    expected = sum(torch.linalg.matrix_norm(torch.eye(WIDTH) - weight @ weight.T) for weight in head.maps.values())
    torch.testing.assert_close(head.penalty(), expected)


def test_the_penalty_has_a_gradient_at_the_identity():
    head = ConceptHead(WIDTH)
    head.penalty().backward()
    assert torch.equal(head.image_map.grad, torch.zeros(WIDTH, WIDTH))
    matrix = torch.randn(4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(departure, matrix)


def test_the_start_is_drawn_from_the_seed():
    first, again, other = (ConceptHead(WIDTH, start="orthogonal", seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.image_map, again.image_map)
    assert not torch.equal(first.image_map, other.image_map)


@pytest.mark.parametrize("options", [{}, {"separate": True}, {"rank": 5, "start": "orthogonal"}])
def test_a_saved_map_comes_back_and_gives_the_same_bytes(tmp_path, options):
    head = trained_head(**options)
    for name in ("first", "second"):
        save_concept_head(tmp_path / name, head, METADATA)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    loaded, metadata = load_concept_head(tmp_path / "first", METADATA["base_sha256"])
    assert metadata["model"] == "emoji-clip"
    assert (loaded.rank, loaded.dimension, loaded.separate) == (head.rank, head.dimension, head.separate)
    for name, weight in head.maps.items():
        assert torch.equal(loaded.maps[name], weight)


def test_files_that_hold_no_fitting_map_are_refused(tmp_path):
    path = tmp_path / "map.safetensors"
    with pytest.raises(TensorFileError, match=r"map.safetensors: no such file"):
        load_concept_head(path)
    path.write_bytes(b"\x10\0\0\0\0\0\0\0{}")
    with pytest.raises(TensorFileError, match="not a whole safetensors file"):
        load_concept_head(path)
    save_concept_head(path, trained_head(), METADATA)
    with pytest.raises(ConceptHeadError, match=r"map.safetensors: was trained on other weights of emoji-clip"):
        load_concept_head(path, "cd" * 32)
    head = trained_head()
    head.image_map.data[0, 0] = torch.nan
    with pytest.raises(ConceptHeadError, match="not written, the map is not finite"):
        save_concept_head(path, head, METADATA)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "random"}, "concept.start: 'random' is unknown; allowed: identity, orthogonal"),
        ({"rank": 13, "start": "orthogonal"}, "concept.rank: 13 must lie between 1 and 12"),
        ({"rank": 5}, "use orthogonal"),
    ],
)
def test_maps_that_cannot_be_made_are_refused(options, message):
    with pytest.raises(ConceptHeadError, match=message):
        ConceptHead(WIDTH, **options)


def test_embeddings_of_another_width_are_refused():
    images, texts = embeddings(width=WIDTH + 1)
    with pytest.raises(ConceptHeadError, match=r"width 12 but the model's image embeddings have width 13"):
        ConceptPowers(trained_head()).between(images, texts, 1.0)
    with pytest.raises(ConceptHeadError, match=r"concept.floor: 1 must lie"):
        ConceptPowers(trained_head(), floor=1)
    with pytest.raises(ConceptHeadError, match="the concept map is zero"):
        ConceptPowers(head_of(torch.zeros(3, 3)))
