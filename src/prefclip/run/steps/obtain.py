"""One downloaded data set: fetched, checked, and its files fingerprinted."""

from dataclasses import dataclass

from prefclip.run.options import Dataset, Run
from prefclip.run.plan import listed_files
from prefclip.run.step import Step


@dataclass(frozen=True)
class Obtain(Step):
    """Fetches a data set unless it is there."""

    dataset: str
    command = "obtain {run} {dataset}"

    @classmethod
    def jobs(cls, config):
        if config.data.source == "downloaded":
            yield from (cls(config, dataset) for dataset in config.datasets)

    @property
    def input(self):
        return {"listed": listed_files(self.dataset)}

    @property
    def output(self):
        return {"found": self.files.sources(self.dataset)}

    @property
    def settings(self):
        return self.values("data.root")


DECLARES = Obtain


def obtain(run: Run, dataset: Dataset) -> None:
    """Fetch one downloaded data set of a run unless it is there, check it, and fingerprint its files."""
    from prefclip.datasets.obtain import obtain_dataset

    step = Obtain.of(run, dataset=dataset)
    with step.recorded():
        obtain_dataset(dataset, step.config.data.root, step.output["found"])
