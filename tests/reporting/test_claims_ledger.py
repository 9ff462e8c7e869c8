"""The ledger and its rules: what cannot be read or computed is refused, and of no claim both rules can hold."""

import re
from operator import attrgetter
from pathlib import Path

import pytest
import yaml

from prefclip.reporting.claims.ledger import LedgerError, read_ledger, shipped_ledger
from prefclip.reporting.claims.rules import RuleError, check_rule, holds
from prefclip.seeds import generator_for

ROOT = Path(__file__).resolve().parents[2]
CELLS = {
    "gain": {"value": 3.0, "low": 1.0, "high": 5.0, "n": 100, "p_holm": 0.03},
    "cost": {"value": -1.0, "low": None},
}


class TestRules:
    @pytest.mark.parametrize(
        ("rule", "expected"),
        [
            ("gain.low > 0", True),
            ("gain.low > 0 and cost.value > 0", False),
            ("gain.low > 2 or not cost.value > 0", True),
            ("0 < gain.low <= 1 < gain.high", True),
            ("-gain.value < cost.value", True),
            ("gain.high - gain.low <= 2 * 2", True),
            ("max(gain.low, abs(cost.value)) >= gain.n / 100", True),
            ("gain.p_holm <= 0.05 and min(gain.value, 2) < 3", True),
        ],
    )
    def test_hold(self, rule, expected):
        check_rule(rule, tuple(CELLS))
        assert holds(rule, CELLS) is expected

    @pytest.mark.parametrize(
        ("rule", "says"),
        [
            ("gain.low >", "no expression"),
            ("loss.low > 0", "its cells are: gain, cost"),
            ("gain > 0", "say what of 'gain' is meant"),
            ("gain.low == 0", "is not allowed"),
            ("gain.low > 'a'", "is not allowed"),
            ("__import__('os').getcwd()", "is not allowed"),
            ("gain.low.real > 0", "is not allowed"),
            ("[gain.low][0] > 0", "is not allowed"),
            ("gain.low ** 99 > 0", "is not allowed"),
            ("True", "is not allowed"),
            ("(" * 499 + "1" + ")" * 499, "no expression"),
            ("gain.low > 0 and " * 100 + "gain.low > 0", "at most 1000 are allowed"),
            ("not " * 200 + "gain.low > 0", "at most 20 levels are allowed"),
            ("-" * 900 + "1 > 0", "at most 20 levels are allowed"),
            (f"1{'0' * 300} * gain.low > 0", "is not allowed"),
            ("1e999 > gain.low", "is not allowed"),
            ("min(gain.low) > 0", "is not allowed"),
            ("abs() > 0", "is not allowed"),
            ("abs(gain.low, 3) > 0", "is not allowed"),
            ("max() > 1", "is not allowed"),
            ("max(*gain.low) > 1", "is not allowed"),
            ("abs(gain.low > 0) > 0", "is not allowed"),
            ("gain.low and gain.high > 0", "is not allowed"),
            ("not gain.low", "is not allowed"),
            ("gain.low", "is not allowed"),
        ],
    )
    def test_refused(self, rule, says):
        with pytest.raises(RuleError, match="rule") as refused:
            check_rule(rule, tuple(CELLS))
        assert says in str(refused.value) and len(str(refused.value)) < 350

    @pytest.mark.parametrize(
        "claim", [claim for claim in shipped_ledger().claims if claim.verified], ids=attrgetter("id")
    )
    def test_of_one_claim_never_both_hold(self, claim):
        """Whatever its cells hold, in any case; ends lie at, near and far from the numbers of the rules."""
        rules = f"{claim.verified} {claim.falsified}"
        asked = dict.fromkeys(re.findall(r"([a-z]\w*)\.([a-z]\w*)", rules))
        steps = (-4, -1, -0.01, 0, 0.01, 1, 4)
        near = [
            each + step for each in {0.0, *map(float, re.findall(r"(?<![\w.])-?\d+\.?\d*", rules))} for step in steps
        ]
        noise = generator_for(claim.id, "made-up cells")
        for _ in range(500):
            cells = {}
            for name in claim.cells:
                middles = (
                    noise.choice(sorted(near), len(asked))
                    if noise.random() < 0.8
                    else noise.uniform(-200, 200, len(asked))
                )
                low, value, high = sorted(middles[0] + noise.choice(steps, 3))
                further = {fact: middle for (cell, fact), middle in zip(asked, middles, strict=True) if cell == name}
                cells[name] = {**further, "low": low, "value": value, "high": high}
            assert not (holds(claim.verified, cells) and holds(claim.falsified, cells)), cells

    @pytest.mark.parametrize("rule", ["cost.low > 0", "gain.missing > 0", "gain.low / (gain.low - 1) > 0"])
    def test_what_a_cell_lacks(self, rule):
        with pytest.raises(RuleError, match=r"has no number|divides by 0"):
            holds(rule, CELLS)


class TestLedger:
    def test_shipped(self):
        ledger = shipped_ledger()
        assert len({claim.id for claim in ledger.claims}) >= 20
        unused = set(ledger.experiments) - {claim.experiment for claim in ledger.claims}
        assert unused == {"tuning", "twin", "pretraining"}, "experiments that judge no claim"
        assert all((ROOT / each.config).is_file() for each in ledger.experiments.values())

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (
                lambda ledger: ledger["claims"][0].update(sayz="x"),
                "'claims.word_decides.sayz' (did you mean 'says'?); all",
            ),
            (lambda ledger: ledger["claims"][1].pop("says"), "key 'claims.beats_clip.says' is missing."),
            (lambda ledger: ledger.update(claims={}), "claims: expected a list, got {}."),
            (lambda ledger: ledger["claims"][0].update(says=""), "claims.word_decides.says: expected text, got ''."),
            (
                lambda ledger: ledger["claims"][0].update(figure="none"),
                "claims.word_decides: unknown figure 'none'; allowed",
            ),
            (lambda ledger: ledger["experiments"]["paper"].update(figure="none"), "experiments.paper: unknown figure"),
            (
                lambda ledger: ledger["claims"][0]["cells"]["lost"].update(table="none"),
                "claims.word_decides: unknown table",
            ),
            (
                lambda ledger: ledger["claims"][0]["cells"]["lost"].update(at=10),
                "cells.lost.at: expected text in quotes",
            ),
            (
                lambda ledger: ledger["claims"][0]["cells"]["lost"].update(at=[]),
                "cells.lost.at: expected text in quotes",
            ),
            (
                lambda ledger: ledger["claims"][0].update(verified="abs() > 0"),
                "claims.word_decides: rule 'abs() > 0': 'abs()'",
            ),
            (lambda ledger: ledger["claims"][0]["cells"].update({"a-b": {}}), "letters, digits and _"),
            (lambda ledger: ledger["claims"][1]["cells"]["gain"].update(method="{case.__class__}"), "allowed: {case}."),
            (
                lambda ledger: ledger["claims"][0]["cells"]["lost"].update(method="{case}"),
                "allowed: none, without cases",
            ),
            (lambda ledger: ledger["claims"][0].update(verified="lost.low >"), "no expression"),
            (lambda ledger: ledger["claims"][0].pop("falsified"), "give the rules verified and falsified"),
            (lambda ledger: ledger["claims"][0].update(experiment="none"), "unknown experiment 'none'"),
            (lambda ledger: ledger["claims"].append(ledger["claims"][0]), "two claims are called word_decides"),
            (lambda ledger: ledger["claims"][1]["cells"]["gain"].update(method="{cas}"), "unknown placeholder"),
            (lambda ledger: ledger["claims"][1]["cells"]["gain"].pop("table"), "does not say its table"),
        ],
    )
    def test_refused(self, tmp_path, change, says):
        ledger = yaml.safe_load((ROOT / "config/claims.yaml").read_text(encoding="utf-8"))
        change(ledger)
        path = tmp_path / "claims.yaml"
        path.write_text(yaml.safe_dump(ledger), encoding="utf-8")
        with pytest.raises(LedgerError, match=r"claims\.yaml: ") as refused:
            read_ledger(path)
        assert says in str(refused.value) and ".." not in str(refused.value) and "\n" not in str(refused.value)

    @pytest.mark.parametrize(
        ("content", "says"),
        [
            ("", "expected a mapping of keys, glance, experiments, claims;"),
            ("- a", "expected a mapping of keys, glance, experiments, claims;"),
            ("glance: []\nglance: []", "line 2: the key 'glance' occurs twice"),
            ("glance:\n\t- a", "line 2: found character"),
        ],
    )
    def test_no_ledger(self, tmp_path, content, says):
        (tmp_path / "claims.yaml").write_text(content)
        with pytest.raises(LedgerError, match=r"claims\.yaml: ") as refused:
            read_ledger(tmp_path / "claims.yaml")
        assert says in str(refused.value) and "\n" not in str(refused.value)

    @pytest.mark.parametrize("content", ["a: [", "[" * 5000, "\udcff"])
    def test_hostile(self, tmp_path, content):
        (tmp_path / "claims.yaml").write_bytes(content.encode("utf-8", "surrogateescape"))
        with pytest.raises(LedgerError, match="not a readable YAML file"):
            read_ledger(tmp_path / "claims.yaml")
        with pytest.raises(LedgerError, match="cannot be read"):
            read_ledger(tmp_path / "none.yaml")
