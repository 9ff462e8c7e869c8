"""How far every concept map is from the identity, and in how many directions."""

from dataclasses import dataclass

from prefclip.run.options import Run
from prefclip.run.plan import concept_runs
from prefclip.run.step import Step


@dataclass(frozen=True)
class ConceptSpectra(Step):
    command = "concept-spectra {run}"

    @classmethod
    def jobs(cls, config):
        if config.concepts:
            yield cls(config)

    @property
    def input(self):
        return {"maps": [self.files.concept_map(*which) for which in concept_runs(self.config)]}

    @property
    def output(self):
        return {"spectra": self.files.map_spectra, "distances": self.files.map_distances}


def concept_spectra(run: Run) -> None:
    """Measure how far every concept map is from the identity, and in how many directions."""
    from prefclip.evaluation.map_spectrum import measure_spectra

    step = ConceptSpectra.of(run)
    maps = {which[1:]: step.files.concept_map(*which) for which in concept_runs(step.config)}
    with step.recorded():
        measure_spectra(maps, *step.output.values())
