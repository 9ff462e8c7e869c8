"""What can go wrong in training and is not a bug."""

from prefclip.errors import PrefclipError


class TrainingError(PrefclipError):
    """Training cannot start or go on: settings that contradict the data, or a loss that is not a number."""


class TrainingInterrupted(PrefclipError):
    """The scheduler asked the run to stop; a resume point was written."""
