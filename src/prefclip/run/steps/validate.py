"""One trial of the search for settings, or the untouched clip, scored on validation pictures."""

from dataclasses import dataclass

from prefclip.run.options import Method, Run, Seed, Threads
from prefclip.run.plan import SELECTED, base_weights, trial_runs, tuned_weights
from prefclip.run.step import Step


@dataclass(frozen=True)
class Validate(Step):
    """Scores the weights that stand for a method; settings are chosen by it, so no test picture is read."""

    method: str
    seed: int
    command = "validate {run} {method} --seed {seed}"
    parallel = "--threads"
    launched = True

    @classmethod
    def jobs(cls, config):
        if config.trials:
            yield from (cls(config, method, seed) for _, method, seed in trial_runs(config))

    @property
    def input(self):
        images = {dataset: self.files.attacked_set(dataset) for dataset in self.config.object_datasets}
        tuned = list(tuned_weights(self.config, self.files, self.method, self.seed).values())
        return {"weights": base_weights(self.config), "checkpoints": tuned[-1:], **images}

    @property
    def output(self):
        return {"predictions": self.files.validation(self.config.model.key, self.method, self.seed)}

    @property
    def settings(self):
        scored = self.values("model", *SELECTED)
        return scored | {"datasets": list(self.config.object_datasets)}


def validate(run: Run, method: Method, seed: Seed = 0, threads: Threads = 1) -> None:
    """Score one trial of the search for settings, or the untouched clip, on validation pictures."""
    from prefclip.evaluation.zero_shot import checkpoint_files, evaluate

    step = Validate.of(run, method=method, seed=seed)
    folder = None if method == "clip" else step.files.checkpoint_folder(step.config.model.key, method, seed)
    checkpoint_files(step.config, method, folder)
    with step.recorded():
        evaluate(step.config, method, seed, folder, step.files, *step.output.values(), validation=True, threads=threads)
