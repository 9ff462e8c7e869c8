"""The paper's whole chain on stand-ins, from raw folders to the report, as docs/paper-run.md says to rehearse it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from smoke_run import ROOT, Checkout

from prefclip.config import read_config
from prefclip.datasets.registry import DATASETS
from prefclip.reporting.figures import figure_names
from prefclip.reporting.tables import table_names
from prefclip.run.files import RunFiles

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

CORES = 2
MOST_SECONDS = 600
CONFIGS = ("--configfile", "config/paper.yaml", "config/rehearsal.yaml")
RUN = RunFiles("results/rehearsal")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A copy of the repository with stand-ins, in which the rehearsal was run once."""
    checkout = Checkout(tmp_path_factory.mktemp("rehearsal") / "repository").copy()
    for name in ("src", "resources"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, checkout.folder / name, ignore=ignored, dirs_exist_ok=True)
    said = prefclip(checkout, "datasets", "stand-in", "--root", "data/rehearsal")
    assert said.returncode == 0, said.stdout
    checkout.first = checkout.snakemake("all", "--cores", str(CORES), *CONFIGS, config=None)
    logs = sorted((checkout.folder / "logs").rglob("*.log"))
    assert checkout.first.code == 0, checkout.first.output + "\n".join(path.read_text()[-500:] for path in logs)
    return checkout


def prefclip(checkout, *words):
    command = [str(Path(sys.executable).with_name("prefclip")), *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=checkout.folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_it_takes_minutes_on_two_cores(checkout):
    """On an idle machine; a busy one shows in the time by the clock more than in the work."""
    assert checkout.first.cpu_seconds / CORES < MOST_SECONDS


def test_every_table_and_figure_of_the_papers_configuration_is_there(checkout):
    paper = read_config(ROOT / "config/paper.yaml", datasets=DATASETS)
    expected = [RUN.table(name, form) for name in table_names(paper) for form in ("json", "csv", "md", "tex")]
    expected += [RUN.figure(name, form) for name in figure_names(paper) for form in ("pdf", "png")]
    expected += [RUN.report, RUN.summary, RUN.clip_check]
    assert len(expected) > 60
    assert [name for name in expected if not (checkout.folder / name).is_file()] == []


def test_nothing_is_left_to_do(checkout):
    answer = checkout.snakemake("--dry-run", "all", *CONFIGS, config=None)
    assert "Nothing to be done" in answer.output, answer.output


def test_every_record_holds(checkout):
    said = prefclip(checkout, "audit", "verify", RUN.root)
    assert said.returncode == 0, said.stdout


def test_the_report_says_what_it_is(checkout):
    page = (checkout.folder / RUN.report).read_text(encoding="utf-8")
    assert "A rehearsal: no number on this page says anything." in page
    assert "stand-ins instead of data: all data sets." in page and "At most 96 images of each split" in page
    assert "The model starts from random weights." in page
