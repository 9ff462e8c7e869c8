"""The linear map of one concept; the model stays as it is."""

from dataclasses import dataclass

from prefclip.run.options import Concept, Run, Seed, Threads
from prefclip.run.plan import base_weights, concept_runs
from prefclip.run.step import Step


@dataclass(frozen=True)
class TrainConcept(Step):
    concept: str
    seed: int
    command = "train-concept {run} {concept} --seed {seed}"
    parallel = "--threads"

    @classmethod
    def jobs(cls, config):
        yield from (cls(config, name, seed) for _, name, seed in concept_runs(config))

    @property
    def input(self):
        config, files = self.config, self.files
        dataset, settings = config.concept_dataset(self.concept), config.concept(self.concept)
        read = {"images": files.images(dataset), "classes": files.classes(dataset)}
        if settings.concept == "gender":
            read["gender_pairs"] = files.gender_pairs(dataset, settings.preference)
        else:
            read |= {
                "preferences": files.preferences(dataset),
                "attacked_images": files.attacked_images(dataset),
                "reference": files.reference(config.model.key, dataset),
            }
        return {**read, "weights": base_weights(config)}

    @property
    def output(self):
        which = (self.config.model.key, self.concept, self.seed)
        return {"map": self.files.concept_map(*which), "log": self.files.concept_log(*which)}

    @property
    def leaves(self):
        return (f"prefclip.objectives.{self.config.concept(self.concept).objective}",)

    @property
    def settings(self):
        trained_with = self.config.concept(self.concept).trained_with()
        return self.values("model", "training.precision", "training.max_train_images") | {
            f"concepts.{self.concept}.{key}": value for key, value in trained_with.items()
        }


def train_concept(run: Run, concept: Concept, seed: Seed = 0, threads: Threads = 1) -> None:
    """Train the linear map of one concept; the model stays as it is."""
    from prefclip.training.concept_training import train_concept_map

    step = TrainConcept.of(run, concept=concept, seed=seed)
    settings = step.config.concept(concept)
    read = {role: path for role, path in step.input.items() if role != "weights"}
    out_map, out_log = step.output.values()
    with step.recorded():
        train_concept_map(step.config, settings, seed, **read, out_map=out_map, out_log=out_log, threads=threads)
