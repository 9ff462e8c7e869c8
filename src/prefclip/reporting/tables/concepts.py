"""What the powers of concept maps see and read, and how far the maps are from the identity."""

from prefclip.reporting.leaf_inputs import INTERVALS, decided_by, has_concepts, map_names
from prefclip.run.plan import concept_runs

ORDER, GROUP = 80, "concepts"
applies = has_concepts
DIRECTIONS = {"predicted_t": "predicted", "cos_text_image": "cos(d, g)", "cos_between_concepts": "between concepts"}
settings = decided_by("model.name", "concepts", "data.train", "data.zero_shot", INTERVALS[0])


def reads(config, layout):
    sweeps = [layout.concept_sweep(*run) for run in concept_runs(config, "reading")]
    return [*sweeps, *(layout.neutral_scale(*run) for run in concept_runs(config, "gender")), layout.map_distances]


def make(config, layout):
    """Accuracy on the object, reading of the word, neutral t, and the distance of WᵀW from the identity."""
    from prefclip.evaluation.concept_table import TEST
    from prefclip.evaluation.metrics import CLEAN, TYPOGRAPHIC
    from prefclip.reporting.concept_lines import Column, add_number, intervals, map_rows
    from prefclip.reporting.concept_numbers import (
        NEUTRAL,
        direction_number,
        distance_number,
        found_neutral,
        neutral_number,
        read_concept_numbers,
    )
    from prefclip.reporting.labels import dataset_label, scopes_of
    from prefclip.reporting.traced import Numbers
    from prefclip.table import Row

    columns = [
        Column(dataset_label(scope), heading, images, TEST, metric, scope)
        for scope in scopes_of(config)
        for heading, images, metric in (
            ("clean", CLEAN, "accuracy"),
            ("attacked", TYPOGRAPHIC, "accuracy"),
            ("word read", TYPOGRAPHIC, "text_confusion"),
        )
    ]
    measured = read_concept_numbers(config, layout, "reading")
    numbers = Numbers()
    rows = map_rows(numbers, measured, config, map_names(config, "reading"), columns)
    notes = []
    for name, settings in config.concepts.items():
        found = distance_number(config, layout, name)
        add_number(numbers, {"map": name, "at": "trained", "metric": "relative_distance"}, found, "distance")
        notes.append(f"{name}: ‖A − I‖_F / √D = {found.estimate.value:.3f}")
        if settings.concept == "gender":
            found = neutral_number(config, layout, name)
            add_number(numbers, {"map": name, "at": NEUTRAL, "metric": "neutral_t"}, found, "t")
            t, low, high = found.estimate
            called = "neutral t" if found_neutral(config, layout, name) else "no neutral t found, nearest"
            notes[-1] += f", {called} = {t:.2f} ({low:.2f} to {high:.2f})"
            for key, words in DIRECTIONS.items():
                if said := direction_number(config, layout, name, key):
                    add_number(numbers, {"map": name, "at": NEUTRAL, "metric": key}, said, key)
                    notes[-1] += f", {words} {said.estimate.value:.2f}"
    caption = (
        "Concept maps W on the frozen CLIP at powers t: images (%) called by their object (clean, attacked) and by the "
        f"written word (word read). {intervals(config)} Below: distance from the identity of A = WᵀW (of W_TᵀW_I "
        "where image and text have a W each), the neutral t of gender maps with its interval, the predicted one, "
        "cos(d, g) of text and image direction, cos between the text directions of two concepts: docs/concepts.md."
    )
    header = [(column.above, column.below) for column in columns]
    shown = rows or [Row(label="no reading map", cells=[""] * len(columns))]
    return numbers.table("concepts", caption, header, shown, "Map", notes)
