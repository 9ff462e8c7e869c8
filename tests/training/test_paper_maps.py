"""The linear maps of the paper's configuration: printed settings, nothing inherited, and trainings at D = 512."""

from pathlib import Path

import pytest
import torch
from torch.nn.functional import normalize

from prefclip.config import read_config
from prefclip.models.concept_head import ConceptHead
from prefclip.models.concept_powers import ConceptPowers
from prefclip.training.concept_fitting import distance_from_identity, fit_concept
from prefclip.training.concept_pairs import ConceptPairs

ROOT = Path(__file__).parents[2]
PAPER = read_config(ROOT / "config/paper.yaml")
OURS = "reading_ours"
# arXiv:2411.08923: one recipe for all trainings, and β = λ = 1 for DPO and for gender.
PRINTED = {"epochs": 3, "batch_size": 512, "learning_rate": 2e-5, "warmup_ratio": 0.1}
OF_GENDER_ALONE = {"dataset", "preference", "top"}
WIDTH, CLASSES, IMAGES, SCALE = 512, 100, 4096, 100.0


@pytest.mark.parametrize("name", PAPER.concepts)
def test_every_setting_is_printed_or_named_in_the_file(name):
    settings = PAPER.concepts[name]
    needless = OF_GENDER_ALONE if settings.concept == "reading" else set()
    assert settings.model_fields_set == set(type(settings).model_fields) - needless
    assert settings.objective == "dpo"
    assert settings.parameters == {"beta": 1.0, "regulariser_weight": 1.0, "label_smoothing": 0.0}
    if name != OURS:
        assert {key: getattr(settings, key) for key in PRINTED} == PRINTED
    assert PRINTED.items() <= PAPER.training.model_dump().items()


def test_ours_is_the_embedded_map_beside_the_printed_one():
    ours, printed = (PAPER.concepts[name].trained_with() for name in (OURS, "reading"))
    assert {key for key in ours if ours[key] != printed[key]} == {"epochs", "batch_size", "learning_rate"}
    embedded = read_config(ROOT / "config/embedded.yaml").concepts["reading"].trained_with()
    assert {**ours, "parameters": {}} == embedded


@pytest.fixture(scope="module")
def pairs():
    """Embeddings with a gap between pictures and texts, in which a word moves a picture towards its text."""
    generator = torch.Generator().manual_seed(0)

    def noise(rows):
        return torch.randn(rows, WIDTH, generator=generator) / WIDTH**0.5

    texts, words, gap = normalize(1.2 * noise(1) + noise(CLASSES)), normalize(noise(CLASSES)), normalize(noise(1))
    true = torch.arange(IMAGES) % CLASSES
    written = (true + torch.randint(1, CLASSES, (IMAGES,), generator=generator)) % CLASSES
    clean, attacked = (1.2 * gap + 0.35 * texts[true] + 0.7 * noise(IMAGES) for _ in range(2))
    attacked = attacked + 0.25 * (texts + words)[written]
    return ConceptPairs(normalize(attacked), texts, true, written, normalize(clean), texts, SCALE)


def margins(powers, pairs, t):
    """Mean of h at t."""
    change = powers.between(pairs.judged, pairs.judged_texts, SCALE).logits(t) - pairs.reference
    rows = torch.arange(IMAGES)
    return float((change[rows, pairs.preferred] - change[rows, pairs.rejected]).mean())


def test_the_printed_settings_learn_at_the_width_of_clip_and_t_turns_it(pairs):
    fitted = fit_concept(pairs, PAPER.concepts["reading"], 0, "synthetic")
    assert len(fitted.log) == 3 * (IMAGES // 512) and fitted.log[-1]["total"] < fitted.log[0]["total"] - 0.02
    powers = ConceptPowers(fitted.head)
    logits = powers.between(pairs.judged[:64], pairs.judged_texts, SCALE).logits
    untouched = SCALE * pairs.judged[:64].double() @ pairs.judged_texts.double().T
    torch.testing.assert_close(logits(0.0), untouched, rtol=0, atol=1e-4)
    trained = fitted.head(pairs.judged[:64], pairs.judged_texts, SCALE).double()
    torch.testing.assert_close(logits(1.0), trained, rtol=0, atol=1e-3)
    found = [margins(powers, pairs, t) for t in (-2.0, -1.0, 0.0, 1.0, 2.0)]
    assert found == sorted(found) and found[1] < 0 < found[3] and abs(found[2]) < 1e-3


def test_the_penalty_keeps_the_map_near_the_identity_at_the_width_of_clip(pairs):
    settings = PAPER.concepts["reading"]
    tight = settings.model_copy(update={"unitarity_weight": 1.0})
    free, kept = (distance_from_identity(fit_concept(pairs, each, 0, "synthetic").head) for each in (settings, tight))
    assert 0 < kept < free / 5 and free < 0.1
    assert distance_from_identity(ConceptHead(WIDTH)) == 0


def test_our_settings_win_accuracy_under_attack_at_the_width_of_clip(pairs):
    fitted = fit_concept(pairs, PAPER.concepts[OURS].model_copy(update={"epochs": 2}), 0, "synthetic")
    similarity = ConceptPowers(fitted.head).between(pairs.judged, pairs.judged_texts, SCALE)
    accuracy = {t: float((similarity.logits(t).argmax(1) == pairs.preferred).double().mean()) for t in (-1.0, 0.0, 1.0)}
    assert accuracy[-1.0] + 0.1 < accuracy[0.0] < accuracy[1.0] - 0.05
