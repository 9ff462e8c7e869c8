"""The headline accuracies, for `dvc metrics`."""

from dataclasses import dataclass

from prefclip.run.options import Run
from prefclip.run.step import Step


@dataclass(frozen=True)
class Summary(Step):
    command = "summary {run}"

    @property
    def input(self):
        return {"table": self.files.table("typographic", "json")}

    @property
    def output(self):
        return {"summary": self.files.summary}

    @property
    def settings(self):
        return self.values("data", "methods")


def summary(run: Run) -> None:
    """Write the headline accuracies of a run as JSON, which `dvc metrics show` and `dvc metrics diff` read."""
    from prefclip.reporting.summary import summarise

    step = Summary.of(run)
    with step.recorded():
        summarise(step.config, step.input["table"], step.output["summary"])
