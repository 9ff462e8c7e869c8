"""Captions of both genders, paired for every picture of a woman or a man."""

from dataclasses import dataclass
from typing import Annotated

import typer

from prefclip.run.options import Dataset, Run
from prefclip.run.step import Step


@dataclass(frozen=True)
class GenderPairs(Step):
    """Pairs the captions; ``preference`` says which of the two should win."""

    dataset: str
    preference: str
    command = "gender-pairs {run} {dataset} {preference}"

    @classmethod
    def jobs(cls, config):
        gender = {name: each for name, each in config.concepts.items() if each.concept == "gender"}
        asked = {(config.concept_dataset(name), each.preference) for name, each in gender.items()}
        yield from (cls(config, *which) for which in sorted(asked))

    @property
    def input(self):
        return {"manifest": self.files.manifest(self.dataset), "classes": self.files.classes(self.dataset)}

    @property
    def output(self):
        return {"pairs": self.files.gender_pairs(self.dataset, self.preference)}


def gender_pairs(
    run: Run, dataset: Dataset, preference: Annotated[str, typer.Argument(help="factual, reversed or neutral")]
) -> None:
    """Pair the captions of both genders for every picture of a woman or a man."""
    from prefclip.preferences.gender_pairs import gender_pairs as pair_captions

    step = GenderPairs.of(run, dataset=dataset, preference=preference)
    with step.recorded():
        pair_captions(*step.input.values(), *step.output.values(), preference)
