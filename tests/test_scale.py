"""`prefclip config scale` counts what a run needs; docs/scaling.md says its numbers, and what follows from them."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prefclip.cli import app
from prefclip.config import check_config, read_config
from prefclip.datasets.registry import DATASETS
from prefclip.preflight.run_files import stack_bytes
from prefclip.run.scale import scale_of

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/scaling.md").read_text(encoding="utf-8")
TOWERS = ("ViT-B/32", "ViT-B/16", "ViT-L/14")
MICRO_BATCHES = 4 / 3  # a second forward pass


@pytest.fixture(scope="module")
def paper():
    return scale_of(read_config(ROOT / "config/paper.yaml", datasets=DATASETS))


def numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def cells(start: str, columns: int = 4) -> list[str]:
    """The cells after the first of the one row of the page that starts so and has so many columns."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line[:1] == "|"]
    (row,) = [row for row in rows if row[0] == start and len(row) == columns]
    return row[1:]


def test_the_page_has_what_the_command_prints():
    printed = CliRunner().invoke(app, ["config", "scale", str(ROOT / "config/paper.yaml")])
    assert printed.exit_code == 0 and printed.stdout.count("\n") == 12
    assert f"\n{printed.stdout}\n" in PAGE


def test_what_the_page_says_in_words(paper):
    epochs, steps, pairs = numbers(re.search(r"ImageNet-100 is (\d) epochs of (\d+) steps of (\d+) pairs", PAGE)[0])[1:]
    assert set(paper.steps.values()) == {epochs * steps} and steps == paper.training_images // pairs
    assert paper.training_passes["dpo"] == epochs * steps * pairs * 2 == 2 * paper.training_passes["ce"]
    assert numbers(cells("reference cache")[0]) == [paper.cached]
    kilobytes, gigabytes = numbers(cells("reference cache", 2)[0])
    assert kilobytes * 1e3 * paper.training_images / 1e9 == pytest.approx(gigabytes, abs=0.05)
    stacks = re.search(
        r"ImageNet-100 (\d+) GB, the ten test sets (\d+) GB, VL-Bias (\d+) GB, photographs (\d+) GB", PAGE
    )
    assert [int(size) for size in stacks.groups()] == [round(size / 1e9) for size in paper.stacks.values()]
    (files,) = re.findall(r"0\.35 GB each, (\d+) files", PAGE)
    assert int(files) == paper.checkpoints


@pytest.mark.parametrize("tower", TOWERS)
def test_minutes_of_a_training_follow_from_the_rates(tower, paper):
    _, *columns = cells(tower, 6)
    for rates, minutes in zip(columns[::2], columns[1::2], strict=True):
        slow, fast = (paper.training_passes["dpo"] / rate / 60 for rate in numbers(rates))
        expected = f"{fast / 60:.1f}–{slow / 60:.1f} h" if "h" in minutes else f"{fast:.0f}–{slow:.0f}"
        assert minutes == expected


def test_hours_of_the_run_follow_from_the_rates(paper):
    slow, fast = numbers(cells(TOWERS[0], 6)[3])
    each = [paper.training_passes["dpo"] / rate / 60 * MICRO_BATCHES for rate in (fast, slow)]
    said = f"{each[0]:.0f}–{each[1]:.0f} min"
    assert cells("15 trainings")[0].startswith(f"{said} each")
    training = [paper.passed_in_all / rate / 3600 * MICRO_BATCHES for rate in (fast, slow)]
    images, rates = re.search(r"\| 16 evaluations \| (.+) images forward each, at (.+) images/s", PAGE).groups()
    assert numbers(images) == [round(min(paper.scored.values()), -4), round(max(paper.scored.values()), -4)]
    evaluating = [paper.scored_in_all / rate / 3600 for rate in reversed(numbers(rates))]
    hours = [f"{low:.1f}–{high:.1f}" for low, high in (training, evaluating)]
    assert cells("**in all**")[0] == f"{hours[0]} GPU-hours of training, {hours[1]} of evaluation"
    page = (ROOT / "docs/paper-run.md").read_text(encoding="utf-8")
    assert f"| training | {hours[0]} GPU-hours: 12 × {said} " in page
    assert f"| evaluation, reference cache | {hours[1]} GPU-hours | {images} images forward " in page
    assert f"(777,000 images in {said}utes)" in (ROOT / "docs/ablations.md").read_text(encoding="utf-8")
    times = 1_281_167 / paper.training_images
    larger = [times * minutes / 60 for minutes in each]
    assert f"{times:.1f} times the images, so {larger[0]:.1f}–{larger[1]:.1f} h for ViT-B/32" in " ".join(PAGE.split())


def test_a_run_with_several_words_and_conditions():
    config = check_config(
        {
            "data": {"train_images": 300, "test_images": 10, "zero_shot": ["travel"], "bias": ["people"]},
            "attack": {"variants": 2, "conditions": ["painted", "slip"]},
            "training": {"batch_size": 100, "epochs": 2},
            "methods": {"dpo": {"objective": "dpo"}, "ce": {"objective": "ce", "averaging": False, "epochs": 1}},
            "seeds": [0, 1],
        },
        "test",
        DATASETS,
    )
    found = scale_of(config)
    assert found.training_images == 300 and found.cached == 300 * 3
    assert found.steps == {"dpo": 2 * 6, "ce": 6} and found.training_passes == {"dpo": 2 * 600 * 2, "ce": 600}
    assert (found.trainings, found.passed_in_all, found.checkpoints) == (4, 2 * (2400 + 600), 2 * (2 + 1))
    # Each word on a picture has its twin under ink; people are attacked in one way.
    clean, attacked = 30, 10 * 2 * (4 + 4 + 2)
    assert found.tested == clean and found.photographs == 0
    assert found.scored == {"clip": clean + attacked, "dpo": 3 * clean + 2 * attacked, "ce": 2 * clean + attacked}
    assert sum(found.stacks.values()) == sum(stack_bytes(config).values())


def test_a_rehearsal_takes_the_images_that_it_reads():
    found = scale_of(read_config(ROOT / "config/paper.yaml", ROOT / "config/rehearsal.yaml", datasets=DATASETS))
    assert found.training_images == 96 and found.cached == 2 * 96
    assert set(found.steps.values()) == {2 * (96 // 16)}, "two epochs in batches of 16"


def test_trainings_of_the_sweeps_are_those_that_the_page_says():
    page = (ROOT / "docs/ablations.md").read_text(encoding="utf-8")
    said = re.search(r"\| trainings \| (\d+): .+? \| (\d+): ", page).groups()
    millions = re.search(r"\| images through them \| (\d+) million .+? \| (\d+) million", page).groups()
    for name, trainings, images in zip(("paper_sweeps", "released_sweeps"), said, millions, strict=True):
        found = scale_of(read_config(ROOT / f"config/{name}.yaml", datasets=DATASETS))
        assert f"| with those of the sweeps | {trainings}, together " in "\n".join(found.lines())
        assert round(found.passed_with_sweeps / 1e6) == int(images)
