"""What docs/scaling.md says of a GPU is what `prefclip benchmark train` wrote there."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOWERS = {"ViT-B-32-quickgelu": "ViT-B/32", "ViT-B-16-quickgelu": "ViT-B/16"}


@pytest.mark.parametrize(
    "path",
    sorted((ROOT / "results/reference/benchmarks").glob("*/*.json")),
    ids=lambda path: f"{path.parent.name}-{path.stem}",
)
def test_the_page_has_this_row(path):
    rate = json.loads(path.read_text())
    begins = f"| {TOWERS[rate['model']]} | {rate['precision']}{', compiled' if rate['compiled'] else ''}"
    numbers = (
        f"| {rate['batch_size']} | {rate['images_per_second']:,.0f} ({rate['slowest']:,.0f}–{rate['fastest']:,.0f}) | "
        f"{100 * rate['share_of_peak']:.0f} % | {rate['minutes_per_run']:.1f} | "
        f"{rate['embedding_images_per_second']:,.0f} |"
    )
    rows = (ROOT / "docs/scaling.md").read_text().splitlines()
    assert [row for row in rows if row.startswith(begins) and row.endswith(numbers)], begins + " … " + numbers
