"""The tables of reading and of method against method: what they say follows from the predictions alone."""

import numpy as np
import pandas as pd
import pytest

from prefclip.evaluation.long_form import read_predictions
from prefclip.reporting.comparisons import sentences
from prefclip.reporting.estimates import headline_weights
from prefclip.reporting.tables import leaf
from prefclip.table import Number, Source, Table, Term


@pytest.fixture(scope="module")
def accuracy(made_up):
    """Mean over seeds, from the predictions: accuracy(method, dataset, images)."""
    config, layout = made_up

    def mean(method, dataset, images):
        found = []
        for seed in (0,) if method == "clip" else config.seeds:
            rows = read_predictions(layout.predictions("emoji-clip", method, seed))
            rows = rows[(rows["dataset"] == dataset) & (rows["images"] == images)]
            rows = rows[rows["weights"] == headline_weights(config, method)]
            found.append((rows["predicted"] == rows["label"]).mean())
        return float(np.mean(found))

    return mean


@pytest.mark.parametrize("condition", ["painted", "slip"])
@pytest.mark.parametrize("dataset", ["animals", "food"])
@pytest.mark.parametrize("method", ["clip", "dpo"])
def test_the_table_of_reading(made_up, accuracy, method, dataset, condition):
    lines = pd.DataFrame(leaf("reading").make(*made_up).lines)
    scope = {"food": "zero_shot_mean"}.get(dataset, dataset)
    chosen = lines[(lines["method"] == method) & (lines["dataset"] == scope) & (lines["condition"] == condition)]
    found = chosen.groupby("metric")["value"].apply(list).to_dict()
    end = "" if condition == "painted" else f":{condition}"
    clean, ink, word = (accuracy(method, dataset, images) for images in ("clean", f"ink{end}", f"typographic{end}"))
    assert found.pop("accuracy") == pytest.approx([clean, ink, word], abs=1e-6)
    clip = [accuracy("clip", dataset, images) for images in ("clean", f"ink{end}", f"typographic{end}")]
    expected = {"reading_share": (ink - word) / (clean - word)}
    if method != "clip":
        expected["recovered_share"] = (word - clip[2]) / (clip[0] - clip[2])
        expected["recovered_reading"] = 1 - (ink - word) / (clip[1] - clip[2])
    assert found == {metric: [pytest.approx(share, abs=1e-6)] for metric, share in expected.items()}
    assert ((chosen["ci_low"] <= chosen["value"]) & (chosen["value"] <= chosen["ci_high"])).all()


def test_every_pair_of_methods_is_compared(made_up, accuracy):
    config, layout = made_up
    lines = pd.DataFrame(leaf("comparisons").make(config, layout).lines)
    assert len(lines) == 10 * 4
    for _, line in lines.iterrows():
        dataset = {"zero_shot_mean": "food"}.get(line["dataset"], line["dataset"])
        first, second = (
            accuracy(name, dataset, line["images"]) for name in (line["method"], line["against"].split()[0])
        )
        assert line["value"] == pytest.approx(first - second, abs=1e-6)
        assert 0 <= line["p"] <= line["p_holm"] <= 1
        winner = line["method"] if line["value"] > 0 else line["against"].split()[0]
        assert line["better"] == (winner if line["p_holm"] <= 0.05 else "")
    assert (lines["better"] == "").any() and (lines["better"] != "").any()


def table_of(*rows):
    """A comparison table: (first, second, images, better)."""
    numbers = [
        Number(
            keys={"method": first, "weights": "raw", "kind": "difference", "against": f"{second} averaged"}
            | {"dataset": "animals", "images": images, "metric": "accuracy"},
            value=0.1,
            formula="a",
            terms=[0],
            facts={"p": 0.01, "p_holm": 0.01, "better": better},
        )
        for first, second, images, better in rows
    ]
    terms, sources = [Term(measure="x", words="x", sources=[0])], [Source(file="f")]
    parts = {"corner": "", "header": [], "footnotes": [], "columns": [], "rows": []}
    return Table(name="comparisons", caption="", numbers=numbers, terms=terms, sources=sources, **parts)


def test_sentences_say_who_beats_whom():
    table = table_of(
        ("ce_kl", "dpo", "clean", ""),
        ("ce_kl", "kto", "clean", ""),
        ("ce_kl", "dpo", "typographic", "ce_kl"),
        ("ce_kl", "kto", "typographic", "ce_kl"),
        ("dpo", "kto", "typographic", "kto"),
        ("ce", "kto", "typographic", ""),
    )
    assert sentences(table) == [
        "Animals, clean: 2 of 2 differences are within doubt.",
        "Animals, attacked: CE + KL beats DPO and KTO; KTO beats DPO; the other 1 of 4 differences are within doubt.",
    ]
