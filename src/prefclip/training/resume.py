"""Resume points: the whole state of a run, so that a killed one goes on as if nothing had happened.

A point is a safetensors file and a JSON file with its sha256. The JSON file is written last, so a point without one, or
with another sha256, is not whole and the one before it is used. Nothing is unpickled.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from prefclip.errors import PrefclipError
from prefclip.files import sha256_of, write_json
from prefclip.models.tensor_files import read_tensors, write_tensors

RESUME_FORMAT = "prefclip-resume/2"
POINTS_KEPT = 2


@dataclass(frozen=True)
class ResumePoint:
    """State after ``step`` optimizer steps.

    Attributes:
        step: optimizer steps made.
        tensors: by name.
        values: what else is needed, as JSON values.
    """

    step: int
    tensors: dict[str, Tensor]
    values: dict


class ResumeStore:
    """The resume points of one run, in a folder of their own."""

    def __init__(self, folder: str | Path, report: Callable[[str], None]):
        """``report`` takes a line about each point that cannot be used."""
        self.folder = Path(folder)
        self.report = report

    def save(self, step: int, tensors: Mapping[str, Tensor], values: Mapping) -> None:
        """Write a point, then delete all but the newest two.

        Raises OutputError if it cannot be written; the points before it are still there then.
        """
        path = self._tensor_file(step)
        write_tensors(path, tensors, {"format": RESUME_FORMAT})
        record = {"format": RESUME_FORMAT, "step": step, "sha256": sha256_of(path), "values": dict(values)}
        write_json(self._record_file(step), record)
        for old in self._steps()[:-POINTS_KEPT]:
            self._record_file(old).unlink(missing_ok=True)
            self._tensor_file(old).unlink(missing_ok=True)

    def newest(self) -> ResumePoint | None:
        """The newest whole point; for each damaged one that is newer, a line is reported."""
        for step in reversed(self._steps()):
            try:
                return self.read(step)
            except (PrefclipError, OSError, ValueError, KeyError, TypeError) as error:
                self.report(f"resume point {self._record_file(step)} is damaged and left out ({error})")
        return None

    def read(self, step: int) -> ResumePoint:
        """Read the point of one step; raises an error of some kind if it is not whole."""
        record = json.loads(self._record_file(step).read_text(encoding="utf-8"))
        path = self._tensor_file(step)
        if record["format"] != RESUME_FORMAT or record["step"] != step:
            raise ValueError(f"not a record of step {step}")
        if sha256_of(path) != record["sha256"]:
            raise ValueError(f"{path.name} is cut short or changed")
        return ResumePoint(step, read_tensors(path, "start anew").tensors, record["values"])

    def remove_leftovers(self) -> None:
        """Delete what a killed run left half-written."""
        for path in self.folder.glob(".*.partial*"):
            path.unlink(missing_ok=True)

    def clear(self) -> None:
        """Delete all points, once the run's results are written."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _steps(self) -> list[int]:
        """Steps that have a record, ascending."""
        stems = (path.stem.removeprefix("step-") for path in self.folder.glob("step-*.json"))
        return sorted(int(stem) for stem in stems if stem.isdigit())

    def _record_file(self, step: int) -> Path:
        return self.folder / f"step-{step:08d}.json"

    def _tensor_file(self, step: int) -> Path:
        return self.folder / f"step-{step:08d}.safetensors"
