"""`snakemake concepts` on a tiny world: from pairs of people to tables and figures, each cell with its rows."""

import pytest
from recomputation import assert_recomputed
from smoke_run import RUN, SETTINGS, Checkout

from prefclip.run.files import RunFiles
from prefclip.table import read_table

CONCEPTS = {
    "reading": {"concept": "reading", "epochs": 2, "scales": [-1, 0, 1]},
    "gender": {"concept": "gender", "epochs": 2, "scales": [-1, 0, 1], "top": [5]},
}
TABLES = ("concepts", "bias")
FIGURES = ("concept_sweep", "gender_sweep", "occupation_gap", "skew_over_k", "retrieval_grid", "map_spectrum")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_concept_maps_run_from_pairs_to_figures(tmp_path):
    data = {**SETTINGS["data"], "people_train_images": 400}
    checkout = Checkout(tmp_path / "repository", {**SETTINGS, "data": data, "concepts": CONCEPTS}).copy()
    answer = checkout.snakemake("concepts", "--cores", "2")
    assert answer.code == 0, answer.output
    assert "train_policy" not in answer.jobs, "maps need no tuned model"
    assert "Nothing to be done" in checkout.snakemake("--dry-run", "concepts").output
    run = RunFiles(RUN)
    for name in TABLES:
        assert_recomputed(read_table(checkout.folder / run.table(name, "json")), str(checkout.folder / RUN))
    assert {path.stem for path in (checkout.folder / RUN / "figures").glob("*.png")} == set(FIGURES)
