"""Image–text retrieval over the powers of maps: what a map costs where no word is read and no gender asked for."""

from prefclip.reporting.leaf_inputs import INTERVALS, decided_by, has_concepts, map_names
from prefclip.run.plan import concept_runs

ORDER, GROUP = 95, "concepts"
applies = has_concepts
settings = decided_by("model.name", "concepts", "data.train", "data.zero_shot", INTERVALS[0])


def reads(config, layout):
    sweeps = [layout.concept_sweep(*run) for run in concept_runs(config)]
    return [*sweeps, *(layout.neutral_scale(*run) for run in concept_runs(config, "gender"))]


def make(config, layout):
    """Recall at 1 and 5, from image to caption and from caption to image, of the untouched CLIP and of maps over t."""
    from prefclip.evaluation.concept_table import TEST
    from prefclip.evaluation.metrics import CLEAN
    from prefclip.evaluation.recall import RANKS
    from prefclip.reporting.concept_lines import Column, intervals, map_rows
    from prefclip.reporting.concept_numbers import read_concept_numbers
    from prefclip.reporting.labels import dataset_label, scopes_of
    from prefclip.reporting.traced import Numbers

    columns = [
        Column(dataset_label(scope), f"{way} R@{k}", CLEAN, TEST, f"{metric}@{k}", scope)
        for scope in scopes_of(config)
        for way, metric in (("image → text", "image_recall"), ("text → image", "text_recall"))
        for k in RANKS
    ]
    numbers, rows = Numbers(), []
    for concept in dict.fromkeys(settings.concept for settings in config.concepts.values()):
        measured = read_concept_numbers(config, layout, concept)
        lines = map_rows(numbers, measured, config, map_names(config, concept), columns)
        rows += [line for line in lines if set(line.cells) != {""}]  # rankings at random are of people alone
    caption = (
        "Image–text retrieval on clean test images of objects (%), for concept maps at powers t. R@k, image to text: "
        "the own caption is among the k that fit best (at 1, accuracy); from text to image: one of the k best images "
        f"shows what the caption says. There is one caption for each class. {intervals(config)} From text to image the "
        "interval is over captions."
    )
    return numbers.table("caption_retrieval", caption, [(c.above, c.below) for c in columns], rows, "Map")
