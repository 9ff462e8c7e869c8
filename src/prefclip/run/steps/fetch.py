"""The raw data of the embedded world, checked against their published checksums."""

from dataclasses import dataclass
from pathlib import Path

from prefclip.run.options import Run
from prefclip.run.plan import shipped_files
from prefclip.run.step import Step


@dataclass(frozen=True)
class Fetch(Step):
    command = "fetch {run}"

    @classmethod
    def jobs(cls, config):
        if config.data.source == "embedded":
            yield cls(config)

    @property
    def input(self):
        root = Path(self.config.data.root)
        return {"checksums": str(root / "checksums.json"), "shipped": shipped_files(root)}

    @property
    def output(self):
        return {"found": self.files.sources()}

    @property
    def settings(self):
        return self.values("data.root")


def fetch(run: Run) -> None:
    """Check the raw data of a run against their published checksums."""
    from prefclip.datasets.sources import check_sources
    from prefclip.files import write_json

    step = Fetch.of(run)
    with step.recorded():
        write_json(step.output["found"], check_sources(step.config.data.root))
