"""The lineage of the real embedded run, once `make reproduce` has made it: every number leads back to raw bytes."""

from pathlib import Path

import pytest

from prefclip.files import sha256_of
from prefclip.lineage.cells import read_cells
from prefclip.lineage.project import Project
from prefclip.lineage.trace import Trace, trace
from prefclip.lineage.verify import verify

RUN = "results/embedded"
ROOT = Path(__file__).resolve().parents[2]
RAW_IMAGES = "resources/embedded/emoji.parquet"
BASE_WEIGHTS = "resources/embedded/emoji-clip.safetensors"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (ROOT / RUN / "tables" / "typographic.csv").is_file(), reason=f"{RUN} is missing: make reproduce makes it"
    ),
]


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(ROOT)


def assert_reaches_raw_bytes(found: Trace) -> None:
    assert found.complete(), [node.name for node in found.gaps()]
    raw = {name: node for name, node in found.nodes.items() if node.kind == "raw"}
    assert {RAW_IMAGES, BASE_WEIGHTS} <= set(raw), f"{found.target} reaches only {sorted(raw)}"
    assert all(len(node.sha256) == 64 for node in raw.values())


@pytest.mark.parametrize("table", ["typographic", "text_confusion", "retention", "main_results"])
def test_every_cell_leads_to_raw_bytes(project, table):
    path = f"{RUN}/tables/{table}.csv"
    cells = read_cells(project, path).cells
    assert cells
    for cell in cells:
        found = trace(project, path, f"{cell.row},{cell.column}")
        assert_reaches_raw_bytes(found)
        assert found.rows, f"{cell.row},{cell.column} comes from no metrics row"


@pytest.mark.parametrize("figure", ["attack_examples", "accuracy_bars", "training_curves", "retention_boxes"])
@pytest.mark.parametrize("form", ["png", "pdf"])
def test_every_figure_leads_to_raw_bytes(project, figure, form):
    assert_reaches_raw_bytes(trace(project, f"{RUN}/figures/{figure}.{form}"))


def test_an_untouched_run_raises_no_alarm(project):
    report = verify(project, [ROOT / RUN], None, None)
    assert report.exit_code() == 0, report.as_text()


def test_raw_checksums_are_those_of_the_files(project):
    found = trace(project, f"{RUN}/tables/typographic.csv")
    for name, node in found.nodes.items():
        if node.kind == "raw":
            assert node.sha256 == sha256_of(ROOT / name)
