"""Where the losses move the image embedding of single attacked pictures after training, and how hard."""

from prefclip.reporting.leaf_inputs import INTERVALS, decided_by
from prefclip.reporting.weighed_methods import losses_of, weighed_methods

ORDER, GROUP = 75, "main"
settings = decided_by("model.name", "data.train", "methods", "seeds", *INTERVALS)


def applies(config):
    return bool(weighed_methods(config))


def reads(config, layout):
    embedded = [layout.embeddings(config.model.key, name) for name in ("clip", *weighed_methods(config))]
    return [*embedded, layout.manifest(config.data.train)]


def leaves(config):
    return losses_of(config, weighed_methods(config))


def make(config, layout):
    """The gradient lemma on test pictures: which way a step moves the embedding, and the weights of each picture."""
    from prefclip.reporting.gradient_table import gradient_table

    return gradient_table(config, layout, "gradients", weighed_methods(config))
