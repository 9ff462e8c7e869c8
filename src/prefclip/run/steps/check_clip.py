"""The untouched CLIP against published accuracies, before GPU hours are spent on a broken data path."""

from dataclasses import dataclass

from prefclip.run.options import Run
from prefclip.run.plan import clip_is_comparable, published_file
from prefclip.run.step import Step


@dataclass(frozen=True)
class CheckClip(Step):
    """Compares accuracies; the trainings wait for it."""

    command = "check-clip {run}"

    @classmethod
    def jobs(cls, config):
        if clip_is_comparable(config):
            yield cls(config)

    @property
    def input(self):
        predictions = self.files.predictions(self.config.model.key, "clip", 0)
        return {"predictions": predictions, "published": published_file("open_clip_zero_shot")}

    @property
    def output(self):
        return {"report": self.files.clip_check}

    @property
    def settings(self):
        return self.values("model", "data", "reading", "evaluation")


def check_clip(run: Run) -> None:
    """Compare the untouched CLIP with published accuracies; stop where images, labels or prompts are wrong."""
    from prefclip.evaluation.clip_check import check_against_published

    step = CheckClip.of(run)
    with step.recorded():
        check_against_published(step.config, *step.input.values(), *step.output.values())
