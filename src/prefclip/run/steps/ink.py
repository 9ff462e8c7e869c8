"""The same ink on every attacked image of one data set, but unreadable."""

from dataclasses import dataclass

from prefclip.attacks.fonts import font_files
from prefclip.run.options import Dataset, Run, Workers
from prefclip.run.plan import canvas
from prefclip.run.step import Step

# Nothing is trained or chosen on them.
SPLITS = ("test",)


@dataclass(frozen=True)
class Ink(Step):
    """Draws the control that tells reading from ink."""

    dataset: str
    command = "ink {run} {dataset}"
    parallel = "--workers"

    @classmethod
    def jobs(cls, config):
        yield from (cls(config, dataset) for dataset in config.attacked_datasets)

    @property
    def input(self):
        files, dataset = self.files, self.dataset
        return {"manifest": files.attacked_manifest(dataset), "images": canvas(self.config, files, dataset)}

    @property
    def output(self):
        return {"images": self.files.ink_images(self.dataset), "manifest": self.files.ink_manifest(self.dataset)}

    @property
    def fonts(self):
        return font_files()

    @property
    def settings(self):
        read = () if self.config.is_rendered(self.dataset) else ("reading.bottleneck",)
        return self.values("attack.ink", "attack.seed", *read)


def ink(run: Run, dataset: Dataset, workers: Workers = 1) -> None:
    """Draw the same ink on every attacked image of one data set, so that it cannot be read."""
    from prefclip.attacks.ink import draw_ink_twins

    step = Ink.of(run, dataset=dataset)
    attack = step.config.attack
    with step.recorded():
        draw_ink_twins(
            dataset,
            *step.input.values(),
            *step.output.values(),
            attack.ink,
            SPLITS,
            seed=attack.seed,
            workers=workers,
            bottleneck=step.config.bottleneck(dataset),
        )
