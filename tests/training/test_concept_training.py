"""Training of concept maps: the same losses as for the image tower, W alone trained, the same bytes each time."""

import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from tiny_concepts import concept_settings, write_concept_run

from prefclip.config.analyses import ConceptConfig
from prefclip.models.concept_head import ConceptHead, load_concept_head
from prefclip.models.tensor_files import read_tensors
from prefclip.objectives import names, objective
from prefclip.training.concept_fitting import LOG_COLUMNS, concept_loss, distance_from_identity, fit_concept
from prefclip.training.concept_pairs import ConceptPairs, neutral
from prefclip.training.errors import TrainingError

WIDTH = 12


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_concept_run(tmp_path_factory.mktemp("concepts"))


def toy_pairs(seed=0, images=40, classes=5, strength=1.0):
    """Pictures that show one class and bear the word of another, in embeddings of 12 dimensions."""
    generator = torch.Generator().manual_seed(seed)
    texts = torch.nn.functional.normalize(torch.randn(classes, WIDTH, generator=generator), dim=-1)
    true = torch.arange(images) % classes
    written = (true + torch.randint(1, classes, (images,), generator=generator)) % classes
    noise = 0.3 * torch.randn(images, WIDTH, generator=generator)
    words = torch.randn(classes, WIDTH, generator=generator)
    judged = torch.nn.functional.normalize(texts[true] + strength * (texts + words)[written] + noise, dim=-1)
    kept = torch.nn.functional.normalize(texts[true] + noise, dim=-1)
    return ConceptPairs(judged, texts, true, written, kept, texts, 20.0)


@pytest.mark.parametrize("name", names())
def test_the_loss_on_reading_pairs_is_the_objective_itself(name):
    pairs = toy_pairs()
    head = ConceptHead(WIDTH)
    with torch.no_grad():
        head.image_map.data += 0.1 * torch.randn(WIDTH, WIDTH, generator=torch.Generator().manual_seed(1))
    rows = torch.arange(3, 30)
    loss = objective(name)
    expected = loss(
        head(pairs.kept[rows], pairs.kept_texts, pairs.scale),
        head(pairs.judged[rows], pairs.judged_texts, pairs.scale),
        pairs.scale * pairs.kept[rows] @ pairs.kept_texts.T,
        pairs.reference[rows],
        pairs.preferred[rows],
        pairs.rejected[rows],
    )
    actual = concept_loss(head, pairs, rows, loss)
    for found, wanted in zip(actual, expected, strict=True):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("name", ["dpo", "ipo", "kto", "ce", "ce_kl"])
def test_training_prefers_the_object_to_the_word(name):
    pairs = toy_pairs()
    rate = {"ipo": 3e-3}.get(name, 3e-2)
    fitted = fit_concept(pairs, concept_settings("reading", objective=name, epochs=15, learning_rate=rate), 0, "toy")

    @torch.no_grad()
    def margin(head):
        logits = head(pairs.judged, pairs.judged_texts, pairs.scale)
        rows = torch.arange(len(pairs))
        return float((logits[rows, pairs.preferred] - logits[rows, pairs.rejected]).mean())

    assert margin(fitted.head) > margin(ConceptHead(WIDTH)) + 0.5
    assert fitted.log[-1]["margin"] > 0
    assert not any(weight.requires_grad for weight in fitted.head.maps.values())


@pytest.mark.parametrize("options", [{}, {"separate": True}, {"rank": 6, "start": "orthogonal"}])
def test_training_is_repeatable_and_the_seed_matters(options):
    settings = concept_settings("reading", **options)
    first, again, other = (fit_concept(toy_pairs(), settings, seed, "toy") for seed in (0, 0, 1))
    assert first.log == again.log
    assert torch.equal(first.head.image_map, again.head.image_map)
    assert not torch.equal(first.head.image_map, other.head.image_map)
    assert first.head.separate == options.get("separate", False)


def test_a_batch_larger_than_the_pairs_is_the_full_batch():
    settings = concept_settings("reading", batch_size=1000, epochs=7)
    assert len(fit_concept(toy_pairs(), settings, 0, "toy").log) == 7


def test_the_penalty_keeps_the_map_near_an_isometry():
    loose, tight = (
        fit_concept(toy_pairs(), concept_settings("reading", epochs=20, unitarity_weight=weight), 0, "toy").head
        for weight in (0.0, 5.0)
    )
    assert distance_from_identity(tight) < 0.5 * distance_from_identity(loose)


def test_neutral_pairs_ask_for_no_margin():
    pairs = toy_pairs()
    rows = torch.arange(2 * len(pairs))
    balanced = neutral(pairs)
    assert len(balanced) == 2 * len(pairs)
    at_start = concept_loss(ConceptHead(WIDTH), balanced, rows, objective("dpo"))
    fitted = fit_concept(balanced, concept_settings("gender", epochs=30, learning_rate=2e-2), 0, "toy")
    assert float(at_start.margin) == pytest.approx(0, abs=1e-5)

    @torch.no_grad()
    def spread(head):
        logits = head(pairs.judged, pairs.judged_texts, pairs.scale)
        image = torch.arange(len(pairs))
        return float((logits[image, pairs.preferred] - logits[image, pairs.rejected]).abs().mean())

    assert spread(fitted.head) < 0.5 * spread(ConceptHead(WIDTH))


def test_a_loss_that_is_no_number_names_the_key():
    pairs = toy_pairs()
    pairs.judged[0, 0] = torch.nan
    with pytest.raises(TrainingError, match=r"loss is nan at step 1; lower concept.learning_rate"):
        fit_concept(pairs, concept_settings("reading", batch_size=1000), 0, "toy")


def test_parts_of_other_lengths_are_refused():
    pairs = toy_pairs()
    with pytest.raises(TrainingError, match="got 40 images, 39 preferred"):
        ConceptPairs(
            pairs.judged, pairs.judged_texts, pairs.preferred[1:], pairs.rejected, pairs.kept, pairs.kept_texts, 1
        )


@pytest.mark.parametrize("concept", ["reading", "gender"])
def test_the_stage_writes_a_map_and_its_log_with_the_same_bytes(run, tmp_path, concept):
    train = run.train_reading if concept == "reading" else run.train_gender
    first, again = (train(tmp_path / name) for name in ("first", "again"))
    for name in ("map.safetensors", "training_log.csv"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    head, metadata = load_concept_head(first)
    assert head.dimension == 8 and metadata["concept"] == concept and metadata["seed"] == "0"
    assert metadata["dataset"] == ("animals" if concept == "reading" else "people")
    log = pd.read_csv(again.parent / "training_log.csv")
    assert tuple(log.columns) == ("step", *LOG_COLUMNS)
    assert len(log) == int(metadata["steps"]) and log.notna().all(axis=None)


def test_the_gender_stage_checks_that_its_pairs_are_the_asked_for_ones(run, tmp_path):
    run.train_gender(tmp_path / "neutral", preference="neutral")
    run.train_gender(tmp_path / "reversed", preference="reversed")
    assert read_tensors(tmp_path / "neutral/map.safetensors", "").metadata["settings"].count("neutral") == 1
    with pytest.raises(TrainingError, match=r"reversed.parquet: holds reversed pairs but .* is factual"):
        train_with_pairs(run, tmp_path, run.pairs("reversed"))


def train_with_pairs(run, folder, pairs):
    from prefclip.training.concept_training import train_concept_map

    train_concept_map(
        run.config,
        concept_settings("gender"),
        0,
        gender_pairs=pairs,
        images=run.layout.images("people"),
        classes=run.layout.classes("people"),
        out_map=folder / "map.safetensors",
        out_log=folder / "log.csv",
        device="cpu",
        threads=1,
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"concept": "colour"}, "reading"),
        ({"concept": "reading", "objective": "ppo"}, "unknown objective 'ppo'"),
        ({"concept": "reading", "parameters": {"gamma": 1}}, "no parameter 'gamma'"),
        ({"concept": "reading", "scales": [0, 1, 0.5]}, "must ascend"),
        ({"concept": "reading", "scales": [-1, 1]}, "0 .the untouched model"),
        ({"concept": "gender", "objective": "kto", "preference": "neutral"}, "gains nothing from neutral pairs"),
        ({"concept": "reading", "rank": 64}, "has no identity"),
        ({"concept": "reading", "step": 1}, "Extra inputs"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values, message):
    with pytest.raises(ValidationError, match=message):
        ConceptConfig(**values)
