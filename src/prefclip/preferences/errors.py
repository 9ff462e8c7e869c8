"""What goes wrong with preferences."""

from prefclip.errors import PrefclipError


class PreferenceError(PrefclipError):
    """Preferences cannot be made of these inputs."""
