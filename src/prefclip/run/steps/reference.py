"""The training pairs, embedded with the frozen reference model once for all methods."""

from dataclasses import dataclass

from prefclip.run.options import Run, Threads, Words
from prefclip.run.plan import base_weights
from prefclip.run.step import Step


@dataclass(frozen=True)
class Reference(Step):
    """Embeds clean and attacked images; with ``words`` those with the further words."""

    words: bool = False
    command = "reference {run} {words}"
    parallel = "--threads"

    @classmethod
    def jobs(cls, config):
        yield cls(config)
        if config.further_words:
            yield cls(config, True)

    @property
    def input(self):
        files, dataset = self.files, self.config.data.train
        return {
            "preferences": files.preferences(dataset, self.words),
            "images": files.images(dataset),
            "attacked_images": files.attacked_images(dataset, self.words),
            "weights": base_weights(self.config),
        }

    @property
    def output(self):
        return {"reference": self.files.reference(self.config.model.key, self.config.data.train, self.words)}

    @property
    def settings(self):
        return self.values("model", "training.precision")


def reference(run: Run, threads: Threads = 1, words: Words = False) -> None:
    """Embed the training pairs with the frozen reference model, once for all methods."""
    from prefclip.training.reference import cache_reference

    step = Reference.of(run, words=words)
    read = step.input
    with step.recorded():
        cache_reference(
            step.config,
            read["preferences"],
            read["images"],
            read["attacked_images"],
            step.output["reference"],
            threads=threads,
        )
