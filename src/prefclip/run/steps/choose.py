"""The settings that a search chose, one trial of each method."""

from dataclasses import dataclass

from prefclip.reporting.leaf_inputs import OF_TRIALS, trial_predictions
from prefclip.run.options import Run
from prefclip.run.step import Step


@dataclass(frozen=True)
class Choose(Step):
    """Chooses each method's best trial on validation pictures."""

    command = "choose {run}"

    @classmethod
    def jobs(cls, config):
        if config.trials:
            yield cls(config)

    @property
    def input(self):
        return {"predictions": trial_predictions(self.config, self.files)}

    @property
    def output(self):
        return {"chosen": self.files.chosen}

    @property
    def settings(self):
        return self.values(*OF_TRIALS)


def choose(run: Run) -> None:
    """Choose each method's settings: its trial with the best mean of four accuracies on validation pictures."""
    from prefclip.reporting.trials import write_chosen

    step = Choose.of(run)
    with step.recorded():
        write_chosen(step.config, step.files, step.output["chosen"])
