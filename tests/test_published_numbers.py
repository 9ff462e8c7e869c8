"""Numbers and sentences that README and the pages print of the published run are those of its tables."""

import csv
import json
import re
from pathlib import Path

import pytest

from prefclip.config import read_config
from prefclip.reporting.claims.checking import check_claims
from prefclip.reporting.claims.ledger import shipped_ledger
from prefclip.reporting.claims.views import markdown, markdown_of_commands, outcome
from prefclip.reporting.comparisons import sentences
from prefclip.reporting.labels import ZERO_SHOT_MEAN
from prefclip.table import Number, Table, read_table

ROOT = Path(__file__).resolve().parents[1]
TABLES = ROOT / "results/reference/embedded/tables"
METHODS = ("clip", "ce", "ce_kl", "dpo", "ipo", "kto")
# The columns of README's table, after the method, as keys of the table `reading`.
COLUMNS = [
    {"condition": "painted", "dataset": dataset} | keys
    for dataset in ("animals", ZERO_SHOT_MEAN)
    for keys in (
        {"images": "clean", "metric": "accuracy"},
        {"images": "ink", "metric": "accuracy"},
        {"images": "typographic", "metric": "accuracy"},
        {"metric": "recovered_reading"},
    )
]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def table(name: str) -> Table:
    return read_table(TABLES / f"{name}.json")


def percent(number: Number) -> str:
    return f"{100 * number.value:.1f} ±{50 * (number.high - number.low):.1f}"


def headline(method: str, keys: dict[str, str]) -> Number | None:
    wanted = {"method": method, **keys}.items()
    return next((number for number in table("reading").numbers if wanted <= number.keys.items()), None)


def printed() -> list[list[str]]:
    text = README.partition("| | animals, clean |")[2].partition("\n\n")[0]
    rows = [re.split(r" *\| *", line.strip("| ")) for line in text.splitlines()[2:]]
    return [row[1:] + [""] * (len(COLUMNS) - len(row) + 1) for row in rows]


@pytest.mark.parametrize("place", range(len(COLUMNS)))
def test_the_headline_table_of_the_readme(place):
    numbers = [headline(method, COLUMNS[place]) for method in METHODS]
    cells = [row[place] for row in printed()]
    assert [cell.replace("**", "") for cell in cells] == ["" if one is None else percent(one) for one in numbers]
    best = max((number for number in numbers if number), key=lambda number: number.value)
    bold = [number for number, cell in zip(numbers, cells, strict=True) if "**" in cell]
    assert bold == [best]


def test_the_readme_opens_with_the_verdicts():
    verdicts, contradictions = check_claims(TABLES.parent)
    assert contradictions == []
    assert outcome(verdicts) in README and markdown(verdicts) in README
    evaluation = (ROOT / "docs/artifact-evaluation.md").read_text(encoding="utf-8")
    assert markdown_of_commands(verdicts, TABLES.parent) in evaluation
    assert README.index("## Does the paper hold?") < README.index("## What the embedded run shows")


def test_what_the_ledger_says_of_the_authors_logs():
    """Means over the nine sets that the ledger speaks of, and differences on the real photographs."""
    with (ROOT / "resources/published/author_logs.csv").open(encoding="utf-8", newline="") as stream:
        logged = {
            (row["method"], row["weights"], row["images"], row["dataset"]): row["accuracy"]
            for row in csv.DictReader(stream)
        }
    real = {"rta100", "paint", "disentangling"}
    sets = {name for method, _, _, name in logged if method == "kto"} - real

    def mean(method: str, images: str, weights: str) -> float:
        return sum(float(logged[method, weights, images, name]) for name in sets) / len(sets)

    said = {claim.id: claim.released for claim in shipped_ledger().claims}
    assert len(sets) == 9
    for method, weights in (
        ("dpo", "averaged"),
        ("ipo", "averaged"),
        ("kto", "averaged"),
        ("clip", "raw"),
        ("ce", "raw"),
    ):
        attacked, clean = (f"{mean(method, images, weights):.1f}" for images in ("typographic", "clean"))
        assert attacked in said["beats_cross_entropy" if method != "clip" else "beats_clip"]
        assert clean in said["keeps_clean"]
    for method in ("dpo", "ipo", "kto"):
        gain = mean(method, "typographic", "averaged") - mean(method, "typographic", "raw")
        assert (
            f"{gain:.1f} (" + method.upper() in said["averaging"]
            or f"{gain:.1f} points ({method.upper()})" in said["averaging"]
        )
    for name in real:
        ours, theirs = (
            float(logged[key, kind, "typographic", name]) for key, kind in (("dpo", "averaged"), ("clip", "raw"))
        )
        assert f"{ours - theirs:.1f}" in said["real_photographs"]


def test_the_readme_says_who_wins_in_the_words_of_the_comparisons():
    told = " ".join(README.split())
    for sentence in sentences(table("comparisons")):
        assert sentence in told


def test_the_readme_counts_the_differences_outside_their_own_intervals():
    differences = [number for number in table("comparisons").numbers if number.role == "value"]
    outside = sum(number.low > 0 or number.high < 0 for number in differences)
    assert len(differences) == 40 and f"{outside} of the forty exclude 0" in " ".join(README.split())


PAGES = ["README.md", *(f"docs/{name}.md" for name in ("ablations", "concepts", "saliency", "tuning"))]


@pytest.mark.parametrize("page", PAGES)
def test_a_number_with_an_interval_stands_in_a_published_table(page):
    text = " ".join((ROOT / page).read_text(encoding="utf-8").replace("**", "").split())
    known = set()
    for path in sorted(TABLES.parents[1].glob("embedded*/tables/*.json")):
        for number in read_table(path).numbers:
            if number.low is not None and number.value is not None:
                width, value = number.high - number.low, number.value
                known |= {(f"{abs(s * value):.{p}f}", f"{s * width / 2:.{p}f}") for s in (1, 100) for p in (1, 2, 3)}
    assert {pair for pair in re.findall(r"(\d+\.\d+) ±(\d+\.\d+)", text) if pair not in known} == set()


def test_the_settings_that_ship_are_those_of_the_published_search():
    shipped = json.loads((ROOT / "resources/embedded/tuned.json").read_text(encoding="utf-8"))
    chosen = [
        number
        for number in table("tuning").numbers
        if number.keys["metric"] == "criterion" and number.facts["chosen"] == "yes"
    ]
    assert {number.keys["method"] for number in chosen} == set(shipped["methods"])
    for number in chosen:
        settings = shipped["methods"][number.keys["method"]]
        drawn = {"learning_rate": settings["learning_rate"], **settings["parameters"]}
        assert {key: number.facts[key] for key in drawn} == drawn
        assert int(number.keys["trial"]) == settings["trial"]


def test_the_gender_maps_have_the_settings_that_their_search_chose():
    with (ROOT / "resources/embedded/map_trials.csv").open(encoding="utf-8", newline="") as file:
        trials = list(csv.DictReader(file))
    tried = read_config(ROOT / "config/embedded_maps.yaml").concepts
    shipped = read_config(ROOT / "config/embedded.yaml").concepts
    assert [trial["map"] for trial in trials] == list(tried)
    chosen = tried[next(trial["map"] for trial in trials if trial["chosen"])]
    for name in ("gender", "gender_reversed", "gender_separate"):
        for key in ("learning_rate", "unitarity_weight", "parameters"):
            assert getattr(shipped[name], key) == getattr(chosen, key)
    able = [
        trial
        for trial in trials
        if 0 <= float(trial["neutral_t"]) <= 1
        and float(trial["gender_at_1"]) <= 0.5
        and float(trial["concepts_at_0"]) - float(trial["concepts_at_1"]) <= 0.03
    ]
    assert min(able, key=lambda trial: float(trial["from_half"]))["chosen"]
