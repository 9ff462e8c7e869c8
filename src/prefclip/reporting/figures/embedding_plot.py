"""Test pictures as the models embed them, clean, attacked and under ink: before and after tuning."""

from prefclip.config import method_names
from prefclip.reporting.leaf_inputs import decided_by, has_methods

CAPTION = (
    "Test pictures of up to six classes of the training set as the models embed them, clean, with a word on them, and "
    "under the same ink unreadable: before tuning (CLIP) and after (first seed). Where a model does not read, a "
    "picture stays with its class whatever is written on it. t-SNE of at most 25 pictures of each class, drawn by lot: "
    "what lies together can be read off, but neither distances between groups nor their sizes. Above each map, without "
    "t-SNE and of all test pictures: how many attacked ones have as nearest clean picture, by cosine and their own "
    "left out, one of the true class, and how many one of the written class."
)
ORDER, GROUP = 28, "main"

applies = has_methods
settings = decided_by("methods", "data.train")


def reads(config, layout):
    embedded = [layout.embeddings(config.model.key, method) for method in method_names(config)]
    return [*embedded, layout.classes(config.data.train)]


def draw(config, layout):
    from prefclip.reporting.drawing.embedding_plot import draw_embedding_plot

    return draw_embedding_plot(config, layout, method_names(config))
