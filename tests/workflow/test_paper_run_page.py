"""docs/paper-run.md against the workflow, the registry and the commands that it names."""

import re

import pytest
from smoke_run import ROOT, Checkout

from prefclip.config import read_config
from prefclip.datasets.registry import DATASETS, DOWNLOADED_DATASETS
from prefclip.preflight.run_files import stack_bytes
from prefclip.reporting.figures import figure_names
from prefclip.reporting.tables import table_names

PAGE = (ROOT / "docs/paper-run.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    checkout = Checkout(tmp_path_factory.mktemp("fresh") / "repository").copy()
    return checkout.snakemake("--dry-run", "all", config="config/paper.yaml")


def test_its_numbers_of_jobs_are_those_of_a_dry_run(plan):
    assert plan.code == 0, plan.output
    written = {rule: int(count) for rule, count in re.findall(r"^\| `(\w+)` \| (\d+) \|", PAGE, re.M)}
    assert written == plan.jobs


def test_the_plan_takes_less_than_10_seconds(plan):
    """Processor time, for other processes may use the machine too."""
    assert plan.cpu_seconds < 10


def test_every_set_that_is_placed_by_hand_is_listed():
    config = read_config(ROOT / "config/paper.yaml")
    manual = {name for name in config.datasets if DOWNLOADED_DATASETS[name].route == "manual"}
    listed = PAGE.partition("## By hand")[2].partition("## Commands")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", listed, re.M)) == manual
    words = {13: "thirteen"}
    assert f"The other {words[len(config.datasets) - len(manual)]} are fetched" in PAGE
    fetched = re.search(r"for name in (.+); do", PAGE)[1].split()
    assert set(fetched) <= set(config.datasets) - manual


def test_its_disk_space_is_that_of_the_image_stacks():
    sizes = stack_bytes(read_config(ROOT / "config/paper.yaml"))
    total, trained, biased = re.search(r"(\d+) GB: ImageNet-100 (\d+), .+, VL-Bias (\d+), photographs", PAGE).groups()
    assert sum(sizes.values()) / 1e9 == pytest.approx(int(total), rel=0.03)
    assert sizes["imagenet100"] / 1e9 == pytest.approx(int(trained), abs=0.5)
    assert sizes["vl_bias"] / 1e9 == pytest.approx(int(biased), abs=0.5)


def test_the_rehearsal_makes_every_table_and_figure_of_the_papers_run():
    paper, rehearsal = (
        read_config(*(ROOT / f"config/{name}.yaml" for name in names), datasets=DATASETS)
        for names in (("paper",), ("paper", "rehearsal"))
    )
    assert rehearsal.experiment == "rehearsal" and rehearsal.datasets == paper.datasets
    assert rehearsal.methods == paper.methods and rehearsal.concepts == paper.concepts
    assert table_names(rehearsal) == table_names(paper) and figure_names(rehearsal) == figure_names(paper)


def test_the_rehearsal_plans_every_rule_of_the_papers_run(plan, tmp_path):
    checkout = Checkout(tmp_path / "fresh").copy()
    configs = ("--configfile", "config/paper.yaml", "config/rehearsal.yaml")
    rehearsed = checkout.snakemake("--dry-run", "all", *configs, config=None)
    assert rehearsed.code == 0 and set(rehearsed.jobs) == set(plan.jobs)
