"""What the weights that a run makes depend on, as names for its resume points and checkpoints."""

import torch

from prefclip import __version__
from prefclip.config import Config, MethodConfig
from prefclip.training.errors import TrainingError
from prefclip.training.reference import key_of


def method_settings(config: Config, method: str) -> MethodConfig:
    """The whole settings of a table's row or a sweep's point. Raises TrainingError, with the list, for other names."""
    trained = [name for name, settings in config.every_method.items() if settings.is_trained]
    if method not in trained:
        why = "is the untouched model and is not trained" if method == "clip" else "is not in the config"
        why = "is not trained" if method in config.every_method else why
        raise TrainingError(f"methods: {method!r} {why}; allowed: {', '.join(trained) or 'none'}.")
    return config.resolved(method)


def settings_sha256(config: Config, method: str, seed: int) -> str:
    """Hash of every setting that the trained weights depend on.

    The path of the base weights is no part of it (their bytes are, see :func:`run_sha256`), nor is the number of steps
    between resume points.
    """
    # In `training` even where the method decides, and words only where they are asked for: hashes of older runs hold.
    decided = method_settings(config, method).model_dump(mode="json", exclude={"kind"})
    training = config.training.model_dump(mode="json", exclude={"checkpoint_every", "epochs", "learning_rate"})
    training |= {key: decided.pop(key) for key in ("batch_size", "trainable", "max_train_images")}
    if decided["words"] is None:
        del decided["words"]
    settings = {
        "dataset": config.data.train,
        "model": config.model.model_dump(mode="json", exclude={"weights"}),
        "training": training,
        "method": {"name": method, **decided},
        "seed": seed,
    }
    return key_of(settings)


def run_sha256(settings: str, data: str) -> str:
    """Names the folder of a run's resume points: its settings, the data and base weights, and the software."""
    return key_of([settings, data, __version__, torch.__version__])
