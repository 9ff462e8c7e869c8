"""A misleading word on every image of one data set."""

from dataclasses import dataclass

from prefclip.attacks.fonts import font_files
from prefclip.run.options import Dataset, Run, Words, Workers
from prefclip.run.plan import canvas
from prefclip.run.step import Step


@dataclass(frozen=True)
class Attacks(Step):
    """Writes the words; with ``words`` the further ones that only some sweeps train on."""

    dataset: str
    words: bool = False
    command = "attacks {run} {dataset} {words}"
    parallel = "--workers"

    @classmethod
    def jobs(cls, config):
        yield from (cls(config, dataset) for dataset in config.attacked_datasets)
        if config.further_words:
            yield cls(config, config.data.train, True)

    @property
    def input(self):
        files, dataset = self.files, self.dataset
        return {
            "manifest": files.manifest(dataset),
            "images": canvas(self.config, files, dataset),
            "classes": files.classes(dataset),
        }

    @property
    def output(self):
        files, which = self.files, (self.dataset, self.words)
        return {"images": files.attacked_images(*which), "manifest": files.attacked_manifest(*which)}

    @property
    def fonts(self):
        return font_files()

    @property
    def settings(self):
        keys = ("smallest_size", "largest_size", "variants", "seed")
        further = {"further_words": self.config.further_words} if self.words else {}
        conditions = list(self.config.attack_conditions(self.dataset))
        read = () if self.config.is_rendered(self.dataset) else ("reading.bottleneck",)
        return self.values(*(f"attack.{key}" for key in keys), *read) | {"conditions": conditions} | further


def attacks(run: Run, dataset: Dataset, workers: Workers = 1, words: Words = False) -> None:
    """Write a misleading word on every image of one data set."""
    from prefclip.attacks.further_words import images_with_further_words
    from prefclip.attacks.synthesis import synthesise_attacks

    step = Attacks.of(run, dataset=dataset, words=words)
    attack = step.config.attack
    variants, only = attack.variants, None
    if words:
        variants, only = images_with_further_words(step.config, dataset, step.input["manifest"])
    with step.recorded():
        synthesise_attacks(
            *step.input.values(),
            *step.output.values(),
            size_range=(attack.smallest_size, attack.largest_size),
            variants=variants,
            seed=attack.seed,
            workers=workers,
            only=only,
            test_conditions=step.config.attack_conditions(dataset),
            bottleneck=step.config.bottleneck(dataset),
        )
