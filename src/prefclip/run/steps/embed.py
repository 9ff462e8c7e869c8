"""Where one method puts the training set's test pictures among each other, under all its seeds."""

from dataclasses import dataclass

from prefclip.run.options import Method, Run, Threads
from prefclip.run.plan import SELECTED, base_weights, standing_weights
from prefclip.run.step import Step


@dataclass(frozen=True)
class Embed(Step):
    """Embeds clean, attacked and inked pictures: averaged weights where the method averages, else the last ones."""

    method: str
    command = "embed {run} {method}"
    parallel = "--threads"

    @classmethod
    def jobs(cls, config):
        if config.methods:  # before tuning is shown beside after
            yield from (cls(config, method) for method in ("clip", *config.methods))

    @property
    def checkpoints(self) -> dict[int, str | None]:
        """The weights of each seed; no file for the untouched clip."""
        shown = standing_weights(self.config, self.files, self.method)
        return {seed: path for seed, (_, path) in shown.items()}

    @property
    def input(self):
        files, dataset = self.files, self.config.data.train
        tuned = [path for path in self.checkpoints.values() if path is not None]
        images = [*files.attacked_set(dataset), files.ink_images(dataset), files.ink_manifest(dataset)]
        return {"weights": base_weights(self.config), "checkpoints": tuned, "images": images}

    @property
    def output(self):
        return {"embeddings": self.files.embeddings(self.config.model.key, self.method)}

    @property
    def settings(self):
        seeds = () if self.method == "clip" else ("seeds",)
        return self.values("model", "data.train", *SELECTED, *seeds)


def embed(run: Run, method: Method, threads: Threads = 1) -> None:
    """Embed the training set's test pictures, clean, attacked and under ink, and its names: one method, all its seeds.

    Averaged weights where the method averages, else the last ones.
    """
    from prefclip.evaluation.embedding import embed_pictures
    from prefclip.evaluation.zero_shot import require_checkpoints

    step = Embed.of(run, method=method)
    require_checkpoints(step.config, method, step.files)
    with step.recorded():
        embed_pictures(step.config, step.checkpoints, step.files, step.output["embeddings"], threads=threads)
