"""What every method, with its first seed, says of a few test pictures: for the explorer of the report."""

from dataclasses import dataclass

from prefclip.run.options import Run, Threads
from prefclip.run.plan import base_weights, tuned_weights
from prefclip.run.step import Step


@dataclass(frozen=True)
class Explore(Step):
    command = "explore {run}"
    parallel = "--threads"

    @property
    def checkpoints(self) -> dict[str, str | None]:
        """The weights of each method, of the first seed; None for the untouched CLIP."""
        first = self.config.seeds[0]
        tuned = {
            name: list(tuned_weights(self.config, self.files, name, first).values())[-1] for name in self.config.methods
        }
        return {"clip": None, **tuned}

    @property
    def input(self):
        return {
            "weights": base_weights(self.config),
            "checkpoints": [path for path in self.checkpoints.values() if path is not None],
            "images": [path for name in self.config.attacked_datasets for path in self.files.attacked_set(name)],
        }

    @property
    def output(self):
        return {"explorer": self.files.explorer}

    @property
    def settings(self):
        return self.values("data", "model", "methods", "seeds", "evaluation")


def explore(run: Run, threads: Threads = 1) -> None:
    """Ask every method, with its first seed, about a few test pictures: answers and saliency maps for the report."""
    from prefclip.explain.explorer import explore_images

    step = Explore.of(run)
    with step.recorded():
        explore_images(step.config, step.checkpoints, step.files, step.output["explorer"], threads=threads)
