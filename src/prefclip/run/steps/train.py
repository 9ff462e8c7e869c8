"""One method, trained with one seed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from prefclip.run.options import Method, Run, Seed, Threads
from prefclip.run.plan import base_weights, sweep_runs, trained_runs, trial_runs
from prefclip.run.step import Step

# What no method can have its own value of; the other keys of the section count as the method has them.
SHARED = ("warmup_ratio", "drop_last_batches", "precision", "compile", "micro_batch_size")
AVERAGING = ("averaging_alpha", "averaging_beta", "averaging_length")


@dataclass(frozen=True)
class Train(Step):
    """Tunes the model. ``kept``: the weights it leaves, where the method is only a pattern."""

    method: str
    seed: int
    kept: tuple[str, ...] = ()
    command = "train {run} {method} --seed {seed}"
    parallel = "--threads"
    launched = True
    timed = ("speed",)
    FIXED = ("kept",)

    @classmethod
    def jobs(cls, config):
        runs = [*sweep_runs(config), *trial_runs(config)]
        yield from (cls(config, method, seed) for _, method, seed in trained_runs(config, runs))

    @property
    def input(self):
        config, files, data = self.config, self.files, self.config.data.train
        words = config.needs_further_words(self.method)
        return {
            "preferences": files.preferences(data, words),
            "images": files.images(data),
            "attacked_images": files.attacked_images(data, words),
            "classes": files.classes(data),
            "reference": files.reference(config.model.key, data, words),
            "weights": base_weights(config),
        }

    @property
    def output(self):
        which = (self.config.model.key, self.method, self.seed)
        kept = self.kept or self.config.every_method[self.method].kept_weights
        weights = {kind: self.files.checkpoint(*which, kind) for kind in kept}
        return {**weights, "log": self.files.training_log(*which), "speed": self.files.training_speed(*which)}

    @property
    def leaves(self):
        return (f"prefclip.objectives.{self.config.every_method[self.method].objective}",)

    @property
    def settings(self):
        method = self.config.resolved(self.method).model_dump(mode="json")
        keys = (*SHARED, *(AVERAGING if method["averaging"] else ()))
        shared = self.values("model", "data.train", *(f"training.{key}" for key in keys))
        return {**shared, f"methods.{self.method}": method}


def train(
    run: Run,
    method: Method,
    seed: Seed = 0,
    threads: Threads = 1,
    scratch: Annotated[Path | None, typer.Option(help="folder of resume points")] = None,
) -> None:
    """Tune the model with one method and seed; goes on where a killed run stopped."""
    from prefclip.training.loop import train as train_policy
    from prefclip.training.run_identity import method_settings

    step = Train.of(run, method=method, seed=seed)
    method_settings(step.config, method)
    read = {role: path for role, path in step.input.items() if role != "weights"}
    with step.recorded():
        train_policy(
            step.config,
            method,
            seed,
            **read,
            output_folder=step.files.checkpoint_folder(step.config.model.key, method, seed),
            scratch=scratch or Path(step.files.root) / "scratch",
            threads=threads,
        )
