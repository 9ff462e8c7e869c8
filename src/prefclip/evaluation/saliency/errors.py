"""What can go wrong with saliency and is not a bug."""

from prefclip.errors import PrefclipError


class SaliencyError(PrefclipError):
    """An explainer that does not exist or does not fit the model's image tower, or maps that cannot be measured."""
