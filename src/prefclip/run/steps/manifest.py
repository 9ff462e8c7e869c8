"""The images of one data set, decoded into a memory-mapped file, and their manifest."""

from dataclasses import dataclass
from pathlib import Path

from prefclip.datasets.card import dataset_card, decisive_values, role_in_run
from prefclip.datasets.families import READERS
from prefclip.datasets.own_folders import own_cards
from prefclip.run.options import Dataset, Run, Workers
from prefclip.run.plan import listed_files, shipped_files
from prefclip.run.step import Step


@dataclass(frozen=True)
class Manifest(Step):
    """Decodes or renders a data set. Naming or resizing another one changes nothing here."""

    dataset: str
    command = "manifest {run} {dataset}"
    parallel = "--workers"

    @classmethod
    def jobs(cls, config):
        yield from (cls(config, dataset) for dataset in config.datasets)

    @property
    def input(self):
        data, files = self.config.data, self.files
        listed = listed_files(self.config, self.dataset)
        if data.source == "downloaded" or self.dataset in data.own:
            return {"sources": files.sources(self.dataset), "listed": listed}
        return {"sources": files.sources(), "shipped": shipped_files(Path(data.root)), "listed": listed}

    @property
    def output(self):
        files, dataset = self.files, self.dataset
        return {
            "images": files.images(dataset),
            "manifest": files.manifest(dataset),
            "classes": files.classes(dataset),
        } | ({"canvas": files.canvas(dataset)} if self.config.has_canvases else {})

    @property
    def card(self):
        """What is known of the data set."""
        return dataset_card(self.dataset, own_cards(self.config))

    @property
    def leaves(self):
        return (f"{READERS}.{self.card.family}",)

    @property
    def settings(self):
        data, card = self.config.data, self.card
        sizes = ["test_images", "scenes"]
        if self.dataset in data.bias:
            sizes += ["people_train_images"] * bool(data.people_train_images)
        else:
            sizes += ["validation_images", "train_images"][: 1 + (self.dataset == data.train)]
        place = () if self.dataset in data.own else ("data.source", "data.root")
        rendered = data.source == "embedded" and place
        keys = (*place, *([f"data.{size}" for size in sizes] if rendered else ["reading"]))
        card_values = {"card": decisive_values(card), "role": role_in_run(self.config, card)}
        return self.values("model.image_size", *keys) | card_values


def manifest(run: Run, dataset: Dataset, workers: Workers = 1) -> None:
    """Decode the images of one data set into a memory-mapped file and list them in a manifest."""
    from prefclip.datasets.build import build_manifest

    step = Manifest.of(run, dataset=dataset)
    with step.recorded():
        files = {f"out_{role}": path for role, path in step.output.items()}
        build_manifest(step.config, dataset, **files, workers=workers, own=own_cards(step.config))
