"""Which methods stand for preference optimisation in figures that cannot show all of them."""

from prefclip.config import Config


def preferred_methods(config: Config) -> list[str]:
    """The tuned methods with a preference objective, in order; all tuned methods where none has one."""
    preferred = [name for name, method in config.methods.items() if method.is_preference]
    return preferred or list(config.methods)
