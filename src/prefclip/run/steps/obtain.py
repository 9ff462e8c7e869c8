"""One data set, downloaded or one's own: fetched, checked, and its files fingerprinted."""

from dataclasses import dataclass

from prefclip.datasets.card_files import UnknownDatasetError
from prefclip.datasets.own_folders import listed_sha256, own_cards
from prefclip.run.options import Dataset, Run
from prefclip.run.plan import listed_files
from prefclip.run.step import Step


@dataclass(frozen=True)
class Obtain(Step):
    """Fetches a data set unless it is there; one's own is only looked at."""

    dataset: str
    command = "obtain {run} {dataset}"

    @classmethod
    def jobs(cls, config):
        downloaded = config.data.source == "downloaded"
        yield from (cls(config, name) for name in config.datasets if downloaded or name in config.data.own)

    @property
    def input(self):
        return {"listed": listed_files(self.config, self.dataset)}

    @property
    def output(self):
        return {"found": self.files.sources(self.dataset)}

    @property
    def settings(self):
        if self.dataset not in self.config.data.own:
            return self.values("data.root")
        listed = listed_sha256(self.config, self.dataset)
        return self.values(f"data.own.{self.dataset}") | {f"files of {self.dataset}": listed}


def obtain(run: Run, dataset: Dataset) -> None:
    """Fetch one data set of a run unless it is there or one's own, check it, and fingerprint its files."""
    from prefclip.datasets.obtain import obtain_dataset

    step = Obtain.of(run, dataset=dataset)
    if dataset not in step.config.datasets:
        raise UnknownDatasetError(f"{dataset!r} is no data set of {run}, which has: {', '.join(step.config.datasets)}.")
    fetch = step.config.reading.max_images is None
    with step.recorded():
        obtain_dataset(dataset, step.config.data.root, step.output["found"], own_cards(step.config), fetch)
