"""The lineage of the real embedded run, once `make reproduce` has made it: every number leads back to raw bytes."""

from pathlib import Path

import pytest

from prefclip.files import sha256_of
from prefclip.lineage.project import Project
from prefclip.lineage.trace import Trace, trace
from prefclip.lineage.verify import verify
from prefclip.table import read_table

RUN = "results/embedded"
ROOT = Path(__file__).resolve().parents[2]
RAW_IMAGES = "resources/embedded/emoji.parquet"
BASE_WEIGHTS = "resources/embedded/emoji-clip.safetensors"


def names(pattern: str) -> list[str]:
    """Files of the run, below the repository."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / RUN).glob(pattern))


TABLES, FIGURES = names("tables/*.csv"), [*names("figures/*.png"), *names("figures/*.pdf")]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        f"{RUN}/tables/typographic.csv" not in TABLES, reason=f"{RUN} is missing: make reproduce makes it"
    ),
]


@pytest.fixture(scope="module")
def project() -> Project:
    return Project(ROOT)


def assert_reaches_raw_bytes(found: Trace, file: str = BASE_WEIGHTS) -> None:
    assert found.complete(), [node.name for node in found.gaps()]
    raw = {name: node for name, node in found.nodes.items() if node.kind == "raw"}
    assert file in raw, f"{found.target} reaches only {sorted(raw)}"
    assert all(len(node.sha256) == 64 for node in raw.values())


@pytest.mark.parametrize("table", TABLES)
def test_every_cell_leads_to_raw_bytes(project, table):
    stored = read_table((ROOT / table).with_suffix(".json"))
    assert len(stored.numbers) > 0
    for number in stored.numbers:
        found = trace(project, table, f"{number.row},{number.column}")
        assert_reaches_raw_bytes(found)
        named = {path for source in stored.sources_of(number) for path in source.paths(RUN)}
        assert found.cell == number and set(found.nodes[table].inputs) == named


@pytest.mark.parametrize("figure", FIGURES)
def test_every_figure_leads_to_raw_bytes(project, figure):
    # The conditions of attack are pictures in which no model has a part.
    file = RAW_IMAGES if Path(figure).stem == "conditions" else BASE_WEIGHTS
    assert_reaches_raw_bytes(trace(project, figure), file)


def test_the_headline_table_leads_to_the_images(project):
    assert RAW_IMAGES in trace(project, f"{RUN}/tables/typographic.csv").nodes
    assert (
        len(TABLES) >= 4
        and len(FIGURES) >= 8
        and all((ROOT / table).with_suffix(".json").is_file() for table in TABLES)
    )


def test_an_untouched_run_raises_no_alarm(project):
    report = verify(project, [ROOT / RUN], None, None)
    assert report.exit_code() == 0, report.as_text()


def test_raw_checksums_are_those_of_the_files(project):
    found = trace(project, f"{RUN}/tables/typographic.csv")
    for name, node in found.nodes.items():
        if node.kind == "raw":
            assert node.sha256 == sha256_of(ROOT / name)
