"""training_log.csv: what a run did at each step."""

from pathlib import Path

from prefclip.files import write_text

LOG_COLUMNS = (
    "step",
    "loss",
    "preference",
    "regulariser",
    "margin",
    "reward_true",
    "reward_written",
    "lr",
    "images_per_second",
)


class TrainingLog:
    """One line per optimizer step; ``nan`` where a method does not measure something (CE has no reference).

    All columns but the last are the same in each repetition of a run.

    Attributes:
        lines: CSV lines without the header.
    """

    def __init__(self, lines: list[str] | None = None):
        self.lines = list(lines or [])

    def add(self, step: int, terms: list[float], learning_rate: float, images_per_second: float) -> None:
        """Note step 1, 2, …; ``terms`` are the six of an objective's value, in order."""
        # Nine digits tell every float32 from its neighbours.
        numbers = [f"{value:.9g}" for value in (*terms, learning_rate)]
        self.lines.append(",".join([str(step), *numbers, f"{images_per_second:.1f}"]))

    def write(self, path: str | Path) -> None:
        """Write the file, whole or not at all."""
        write_text(path, "\n".join([",".join(LOG_COLUMNS), *self.lines]) + "\n")
