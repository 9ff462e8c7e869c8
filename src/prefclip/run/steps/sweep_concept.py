"""The map of one concept, measured at every power t; for gender, the neutral t too."""

from dataclasses import dataclass

from prefclip.attacks.fonts import font_files
from prefclip.run.options import Concept, Run, Seed, Threads
from prefclip.run.plan import base_weights, concept_runs
from prefclip.run.step import Step


@dataclass(frozen=True)
class SweepConcept(Step):
    """Measures a map. ``kind``: reading or gender, where the concept is only a pattern."""

    concept: str
    seed: int
    kind: str = ""
    command = "sweep-concept {run} {concept} --seed {seed}"
    parallel = "--threads"
    FIXED = ("kind",)

    @classmethod
    def jobs(cls, config):
        yield from (cls(config, name, seed) for _, name, seed in concept_runs(config))

    @property
    def input(self):
        config, files = self.config, self.files
        datasets = config.attacked_datasets
        images = [path for dataset in datasets for path in files.attacked_set(dataset)]
        if config.concept(self.concept).concept == "gender":
            datasets = (config.concept_dataset(self.concept), *config.object_datasets)
            read = (files.manifest, files.images, files.classes)
            images = [path(dataset) for dataset in datasets for path in read]
        concept_map = files.concept_map(config.model.key, self.concept, self.seed)
        return {"concept_map": concept_map, "images": images, "weights": base_weights(config)}

    @property
    def output(self):
        files, which = self.files, (self.config.model.key, self.concept, self.seed)
        made = {"out_sweep": files.concept_sweep(*which)}
        if (self.kind or self.config.concept(self.concept).concept) == "gender":
            made |= {"out_neutral": files.neutral_scale(*which), "out_retrieval": files.retrieval(*which)}
        return made

    @property
    def settings(self):
        own = self.values(f"concepts.{self.concept}")[f"concepts.{self.concept}"]
        kept = {f"concepts.{self.concept}.{key}": value for key, value in own.items() if key != "seeds"}
        drawn = ("attack.smallest_size", "attack.largest_size", "reading.max_images") if self.reads_words else ()
        return self.values("evaluation", "model", "data", *drawn) | kept

    @property
    def reads_words(self):
        """Whether words are drawn to be read, as a reading map's are."""
        return self.config.concept(self.concept).concept == "reading"

    @property
    def fonts(self):
        return font_files() if self.reads_words else []


def sweep_concept(run: Run, concept: Concept, seed: Seed = 0, threads: Threads = 1) -> None:
    """Measure the map of one concept at every power t; for gender, find the neutral t too."""
    from prefclip.evaluation.concept_sweep import sweep_reading
    from prefclip.evaluation.gender_sweep import sweep_gender

    step = SweepConcept.of(run, concept=concept, seed=seed)
    settings = step.config.concept(concept)
    sweep = sweep_reading if settings.concept == "reading" else sweep_gender
    named = {"concept_map": step.input["concept_map"], "files": step.files, **step.output, "threads": threads}
    with step.recorded():
        sweep(step.config, settings, concept, seed, **named)
