"""What training did, step by step: margin, rewards, distance from the reference, loss."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from prefclip.config import Config
from prefclip.errors import PrefclipError
from prefclip.reporting.drawing.parts import method_handles
from prefclip.reporting.drawing.style import FULL_WIDTH, GREY, INK, method_style, new_figure, panel_title
from prefclip.reporting.labels import method_label
from prefclip.run.files import RunFiles

COLUMNS = ("step", "loss", "regulariser", "margin", "reward_true", "reward_written")
SMOOTHED_SHARE = 30  # the running mean spans one 30th of the steps
MARKERS = 6
FAINT_ALPHA, FAINT_WIDTH = 0.6, 0.8
LEGEND_SHARE = 0.15  # of the panel's height, added below for its legend
DECADES = 3  # shown of the regulariser, which starts at zero


class TrainingLogError(PrefclipError):
    """A training log is missing, damaged or lacks columns."""


def draw_training_curves(config: Config, layout: RunFiles) -> Figure:
    """Four panels over optimizer steps; one line per method: the mean over seeds of running means, in a band from the
    lowest to the highest seed. What a method did not measure has no line, and the panel says so, for one key is of all.
    """
    methods = [name for name, settings in config.methods.items() if settings.is_trained]
    logs = {
        method: [read_training_log(layout.training_log(config.model.key, method, seed)) for seed in config.seeds]
        for method in methods
    }
    figure = new_figure(FULL_WIDTH, 4.0)
    (margin, rewards), (regulariser, loss) = figure.subplots(2, 2, sharex=True)
    _draw(margin, logs, "margin")
    margin.axhline(0, color=INK, linewidth=0.5)
    panel_title(margin, "a", "Preference margin")
    margin.set_ylabel("margin h (nats)")
    _draw(rewards, logs, "reward_true")
    _draw(rewards, logs, "reward_written", faint=True)
    rewards.axhline(0, color=INK, linewidth=0.5)
    panel_title(rewards, "b", "Rewards of true name and written word")
    rewards.set_ylabel("log π/π$_{ref}$ (nats)")
    low, high = rewards.get_ylim()
    rewards.set_ylim(bottom=low - LEGEND_SHARE * (high - low))
    shown = Line2D([], [], color=INK, marker="o", label="true name")
    faint = Line2D([], [], color=INK, alpha=FAINT_ALPHA, linewidth=FAINT_WIDTH, label="written word")
    rewards.legend(handles=[shown, faint], loc="lower left", ncols=2)
    _draw(regulariser, logs, "regulariser")
    regulariser.set_yscale("log")
    regulariser.set_ylim(bottom=_lowest_shown(regulariser))
    panel_title(regulariser, "c", "Distance from CLIP on clean images")
    regulariser.set_ylabel("KL(CLIP ‖ tuned) (nats)")
    _draw(loss, logs, "loss", _relative)
    panel_title(loss, "d", "Training loss, relative to its start")
    loss.set_ylabel("loss / loss of the first steps")
    for panel in (margin, rewards, regulariser, loss):
        panel.grid(True)
        panel.margins(x=0.01)
    for panel in (regulariser, loss):
        panel.set_xlabel("optimizer step")
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    handles = method_handles(methods, lines=True)
    figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), handlelength=2.6)
    return figure


def read_training_log(path: str | Path) -> pd.DataFrame:
    """Read ``training_log.csv``: at least COLUMNS, steps ascending. Raises TrainingLogError naming the file."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        log = pd.read_csv(StringIO(text))
    except FileNotFoundError as error:
        raise TrainingLogError(f"{path}: no such file; `prefclip train` writes it.") from error
    except (OSError, ValueError) as error:
        raise TrainingLogError(f"{path}: not a readable CSV file; train again with `prefclip train`.") from error
    if not text.endswith("\n"):
        raise TrainingLogError(f"{path}: cut short; train again with `prefclip train`.")
    missing = [name for name in COLUMNS if name not in log]
    if missing or log.empty:
        what = f"lacks the columns {', '.join(missing)}" if missing else "has no steps"
        raise TrainingLogError(f"{path}: {what}; train again with `prefclip train`.")
    return log


def running_mean(values: np.ndarray, span: int) -> np.ndarray:
    """Centred mean over ``span`` steps, fewer at both ends; (N,) gives (N,)."""
    kernel = np.ones(span)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")


def _lowest_shown(panel) -> float | None:
    """A little below all that is positive, but at most DECADES below the highest value."""
    values = np.concatenate([line.get_ydata() for line in panel.get_lines()] or [np.empty(0)])
    values = values[values > 0]
    return max(0.8 * values.min(), values.max() / 10**DECADES) if len(values) else None


def _relative(values: np.ndarray) -> np.ndarray:
    start = np.abs(values[: max(1, len(values) // SMOOTHED_SHARE)]).mean()
    return values / start if start > 0 else values


def _draw(
    panel,
    logs: dict[str, list[pd.DataFrame]],
    column: str,
    transform: Callable[[np.ndarray], np.ndarray] = np.asarray,
    faint: bool = False,
) -> None:
    methods = list(logs)
    unmeasured = []
    for method, runs in logs.items():
        length = min(len(run) for run in runs)
        steps = runs[0]["step"].to_numpy()[:length]
        curves = np.stack([transform(run[column].to_numpy(dtype=np.float64)[:length]) for run in runs])
        if not np.isfinite(curves).all():
            unmeasured.append(method_label(method))
            continue
        span = min(length, max(1, length // SMOOTHED_SHARE))
        curves = np.stack([running_mean(curve, span) for curve in curves])
        style = method_style(method, methods)
        panel.plot(
            steps,
            curves.mean(axis=0),
            color=style.colour,
            linestyle=style.line,
            alpha=FAINT_ALPHA if faint else 1,
            linewidth=FAINT_WIDTH if faint else 1.2,
            marker=None if faint else style.marker,
            markevery=(methods.index(method) * length // (MARKERS * len(methods)), max(1, length // MARKERS)),
        )
        if len(runs) > 1:
            ends = curves.min(axis=0), curves.max(axis=0)
            panel.fill_between(steps, *ends, color=style.colour, alpha=0.18, linewidth=0)
    if unmeasured and not faint:
        note = f"without {', '.join(unmeasured)}"
        panel.text(0.985, 0.04, note, transform=panel.transAxes, ha="right", va="bottom", color=GREY)
