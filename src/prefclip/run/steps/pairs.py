"""Preference pairs: on the attacked picture the true name is preferred, the written one rejected."""

from dataclasses import dataclass

from prefclip.run.options import Dataset, Run, Words
from prefclip.run.step import Step


@dataclass(frozen=True)
class Pairs(Step):
    """Pairs clean and attacked images; with ``words`` those with the further words."""

    dataset: str
    words: bool = False
    command = "pairs {run} {dataset} {words}"

    @classmethod
    def jobs(cls, config):
        yield cls(config, config.data.train)
        if config.further_words:
            yield cls(config, config.data.train, True)

    @property
    def input(self):
        files = self.files
        attacked = files.attacked_manifest(self.dataset, self.words)
        return {"manifest": files.manifest(self.dataset), "attacked_manifest": attacked}

    @property
    def output(self):
        return {"preferences": self.files.preferences(self.dataset, self.words)}


def pairs(run: Run, dataset: Dataset, words: Words = False) -> None:
    """Pair clean and attacked images: the true name is preferred, the written one rejected."""
    from prefclip.preferences.pairs import build_pairs

    step = Pairs.of(run, dataset=dataset, words=words)
    with step.recorded():
        build_pairs(*step.input.values(), *step.output.values())
