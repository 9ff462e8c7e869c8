"""One method whose weights are computed from others, with the seed of those."""

import json
from dataclasses import dataclass

from prefclip.run.options import Method, Run, Seed
from prefclip.run.plan import base_weights, sweep_runs, tuned_weights
from prefclip.run.step import Step


@dataclass(frozen=True)
class Derive(Step):
    """Computes the weights of a method that needs no training, as its kind in `prefclip.methods` says."""

    method: str
    seed: int
    command = "derive {run} {method} --seed {seed}"

    @classmethod
    def jobs(cls, config):
        derived = config.derived_methods
        yield from (cls(config, method, seed) for _, method, seed in sweep_runs(config) if method in derived)

    @property
    def tuned(self) -> dict[str, str]:
        """The checkpoint that stands for each method it builds on."""
        names = self.config.every_method[self.method].builds_on
        return {name: list(tuned_weights(self.config, self.files, name, self.seed).values())[-1] for name in names}

    @property
    def input(self):
        return {"weights": base_weights(self.config), "tuned": list(self.tuned.values())}

    @property
    def output(self):
        return {"raw": self.files.checkpoint(self.config.model.key, self.method, self.seed)}

    @property
    def leaves(self):
        return (f"prefclip.methods.{self.config.every_method[self.method].kind}",)

    @property
    def settings(self):
        method = self.config.every_method[self.method].model_dump(mode="json")
        return self.values("model") | {f"methods.{self.method}": method}


def derive(run: Run, method: Method, seed: Seed = 0) -> None:
    """Compute the weights of one method that is not trained from the base model and the methods it builds on."""
    from prefclip.methods import kind_of
    from prefclip.models.derived_weights import derive_weights

    step = Derive.of(run, method=method, seed=seed)
    settings = step.config.derived(method)
    kind = kind_of(settings.kind)
    parameters = kind.check(settings.parameters)
    said = json.dumps({"name": kind.name, **parameters}, sort_keys=True)
    with step.recorded():
        derive_weights(
            step.config.model,
            lambda base, tuned: kind.weights(base, tuned, parameters),
            step.tuned,
            step.output["raw"],
            {"method": method, "kind": said, "seed": str(seed)},
        )
