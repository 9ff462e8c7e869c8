"""A few pictures, the word written on them, and what CLIP and the tuned model call them."""

from prefclip.reporting.leaf_inputs import decided_by, has_methods, method_predictions, preferred_methods

CAPTION = (
    "Clean and attacked pictures with their names, and the three most probable answers before and after tuning "
    "(first seed), drawn at random among those that CLIP names right when clean and by the written word when "
    "attacked."
)
ORDER, GROUP = 20, "main"
SHOWN_SETS = 4

applies = has_methods
settings = decided_by("data.train", "data.zero_shot", "methods", "seeds")


def reads(config, layout):
    pictures = [path for dataset in example_datasets(config) for path in layout.attacked_set(dataset)]
    return method_predictions(config, layout) + pictures


def draw(config, layout):
    from prefclip.reporting.drawing.attack_examples import draw_attack_examples

    return draw_attack_examples(config, layout, example_datasets(config), preferred_methods(config)[0])


def example_datasets(config):
    """The data sets of which one picture each is shown, the training set first."""
    return config.object_datasets[:SHOWN_SETS]
