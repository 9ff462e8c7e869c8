"""Where a model looks when it compares an image with a text: maps for both kinds of image towers, and a number."""

from prefclip.errors import PrefclipError


class SaliencyError(PrefclipError):
    """An explainer that does not exist or does not fit the model's image tower, or maps that cannot be measured."""
