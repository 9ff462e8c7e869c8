"""Where one method looks, under all its seeds: its imports take as long as one of them."""

from dataclasses import dataclass

from prefclip.run.options import Method, Run, Threads
from prefclip.run.plan import base_weights, saliency_dataset, standing_weights
from prefclip.run.step import Step


@dataclass(frozen=True)
class Saliency(Step):
    """Explains images: averaged weights where the method averages, else the last ones."""

    method: str
    command = "saliency {run} {method}"
    parallel = "--threads"

    @classmethod
    def jobs(cls, config):
        if config.saliency is not None:
            yield from (cls(config, method) for method in ("clip", *config.methods))

    @property
    def shown(self) -> dict[int, tuple[str, str | None]]:
        return standing_weights(self.config, self.files, self.method)

    @property
    def input(self):
        checkpoints = [path for _, path in self.shown.values() if path is not None]
        images = self.files.attacked_set(saliency_dataset(self.config))
        return {"weights": base_weights(self.config), "checkpoints": checkpoints, "images": images}

    @property
    def output(self):
        files, which = self.files, (self.config.model.key, self.method)
        return {"out_scores": files.saliency(*which), "out_maps": files.saliency_maps(*which)}

    @property
    def settings(self):
        return self.values(
            "saliency", "evaluation.max_images", "evaluation.drop_last_batches", "model", "data.train", "seeds"
        )


def saliency(run: Run, method: Method, threads: Threads = 1) -> None:
    """Measure how much of what speaks for a name lies on the written word: one method, all its seeds.

    Averaged weights where the method averages, else the last ones.
    """
    from prefclip.evaluation.zero_shot import require_checkpoints
    from prefclip.explain.saliency.measure import measure_saliency

    step = Saliency.of(run, method=method)
    require_checkpoints(step.config, method, step.files)
    kinds = {kind for kind, _ in step.shown.values()}
    checkpoints = {seed: path for seed, (_, path) in step.shown.items()}
    with step.recorded():
        measure_saliency(
            step.config, method, kinds.pop(), checkpoints, files=step.files, **step.output, threads=threads
        )
