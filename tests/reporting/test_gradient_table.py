"""The table of gradients and the claim that it decides, on embeddings as models could make them."""

from pathlib import Path

import numpy as np
import pytest
from figure_checks import copy_of
from made_up_embeddings import store_embeddings

from prefclip import objectives
from prefclip.evaluation.embedding_files import read_embeddings
from prefclip.models.tensor_files import TensorFileError
from prefclip.objectives import dpo
from prefclip.reporting.claims.judging import FALSIFIED, VERIFIED, judge
from prefclip.reporting.claims.ledger import shipped_ledger
from prefclip.reporting.estimates import EstimateError
from prefclip.reporting.gradient_numbers import read_pair_gradients
from prefclip.reporting.tables import leaf, make_table
from prefclip.run.steps.table import Table

NAME = "gradients"
LEMMA = [claim for claim in shipped_ledger().claims if claim.id == "gradient_lemma"]


def verdicts(table):
    return {each.case: each.verdict for each in judge(LEMMA, {NAME: table}, "toy").judged[0].verdicts}


@pytest.fixture(scope="module")
def table(made_up):
    return leaf(NAME).make(*made_up)


def test_only_losses_of_the_margin_stay_on_the_line(table):
    along = {name: table.number(method=name, metric="along") for name in ("ce", "ce_kl", "dpo", "ipo", "kto")}
    assert all(along[name].low == pytest.approx(1, abs=1e-12) for name in ("dpo", "ipo"))
    assert all(along[name].high < 0.999 for name in ("ce", "ce_kl", "kto"))
    assert {number.value for number in table.numbers if number.keys["metric"] == "formula_holds"} == {1.0}
    assert [case for case, verdict in verdicts(table).items() if verdict == VERIFIED] == ["dpo", "ipo"]


def test_weights_are_those_of_all_seeds_and_pictures(made_up, table):
    config, layout = made_up
    values = np.concatenate([each.weight_true for each in read_pair_gradients(config, layout, ["kto"])["kto"]])
    number = table.number(method="kto", metric="weight_true")
    assert number.value == pytest.approx(values.mean()) and number.low < number.value < number.high
    assert (number.n, number.seeds) == (len(values) // 3, 3)
    expected = {"start": 1.5 / 8, "p5": np.quantile(values, 0.05), "p95": np.quantile(values, 0.95)}
    assert number.facts == pytest.approx(expected, abs=1e-6)
    assert len({(number.keys["method"], number.keys["weights"]) for number in table.numbers}) == len(table.rows) == 5


def test_a_wrong_weight_is_seen_and_falsifies(made_up, monkeypatch):
    loss = dpo.LOSS.example_weights
    monkeypatch.setitem(dpo.LOSS.__dict__, "example_weights", lambda *given: (loss(*given)[0], 1.01 * loss(*given)[1]))
    assert objectives.settings_of("dpo") is dpo.LOSS
    damaged = leaf(NAME).make(*made_up)
    assert damaged.number(method="dpo", metric="formula_holds").value < 0.5
    assert damaged.number(method="ipo", metric="formula_holds").value == 1
    assert verdicts(damaged)["dpo"] == FALSIFIED


def rewrite(layout, method, ids):
    """Write embeddings again, of pictures that are called ``ids``."""
    path = layout.embeddings("emoji-clip", method)
    found = read_embeddings(path)
    arrays = {**found.pictures, "names": found.names, "scale": found.scale}
    store_embeddings(path, arrays, found.label, found.written, found.seeds, ids)


def test_files_that_do_not_belong_together_are_refused(made_up, tmp_path):
    config, layout = copy_of(made_up, tmp_path)
    ids = read_embeddings(layout.embeddings("emoji-clip", "dpo")).ids
    rewrite(layout, "dpo", ids[::-1])
    with pytest.raises(EstimateError, match=r"dpo\.safetensors: its pictures are not those of .*clip\.safetensors"):
        make_table(layout, NAME)
    for method in ("clip", *config.methods):
        rewrite(layout, method, ["stranger", *ids[1:]])
    with pytest.raises(EstimateError, match="'stranger' is not in"):
        make_table(layout, NAME)
    Path(layout.embeddings("emoji-clip", "clip")).unlink()
    with pytest.raises(TensorFileError, match="no such file"):
        make_table(layout, NAME)


def test_it_depends_on_the_files_of_its_losses_alone(made_up):
    code = {Path(path).name for path in Table(made_up[0], NAME).code}
    assert {"ce.py", "dpo.py", "kto.py", "pair_gradients.py"} <= code and "reg_only.py" not in code
    assert "kto.py" not in {Path(path).name for path in Table(made_up[0], "typographic").code}
