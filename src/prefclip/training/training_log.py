"""training_log.csv: what a run did at each step; speed.csv: how fast, which differs from run to run."""

from collections.abc import Iterable
from pathlib import Path

from prefclip.files import write_text

LOG_COLUMNS = ("step", "loss", "preference", "regulariser", "margin", "reward_true", "reward_written", "lr")
SPEED_COLUMNS = ("step", "images_per_second")


class TrainingLog:
    """One line per optimizer step; ``nan`` where a method does not measure something (CE has no reference)."""

    def __init__(self, lines: Iterable[str] = (), speeds: Iterable[str] = ()):
        """Go on from CSV lines of both files, without the header."""
        self.lines, self.speeds = list(lines), list(speeds)

    def add(self, step: int, terms: list[float], learning_rate: float, images_per_second: float) -> None:
        """Note step 1, 2, …; ``terms`` are the six of an objective's value, in order."""
        # Nine digits tell every float32 from its neighbours.
        numbers = [f"{value:.9g}" for value in (*terms, learning_rate)]
        self.lines.append(",".join([str(step), *numbers]))
        self.speeds.append(f"{step},{images_per_second:.1f}")

    def write(self, folder: str | Path) -> None:
        """Write both files, each whole or not at all."""
        write_text(Path(folder, "training_log.csv"), "\n".join([",".join(LOG_COLUMNS), *self.lines]) + "\n")
        write_text(Path(folder, "speed.csv"), "\n".join([",".join(SPEED_COLUMNS), *self.speeds]) + "\n")
