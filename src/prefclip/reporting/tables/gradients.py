"""Where the losses move the image embedding of single attacked pictures after training, and how hard."""

from prefclip import objectives
from prefclip.reporting.leaf_inputs import INTERVALS, decided_by

ORDER, GROUP = 75, "main"
settings = decided_by("model.name", "data.train", "methods", "seeds", *INTERVALS)


def applies(config):
    return bool(weighed(config))


def weighed(config):
    """The trained methods whose loss says how it weighs examples."""
    trained = {name: settings for name, settings in config.methods.items() if settings.is_trained}
    return [name for name in trained if objectives.settings_of(trained[name].objective).example_weights is not None]


def reads(config, layout):
    embedded = [layout.embeddings(config.model.key, name) for name in ("clip", *weighed(config))]
    return [*embedded, layout.manifest(config.data.train)]


def leaves(config):
    return [f"prefclip.objectives.{config.methods[name].objective}" for name in weighed(config)]


def make(config, layout):
    """The gradient lemma on test pictures: which way a step moves the embedding, and the weights of each picture."""
    from prefclip.reporting.gradient_table import gradient_table

    return gradient_table(config, layout, "gradients", weighed(config))
