"""The verdicts on the paper's claims that follow from a run's tables, by the rules of the ledger."""

from dataclasses import dataclass
from typing import Annotated

import typer

from prefclip.reporting.claims.judging import claims_of
from prefclip.reporting.claims.ledger import shipped_ledger, tables_of
from prefclip.reporting.tables import table_names
from prefclip.run.options import Run
from prefclip.run.plan import ledger_file
from prefclip.run.step import Step


@dataclass(frozen=True)
class JudgeClaims(Step):
    """Judges the claims that the main tables decide; with ``ablations`` those that need the sweeps."""

    ablations: bool = False
    command = "judge-claims {run} {ablations}"

    @classmethod
    def jobs(cls, config):
        yield cls(config)
        if config.sweeps.grids:
            yield cls(config, True)

    @property
    def claims(self):
        """The claims that it judges."""
        return claims_of(shipped_ledger(), self.ablations)

    @property
    def tables(self):
        """The tables, of those that the run has, that decide."""
        made = table_names(self.config)
        return [name for name in tables_of(self.claims) if name in made]

    @property
    def input(self):
        return {"ledger": ledger_file(), "tables": [self.files.table(name, "json") for name in self.tables]}

    @property
    def output(self):
        return {"verdicts": self.files.verdicts(self.ablations)}

    @property
    def settings(self):
        scored = ("evaluation.max_images", "evaluation.drop_last_batches")
        return self.values("data.source", "model.weights", "reading", *scored)


def judge_claims(
    run: Run, ablations: Annotated[bool, typer.Option("--ablations", help="those that need the sweeps instead")] = False
) -> None:
    """Judge the paper's claims by a run's tables and the rules of config/claims.yaml."""
    from prefclip.reporting.claims.judging import judge, scale_of, write_verdicts
    from prefclip.table import read_table

    step = JudgeClaims.of(run, ablations=ablations)
    with step.recorded():
        tables = {name: read_table(step.files.table(name, "json")) for name in step.tables}
        write_verdicts(judge(step.claims, tables, scale_of(step.config)), step.output["verdicts"])
