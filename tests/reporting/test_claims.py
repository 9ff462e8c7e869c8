"""Claims are judged by rules over cells: mutated cells and rules change verdicts, and what is stored is checked."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from prefclip.cli import app
from prefclip.config import read_config
from prefclip.datasets.registry import DATASETS
from prefclip.errors import PrefclipError
from prefclip.lineage.table_cells import find_cell
from prefclip.reporting.claims.judging import (
    DIFFERS,
    FALSIFIED,
    INCONCLUSIVE,
    NOT_RUN,
    VERIFIED,
    ClaimsError,
    claims_of,
    judge,
    read_verdicts,
    scale_of,
    write_verdicts,
)
from prefclip.reporting.claims.ledger import Claim, shipped_ledger
from prefclip.reporting.claims.views import cell_text, deciding, lines, markdown, outcome
from prefclip.table import Number, Source, Table, Term, read_table

ROOT = Path(__file__).resolve().parents[2]


def table(*numbers: tuple[str, float, float | None, float | None]) -> Table:
    listed = [
        Number(keys={"method": name, "kind": "difference"}, value=value, low=low, high=high, formula="a", terms=[0])
        for name, value, low, high in numbers
    ]
    parts = {"terms": [Term(measure="x", words="x", sources=[0])], "sources": [Source(file="x.parquet")]}
    return Table(name="t", caption="", corner="", header=[], footnotes=[], columns=[], rows=[], numbers=listed, **parts)


def swept_words() -> Table:
    """A table as the paper's grid of sweeps gives it: words on pictures, for three methods."""
    numbers = [
        Number(
            keys={
                **{"sweep": "words", "setting": setting, "main": method, "method": f"{method}-words-{setting}"},
                **{"weights": "averaged", "kind": "value", "against": "", "dataset": "zero_shot_mean"},
                **{"images": "typographic", "metric": "accuracy"},
            },
            **{"value": 0.5, "low": 0.4, "high": 0.6, "formula": "a", "terms": [0]},
        )
        for method in ("dpo", "ipo", "kto")
        for setting in ("1", "3", "10")
    ]
    return table().model_copy(update={"name": "sweeps", "numbers": numbers})


def claim(**changed) -> Claim:
    entry = {"id": "one", "says": "One.", "stands": ["abstract"], "experiment": "attacks", "because": "it is."}
    entry |= {"cells": {"gain": {"table": "t", "method": "{case}"}}, "cases": {"dpo": {}}}
    return Claim.model_validate(entry | {"verified": "gain.low > 0", "falsified": "gain.high < 0"} | changed)


class TestJudging:
    @pytest.mark.parametrize(
        ("ends", "verdict"),
        [((0.02, 0.01, 0.03), VERIFIED), ((-0.02, -0.03, -0.01), FALSIFIED), ((0.01, -0.01, 0.03), INCONCLUSIVE)],
    )
    def test_verdict_follows_from_the_cell(self, ends, verdict):
        (judged,) = judge([claim()], {"t": table(("dpo", *ends))}, "toy").judged[0].verdicts
        assert (judged.case, judged.verdict) == ("dpo", verdict)
        (cell,) = judged.cells
        assert (cell.value, cell.low, cell.high) == tuple(round(100 * end, 6) for end in ends)
        assert cell.unit == "points" and cell.place.split(",")[0] == "dpo difference"

    def test_not_run(self):
        for tables, says in (
            ({}, "no table t"),
            ({"t": table(("ipo", 0, 0, 0))}, "no method dpo in its table t, but ipo"),
        ):
            (judged,) = judge([claim()], tables, "toy").judged[0].verdicts
            assert judged.verdict == NOT_RUN and says in judged.reason and judged.cells == []

    def test_code_against_print_has_no_rule(self):
        asked = claim(verified="", falsified="", because="", differs="it is not passed")
        for tables, count in (({"t": table(("dpo", 0.1, 0.0, 0.2))}, 1), ({}, 0)):
            (judged,) = judge([asked], tables, "toy").judged[0].verdicts
            assert judged.verdict == DIFFERS and len(judged.cells) == count

    def test_what_does_not_fit_together(self):
        with pytest.raises(ClaimsError, match="both of its rules hold"):
            judge([claim(falsified="gain.high > 0")], {"t": table(("dpo", 0.1, 0.1, 0.2))}, "toy")
        with pytest.raises(ClaimsError, match=r"claim one: .*has no number 'low'"):
            judge([claim()], {"t": table(("dpo", 0.1, None, None))}, "toy")

    def test_a_cell_that_means_several_numbers_stops_no_other_claim(self):
        twice = table(("dpo", 0.1, 0.05, 0.2), ("ipo", 0.1, 0.05, 0.2))
        loose = claim(id="loose", cells={"gain": {"table": "t", "kind": "difference"}})
        first, second = (each.verdicts[0] for each in judge([loose, claim()], {"t": twice}, "toy").judged)
        assert first.verdict == NOT_RUN and second.verdict == VERIFIED
        assert first.reason == "its cell means 2 numbers of the table t, such as of method dpo and ipo"

    @pytest.mark.parametrize(
        ("named", "meant"), [(["kto", "ipo", "dpo"], "ipo"), (["{case}", "ipo"], "dpo"), ("ipo", "ipo")]
    )
    def test_of_several_values_the_first_that_there_is(self, named, meant):
        found = table(("dpo", 0.1, 0.05, 0.2), ("ipo", 0.1, 0.05, 0.2))
        one = claim(cells={"gain": {"table": "t", "method": named}})
        (cell,) = judge([one], {"t": found}, "toy").judged[0].verdicts[0].cells
        assert cell.place.split()[0] == meant

    def test_a_key_that_no_number_has(self):
        wrong = claim(cells={"gain": {"table": "t", "methot": "dpo"}})
        with pytest.raises(
            ClaimsError, match=r"claim one, cell gain: .*'methot'; did you mean 'method'\? allowed: role"
        ):
            judge([wrong], {"t": table(("dpo", 0.1, 0.0, 0.2))}, "toy")
        assert judge([wrong], {"t": table()}, "toy").judged[0].verdicts[0].verdict == NOT_RUN

    def test_the_swept_claims_by_the_papers_grid(self):
        """Each has its verdict, be it that the run has not what it needs."""
        claims = claims_of(shipped_ledger(), ablations=True)
        judged = judge(claims, {"sweeps": swept_words()}, "full").judged
        assert [len(each.verdicts) for each in judged] == [len(each.cases or [""]) for each in claims]
        told = {each.claim.id: each.verdicts[0] for each in judged}
        assert "but words" in told["few_pictures"].reason
        assert told["many_words"].cells or "main dpo and ipo" in told["many_words"].reason

    def test_a_difference_of_shares_is_in_points(self):
        found = table(("dpo", 0.1, 0.0, 0.2))
        (number,) = found.numbers
        for changed, unit in (({"formula": "a - b"}, "points"), ({}, "%")):
            plain = number.model_copy(update={"keys": {"method": "dpo"}, **changed})
            verdicts = judge([claim()], {"t": found.model_copy(update={"numbers": [plain]})}, "toy")
            assert verdicts.judged[0].verdicts[0].cells[0].unit == unit

    def test_stored_and_read(self, tmp_path):
        found = judge([claim()], {"t": table(("dpo", 0.1, 0.0, 0.2))}, "partial")
        write_verdicts(found, tmp_path / "claims.json")
        assert read_verdicts(tmp_path / "claims.json") == found
        (tmp_path / "claims.json").write_text('{"scale": "toy"}')
        for name in ("claims.json", "none.json"):
            with pytest.raises(ClaimsError, match=f"{name}: .*`prefclip judge-claims {tmp_path.parent}`"):
                read_verdicts(tmp_path / name)
        with pytest.raises(ClaimsError, match="`prefclip judge-claims run --ablations`"):
            read_verdicts("run/claims/ablations.json")

    def test_scale(self):
        paper = read_config(ROOT / "config/paper.yaml", datasets=DATASETS)
        part = paper.model_copy(update={"evaluation": paper.evaluation.model_copy(update={"max_images": 9})})
        embedded = read_config(ROOT / "config/embedded.yaml", datasets=DATASETS)
        rehearsal = read_config(ROOT / "config/paper.yaml", ROOT / "config/rehearsal.yaml", datasets=DATASETS)
        scales = [scale_of(each) for each in (rehearsal, embedded, part, paper)]
        assert scales == ["rehearsal", "toy", "partial", "full"]


class TestShown:
    """A number stands beside what its rule compares it with, under names for people."""

    @staticmethod
    def deciding(rule, *cells, value=0.25):
        numbers = [(name, value, value - 0.125, value + 0.125) for name in cells]
        asked = claim(
            cells={name: {"table": "t", "method": name} for name in cells}, verified=rule, falsified=f"not ({rule})"
        )
        (judged,) = judge([asked], {"t": table(*numbers)}, "toy").judged
        (each,) = judged.verdicts
        return deciding(judged.claim, each), each

    def test_all_that_the_rule_reads(self):
        two = self.deciding("kl_at_small_beta.low > kl_at_large_beta.high", "kl_at_small_beta", "kl_at_large_beta")[0]
        assert two == "KL 25.0 (12.5 to 37.5) points at small β, 25.0 (12.5 to 37.5) points at large β"
        kept, other = "kl", "kl_of_cross_entropy"
        assert self.deciding(f"{kept}.value < {other}.low", kept, other, value=-0.25)[0] == (
            "KL −25.0 points, KL of cross-entropy −25.0 (−37.5 to −12.5) points"
        )
        assert self.deciding("gain.low > 0", "gain", "unread")[0] == "gain 25.0 (12.5 to 37.5) points"

    def test_no_room_for_many_intervals(self):
        names = [f"{verb}_at_t_{t}" for verb in ("sees", "reads") for t in ("minus_1", "0", "1")]
        said, each = self.deciding(" and ".join(f"{name}.low > 0" for name in names), *names)
        assert said.startswith("sees 25.0 points at t = −1, 25.0 points at t = 0, 25.0 points at t = 1, reads 25.0")
        assert cell_text(each.cells[0]) == "sees 25.0 (12.5 to 37.5) points at t = −1"

    def test_of_every_verdict_that_is_published(self):
        """Every cell that a rule reads stands in the table and in the list."""
        for name in ("claims", "ablations"):
            verdicts = read_verdicts(ROOT / f"results/reference/embedded/claims/{name}.json")
            rows, listed = markdown(verdicts), list(lines(verdicts))
            for judged in verdicts.judged:
                rules = f"{judged.claim.verified} {judged.claim.falsified}"
                for each in judged.verdicts if judged.claim.verified else []:
                    said = deciding(judged.claim, each)
                    read = [cell for cell in each.cells if f"{cell.name}." in rules]
                    assert read == each.cells and said in rows, "a rule reads all of its cells"
                    digits = [1 if cell.unit in ("%", "points") else 3 for cell in read]
                    assert all(f"{abs(cell.value):.{n}f}" in said for cell, n in zip(read, digits, strict=True))
                    assert not each.cells or any(line.endswith(said) for line in listed)


class TestPublished:
    """`prefclip claims` on a copy of what is published."""

    @pytest.fixture
    def copy(self, tmp_path):
        unread = shutil.ignore_patterns("figures", "*.tex", "*.md", "*.csv", "*.xz")
        shutil.copytree(ROOT / "results/reference/embedded", tmp_path / "embedded", ignore=unread)
        return tmp_path / "embedded"

    @staticmethod
    def claims(*words):
        return CliRunner().invoke(app, ["claims", *map(str, words)])

    def test_follows(self, copy):
        done = self.claims("--run", copy)
        assert done.exit_code == 0 and done.stderr == ""
        assert done.stdout.startswith("Of ") and "beats_cross_entropy ipo" in done.stdout

    def test_a_mutated_cell(self, copy):
        path = copy / "tables/typographic.json"
        table = json.loads(path.read_text())
        wanted = {"method": "dpo", "weights": "averaged", "kind": "difference", "dataset": "zero_shot_mean"}
        for number in table["numbers"]:
            if {**wanted, "images": "clean"}.items() <= number["keys"].items():
                number |= {"value": -0.2, "low": -0.3, "high": -0.1}
        path.write_text(json.dumps(table))
        done = self.claims("--run", copy)
        assert done.exit_code == 1
        assert "keeps_clean dpo: stored as verified, by its cells and rule it is falsified." in done.stderr

    def test_a_mutated_number_that_changes_no_verdict(self, copy):
        path = copy / "claims/claims.json"
        path.write_text(path.read_text().replace('"value": 73.', '"value": 74.', 1))
        done = self.claims("--run", copy)
        assert done.exit_code == 1 and "word_decides: its stored numbers are not those of the tables." in done.stderr

    @pytest.mark.parametrize("first", [True, False])
    def test_two_verdicts_on_one_case(self, copy, first):
        path = copy / "claims/claims.json"
        stored = json.loads(path.read_text())
        verdicts = stored["judged"][0]["verdicts"]
        verdicts.insert(0 if first else 1, verdicts[0] | {"verdict": "falsified"})
        path.write_text(json.dumps(stored))
        done = self.claims("--run", copy)
        assert done.exit_code == 1 and f"word_decides: two verdicts are stored in {path}." in done.stderr

    def test_a_mutated_reason(self, copy):
        path = copy / "claims/claims.json"
        stored = json.loads(path.read_text())
        stored["judged"][0]["verdicts"][0]["reason"] = "it is so"
        path.write_text(json.dumps(stored))
        done = self.claims("--run", copy)
        assert done.exit_code == 1 and "word_decides: its stored reason is not that of its rule." in done.stderr

    @pytest.mark.parametrize("claim", [claim for claim in shipped_ledger().claims if claim.verified])
    def test_a_mutated_rule(self, copy, claim, monkeypatch):
        """With its two rules exchanged, every claim that was decided is decided otherwise."""
        ledger = shipped_ledger()
        turned = claim.model_copy(update={"verified": claim.falsified, "falsified": claim.verified})
        claims = [turned if each.id == claim.id else each for each in ledger.claims]
        changed = ledger.model_copy(update={"claims": claims})
        for module in ("checking", "views"):
            monkeypatch.setattr(f"prefclip.reporting.claims.{module}.shipped_ledger", lambda: changed)
        verdicts = [read_verdicts(copy / f"claims/{name}.json") for name in ("claims", "ablations")]
        judged = next(each for one in verdicts for each in one.judged if each.claim.id == claim.id)
        decided = [each.case for each in judged.verdicts if each.verdict in (VERIFIED, FALSIFIED)]
        done = self.claims("--run", copy)
        assert done.exit_code == 1
        assert (
            f"{claim.id}: judged as another ledger has it, config/claims.yaml differs in verified, falsified; "
            in done.stderr
        )
        assert all(f"{claim.id} {case}".strip() + ": stored as" in done.stderr for case in decided)

    @pytest.mark.parametrize(
        ("old", "new", "says"),
        [
            (
                '"lost.low >= 25',
                '"lost.low >= 5',
                "word_decides: judged as another ledger has it, config/claims.yaml differs in",
            ),
            ('"says": "They keep', '"says": "They lose', "config/claims.yaml differs in says; `prefclip judge-claims "),
            ('"scale": "toy"', '"scale": "full"', "says that the run is full, by its config.json it is toy."),
        ],
    )
    def test_a_mutated_text_or_scale(self, copy, old, new, says):
        path = copy / "claims/claims.json"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
        done = self.claims("--run", copy)
        assert done.exit_code == 1 and says in done.stderr

    @pytest.mark.parametrize("form", ["csv", "md", "tex"])
    def test_a_mutated_view(self, copy, form):
        name = f"tables/typographic.{form}"
        text = (ROOT / "results/reference/embedded" / name).read_text(encoding="utf-8")
        says = f"{copy / name}: is not what typographic.json says; make it again with `prefclip table`."
        for content, told in ((text, False), (text.replace("1", "2", 1), True)):
            (copy / name).write_text(content, encoding="utf-8")
            assert (says in self.claims("--run", copy).stderr) == told

    def test_without_the_ablations(self, copy):
        (copy / "claims/ablations.json").unlink()
        done = self.claims("--run", copy)
        main, swept = (claims_of(shipped_ledger(), ablations) for ablations in (False, True))
        lacking = sum(len(claim.cases or [""]) for claim in swept if claim.verified)
        points = sum(bool(claim.differs) for claim in main)
        told = f"; {lacking} more need the ablations; at {points} points the released code does otherwise."
        assert told in done.stdout
        with pytest.raises(ClaimsError, match=r"^kl_term: .* needs the ablations: `snakemake --cores 2 ablations`\.$"):
            raise self.claims("kl_term", "--run", copy).exception

    def test_what_there_is_not_is_not_shown(self, copy):
        assert "n = 0" not in self.claims("near_identity", "--run", copy).stdout
        assert "figure: " not in self.claims("real_photographs", "--run", copy).stdout
        (copy / "figures").mkdir()
        (copy / "figures/photographs.png").touch()
        assert "figure: " in self.claims("real_photographs", "--run", copy).stdout

    def test_a_lost_verdict_and_one_too_many(self, copy):
        path = copy / "claims/claims.json"
        stored = json.loads(path.read_text())
        stored["judged"][0]["claim"]["id"] = "another"
        path.write_text(json.dumps(stored))
        done = self.claims("--run", copy)
        assert done.exit_code == 1
        assert "word_decides: no verdict is stored, by its cells it is verified." in done.stderr
        assert "another: a verdict is stored, the ledger has no such claim." in done.stderr

    def test_what_a_user_can_ask_for_in_vain(self, copy):
        for words, says in (
            (["no_such"], "no claim is called 'no_such'"),
            (["beats_clp"], "did you mean 'beats_clip'"),
        ):
            done = self.claims(*words, "--run", copy)
            assert isinstance(done.exception, PrefclipError) and says in str(done.exception)
        assert "name one of them" in str(self.claims("--json", "--markdown", "--run", copy).exception)
        shutil.rmtree(copy / "claims")
        assert isinstance(self.claims("--run", copy).exception, ClaimsError)

    def test_a_cell_is_traced_by_the_words_that_are_shown(self, copy):
        for name in ("claims", "ablations"):
            for judged in read_verdicts(copy / f"claims/{name}.json").judged:
                for cell in (cell for each in judged.verdicts for cell in each.cells):
                    number = find_cell(read_table(copy / f"tables/{cell.table}.json"), cell.place)
                    assert number.scale * number.value == pytest.approx(cell.value, abs=1e-5), cell

    def test_one_claim_and_its_json(self, copy):
        told = self.claims("gender_neutral", "--run", copy).stdout
        for words in (
            "verified if: ",
            "snakemake --cores 2 results/embedded/tables/bias.json",
            "audit trace",
            "minutes",
        ):
            assert words in told
        found = json.loads(self.claims("gender_neutral", "--json", "--run", copy).stdout)
        assert [each["case"] for each in found["judged"][0]["verdicts"]] == ["seen_concepts", "held_out_concepts"]

    def test_all_is_judged_but_what_needs_the_paper(self, copy):
        verdicts = [read_verdicts(copy / f"claims/{name}.json") for name in ("claims", "ablations")]
        judged = [each for one in verdicts for each in one.judged]
        assert {each.claim.id for each in judged} == {claim.id for claim in shipped_ledger().claims}
        lacking = {each.claim.experiment for each in judged if any(one.verdict == NOT_RUN for one in each.verdicts)}
        assert lacking == {"paper"}
        assert all(len(markdown(one).splitlines()) == 2 + len(one.judged) and outcome(one) for one in verdicts)
