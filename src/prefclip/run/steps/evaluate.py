"""One tuned model, or the untouched clip, scored on its data sets."""

from dataclasses import dataclass

from prefclip.datasets.card_files import word_removed
from prefclip.run.options import Method, Run, Seed, Threads
from prefclip.run.plan import SELECTED, base_weights, sweep_runs, tuned_weights
from prefclip.run.step import Step


@dataclass(frozen=True)
class Evaluate(Step):
    """Scores all data sets of one model, so that torch is imported once. Real photographs bear their words already."""

    method: str
    seed: int
    command = "evaluate {run} {method} --seed {seed}"
    parallel = "--threads"
    launched = True

    @classmethod
    def jobs(cls, config):
        yield from (cls(config, method, seed) for _, method, seed in sweep_runs(config))

    @property
    def input(self):
        files, real = self.files, self.config.data.real
        images = {}
        for dataset in self.config.scored_datasets(self.method, self.seed):
            alone = [path(dataset) for path in (files.images, files.manifest, files.classes)]
            ink = [files.ink_images(dataset), files.ink_manifest(dataset)]
            images[dataset] = alone if dataset in real else [*files.attacked_set(dataset), *ink]
        tuned = list(tuned_weights(self.config, self.files, self.method, self.seed).values())
        return {"weights": base_weights(self.config), "checkpoints": tuned, **images}

    @property
    def output(self):
        return {"predictions": self.files.predictions(self.config.model.key, self.method, self.seed)}

    @property
    def settings(self):
        datasets = list(self.config.scored_datasets(self.method, self.seed))
        real = [name for name in self.config.data.real if name in datasets]
        scored = self.values("model", *SELECTED)
        clean = [name for name in real if word_removed(name)]
        return scored | {"datasets": datasets, "data.real": real, "clean twins": clean}


def evaluate(run: Run, method: Method, seed: Seed = 0, threads: Threads = 1) -> None:
    """Score one tuned model, or the untouched clip, on the data sets of the run."""
    from prefclip.evaluation.zero_shot import checkpoint_files
    from prefclip.evaluation.zero_shot import evaluate as evaluate_model

    step = Evaluate.of(run, method=method, seed=seed)
    folder = None if method == "clip" else step.files.checkpoint_folder(step.config.model.key, method, seed)
    checkpoint_files(step.config, method, folder)
    with step.recorded():
        evaluate_model(step.config, method, seed, folder, step.files, *step.output.values(), threads=threads)
