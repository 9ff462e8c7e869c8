"""Progress of a run: a bar on a terminal, some plain lines in a log file."""

import sys
import time

REPORTS_PER_RUN = 10


class Progress:
    """Tells on standard error how far a run is; a silent one tells nothing."""

    def __init__(self, title: str, steps: int, silent: bool = False):
        self.title, self.steps, self.silent = title, steps, silent
        self.first_step, self.started = 0, time.monotonic()
        self.bar = None
        if not silent and sys.stderr.isatty():
            from tqdm import tqdm

            self.bar = tqdm(total=steps, desc=title, unit="step", dynamic_ncols=True)
        else:
            self.print(f"{title}: {steps} steps")

    def print(self, text: str) -> None:
        """Print a line; a bar stays below it."""
        if self.bar is not None:
            self.bar.write(text, file=sys.stderr)
        elif not self.silent:
            print(text, file=sys.stderr, flush=True)

    def resume(self, step: int) -> None:
        """Note that an earlier run made ``step`` steps."""
        self.first_step = step
        if self.bar is not None:
            self.bar.update(step)
        self.print(f"{self.title}: goes on after step {step}")

    def step(self, step: int, loss: float, images_per_second: float) -> None:
        """Note that step 1, 2, … is done."""
        if self.bar is not None:
            self.bar.update()
            self.bar.set_postfix(loss=f"{loss:.4g}", images_per_second=f"{images_per_second:.0f}", refresh=False)
        elif step == self.steps or step * REPORTS_PER_RUN // self.steps != (step - 1) * REPORTS_PER_RUN // self.steps:
            left = (time.monotonic() - self.started) / (step - self.first_step) * (self.steps - step)
            self.print(
                f"{self.title}: step {step}/{self.steps}, loss {loss:.4g}, {images_per_second:.0f} images/s, "
                f"{left:.0f} s left"
            )

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
