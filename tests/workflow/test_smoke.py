"""The full workflow on a few images: it finishes, has nothing left to do, and runs again just what a change touches."""

import html
import re
from itertools import product

import pandas as pd
import pytest
from recomputation import assert_recomputed
from smoke_run import DATASETS, ROOT, RUN, SETTINGS, Checkout

from prefclip.lineage.project import Project
from prefclip.lineage.trace import trace
from prefclip.reporting.figures import figure_caption
from prefclip.run.files import RunFiles
from prefclip.table import read_table

# The first test waits for a whole run, which takes minutes on a busy machine.
pytestmark = [pytest.mark.smoke, pytest.mark.timeout(900)]

CORES = 2
MOST_SECONDS = 90
RUNS = [("clip", 0), ("ce", 0), ("dpo", 0)]
TABLES = ("typographic", "reading", "text_confusion", "comparisons", "retention", "main_results", "gradients")
FIGURES = ("attack_examples", "accuracy_bars", "training_curves", "retention_boxes")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Checkout:
    """A copy of the repository in which everything was run once."""
    checkout = Checkout(tmp_path_factory.mktemp("smoke") / "repository").copy()
    checkout.first = checkout.snakemake("all", "--cores", str(CORES))
    assert checkout.first.code == 0, checkout.first.output + logs(checkout)
    return checkout


def logs(checkout: Checkout) -> str:
    return "\n".join(path.read_text() for path in sorted((checkout.folder / "logs").rglob("*.log")))


def test_a_run_takes_less_than_90_seconds_on_two_cores(checkout):
    """On an idle machine; a busy one shows in the time by the clock, not in the work."""
    assert checkout.first.cpu_seconds / CORES < MOST_SECONDS


def test_every_output_exists(checkout):
    run, model = RunFiles(RUN), "emoji-clip"
    expected = [run.config, run.sources(), run.preferences("animals"), run.reference(model, "animals")]
    for name in DATASETS:
        expected += [run.images(name), run.attacked_images(name), run.manifest(name), run.attacked_manifest(name)]
        expected.append(run.classes(name))
    for method, seed in RUNS:
        expected.append(run.predictions(model, method, seed))
        if method != "clip":
            expected += [run.checkpoint(model, method, seed), run.training_log(model, method, seed)]
    expected.append(run.checkpoint(model, "dpo", 0, "averaged"))
    expected += [run.table(name, form) for name in TABLES for form in ("json", "csv", "md", "tex")]
    expected += [run.figure(name, form) for name in FIGURES for form in ("pdf", "png")] + [run.explorer, run.report]
    assert [name for name in expected if not (checkout.folder / name).is_file()] == []
    assert [name for name in expected if (checkout.folder / name).stat().st_size == 0] == []
    unrecorded = [name for name in expected[1:] if not (checkout.folder / f"{name}.prov.json").is_file()]
    assert unrecorded == []


def test_nothing_half_written_is_left(checkout):
    left = [path for path in (checkout.folder / "results").rglob("*") if ".partial" in path.name]
    assert left == [] and not (checkout.folder / RUN / "checkpoints/emoji-clip/ce/seed0/averaged.safetensors").exists()


def answers(checkout, method: str, seed: int) -> pd.DataFrame:
    return pd.read_parquet(checkout.folder / RunFiles(RUN).predictions("emoji-clip", method, seed))


def test_predictions_hold_every_set_and_kind_of_weights(checkout):
    for method, seed in RUNS:
        counts = answers(checkout, method, seed).groupby(["weights", "dataset", "images"], observed=True).size()
        weights = ("raw", "averaged") if method == "dpo" else ("raw",)
        assert set(counts.index) == set(product(weights, DATASETS, ("clean", "ink", "typographic"))) and set(
            counts
        ) == {64}


def test_the_base_model_reads(checkout):
    """The shipped weights, on the shipped images: few of them, so the bounds are wide."""
    rows = answers(checkout, "clip", 0)
    rows = rows[rows["dataset"] != "people"].set_index("images")
    right, by_word = (rows["predicted"] == rows[wanted] for wanted in ("label", "word_label"))
    assert right["clean"].mean() > 0.7
    assert right["clean"].mean() - right["typographic"].mean() > 0.2
    assert by_word["typographic"].mean() > 0.25
    # More than half of that is reading: the same ink costs less where it cannot be read.
    assert right["ink"].mean() - right["typographic"].mean() > 0.5 * (
        right["clean"].mean() - right["typographic"].mean()
    )


@pytest.mark.parametrize("name", TABLES)
def test_numbers_follow_from_the_rows_that_their_cells_name(checkout, name):
    assert_recomputed(read_table(checkout.folder / RunFiles(RUN).table(name, "json")), str(checkout.folder / RUN))


def test_a_traced_cell_names_its_own_files_alone(checkout):
    view = RunFiles(RUN).table("main_results")
    table = read_table(checkout.folder / RunFiles(RUN).table("main_results", "json"))
    for number in table.numbers:
        found = trace(Project(checkout.folder), view, f"{number.row},{number.column}")
        methods = {"clip", number.keys["method"]}
        assert found.complete()
        assert set(found.nodes[view].inputs) == {RunFiles(RUN).predictions("emoji-clip", each, 0) for each in methods}


def test_afterwards_there_is_nothing_to_do(checkout):
    assert "Nothing to be done" in checkout.dry_run().output


def changed(section: str, **values: object) -> dict:
    return {section: {**SETTINGS.get(section, {}), **values}}


# Jobs of the stages up to evaluation; tables, figures and the report follow from those.
REPORTING = ("make_table", "draw_figure", "summarise_metrics", "judge_claims", "explore_images", "build_report")
EVERY_EVALUATION = {"evaluate_model": 3}
ONE_TUNED = {"train_policy": 1, "evaluate_model": 1, "embed_pictures": 1}
BOTH_TUNED = {"evaluate_model": 2, "embed_pictures": 2}
TRAINING = {"train_policy": 1, "train_policy_without_averaging": 1}
FROM_ATTACKS = {
    "synthesise_attacks": 4,
    "draw_ink": 4,
    "build_pairs": 1,
    "cache_reference": 1,
    **TRAINING,
    **EVERY_EVALUATION,
    "embed_pictures": 3,
}


@pytest.mark.parametrize(
    ("changes", "jobs"),
    [
        (changed("evaluation", bootstrap_samples=60), {}),
        (changed("methods", dpo={"objective": "dpo", "learning_rate": 2e-3}), ONE_TUNED),
        (changed("methods", ipo={"objective": "ipo"}), ONE_TUNED),
        ({"seeds": [0, 1]}, {**TRAINING, **BOTH_TUNED}),
        ({"methods": {"dpo": SETTINGS["methods"]["dpo"]}}, {}),
        (changed("training", learning_rate=2e-3), {**TRAINING, **BOTH_TUNED}),
        (changed("training", precision="bf16"), {"cache_reference": 1, **TRAINING, **BOTH_TUNED}),
        (changed("attack", seed=1), FROM_ATTACKS),
        (
            changed("data", zero_shot=["plants", "activities", "food"]),
            {"build_manifest": 1, "synthesise_attacks": 1, "draw_ink": 1, **EVERY_EVALUATION},
        ),
        (
            changed("data", train_images=192),
            {"build_manifest": 1, **FROM_ATTACKS, "synthesise_attacks": 1, "draw_ink": 1},
        ),
        (changed("data", test_images=96), {"build_manifest": 4, **FROM_ATTACKS}),
        (
            changed("data", bias=[], zero_shot=["plants", "activities", "people"]),
            {"build_manifest": 1, "synthesise_attacks": 1, "draw_ink": 1, **EVERY_EVALUATION},
        ),
    ],
    ids=lambda value: "",
)
def test_a_change_runs_again_only_what_it_touches(checkout, changes, jobs):
    found = checkout.dry_run(**changes).jobs
    reported = {rule: count for rule, count in found.items() if rule in REPORTING}
    assert {rule: count for rule, count in found.items() if rule not in reported} == jobs
    # One method alone is compared with none.
    compared = len(changes.get("methods", SETTINGS["methods"])) > 1
    # What a set of people is for does not touch the gradients.
    same = changes.get("data", {}).get("bias") == []
    assert reported["make_table"] == len(TABLES) - (not compared) - same and reported["build_report"] == 1


def test_a_dry_run_leaves_the_settings_of_the_run_alone(checkout):
    stored = (checkout.folder / RUN / "config.json").read_bytes()
    checkout.dry_run(seeds=[5])
    assert (checkout.folder / RUN / "config.json").read_bytes() == stored


def test_a_lost_file_is_made_again_with_what_follows_from_it(checkout):
    kept = checkout.folder / RUN / "tables/retention.md"
    content = kept.read_bytes()
    kept.unlink()
    try:
        assert checkout.dry_run().jobs == {"make_table": 1, "judge_claims": 1, "build_report": 1}
        answer = checkout.snakemake("all", "--cores", "1")
        assert answer.code == 0 and kept.read_bytes() == content
    finally:
        kept.write_bytes(content)


def test_the_report_holds_captions_and_categories(checkout):
    answer = checkout.snakemake("--report", "report.html")
    assert answer.code == 0, answer.output
    page = (checkout.folder / "report.html").read_text(encoding="utf-8")
    for path in sorted((ROOT / "workflow/report").glob("*.rst")):
        # Captions are templates: the words around the holes must be there.
        words = [part.split() for part in re.split(r"\{[{%].*?[%}]\}|[*`]+", path.read_text(encoding="utf-8"))]
        for part in words:
            assert " ".join(part[:6]) in " ".join(page.split()), path.name
    config = RunFiles(str(checkout.folder / RUN)).read_config()
    assert [name for name in FIGURES if figure_caption(name, config) not in html.unescape(page)] == []
    for category in ("Tables", "Figures", "Training"):
        assert f'"{category}"' in page


def test_a_damaged_source_stops_the_run(checkout, tmp_path):
    broken = Checkout(tmp_path / "broken").copy()
    images = broken.folder / "resources/embedded/emoji.parquet"
    images.write_bytes(images.read_bytes()[:-1] + b"x")
    answer = broken.snakemake("all", "--cores", "1")
    assert answer.code == 1
    log = (broken.folder / "logs/smoke/fetch.log").read_text()
    assert log.startswith("prefclip: resources/embedded/emoji.parquet: sha256 is ") and log.count("\n") == 1
    assert list((broken.folder / RUN).rglob("*.*")) == [broken.folder / RUN / "config.json"]


@pytest.mark.slow
def test_a_second_run_from_scratch_gives_the_same_bytes(checkout, tmp_path):
    """On one core, so in another order."""
    again = Checkout(tmp_path / "again").copy()
    answer = again.snakemake("all", "--cores", "1")
    assert answer.code == 0, answer.output
    patterns = ("predictions/**/*.parquet", "checkpoints/**/*.safetensors", "tables/*.json")
    patterns += ("data/*/*", "attacked/*/*", "preferences/*.parquet", "figures/*.png")
    first, second = (
        {name: content for name, content in each.files(*patterns).items() if not name.endswith(".prov.json")}
        for each in (checkout, again)
    )
    assert set(first) == set(second) and len(first) > 30
    # A figure names the run that drew it by its inputs, and training logs hold times.
    timed = f"{RUN}/figures/training_curves.png"
    assert [name for name in first if first[name] != second[name]] in ([], [timed])
