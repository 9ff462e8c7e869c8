"""Gender bias before and after concept maps, and over their powers."""

from prefclip.reporting.leaf_inputs import INTERVALS, decided_by, map_names
from prefclip.run.plan import concept_runs

ORDER, GROUP = 90, "concepts"
settings = decided_by("model.name", "concepts", "data.bias", "data.train", "data.zero_shot", INTERVALS[0])


def applies(config):
    return bool(concept_runs(config, "gender"))


def reads(config, layout):
    runs = concept_runs(config, "gender")
    return [path(*run) for run in runs for path in (layout.concept_sweep, layout.neutral_scale)]


def make(config, layout):
    """Gender recognised, gaps, skew of retrieval and accuracy on concepts, before and after and over t."""
    from prefclip.evaluation.concept_table import TEST
    from prefclip.evaluation.metrics import CLEAN
    from prefclip.reporting.concept_lines import Column, intervals, map_rows
    from prefclip.reporting.concept_numbers import read_concept_numbers
    from prefclip.reporting.data_limits import limits_text
    from prefclip.reporting.labels import dataset_label, scopes_of
    from prefclip.reporting.traced import Numbers

    names = map_names(config, "gender")
    sets = list(dict.fromkeys(map(config.concept_dataset, names)))
    measured = read_concept_numbers(config, layout, "gender")
    columns = [column for dataset in sets for column in _columns(measured, dataset)]
    columns += [
        Column("Objects, clean", dataset_label(scope), CLEAN, TEST, "accuracy", scope) for scope in scopes_of(config)
    ]
    numbers = Numbers()
    rows = map_rows(numbers, measured, config, names, columns)
    tones = sorted(set(measured.rows.loc[(measured.rows["axis"] == "tone"), "group"]) - {"all"})
    caption = (
        f"Gender bias of the untouched CLIP and of gender maps at powers t, on test pictures. {intervals(config)} "
        "Accuracies in %; resolution accuracy, the mean of both genders' accuracies, is the gender accuracy where both "
        "have as many pictures; gap: man − woman, in points; absolute gap: mean over concepts, its interval over "
        "concepts; MaxSkew, NDKL and Bias@K: retrieval by captions without gender, intervals over captions; vl_bias: "
        "OUR analogue for CLIP with swapped captions, not the published metric. Objects: what the map costs elsewhere. "
        "Chance: rankings at random, and |gap| with the genders of a concept's pictures dealt anew. The neutral t is "
        "named neutral only where the intervals of both genders lie within 50 ± 5 %."
    )
    limits = [limits_text(dataset, tones) for dataset in sets]
    header = [(column.above, column.below) for column in columns]
    return numbers.table("bias", caption, header, rows, "Map", limits)


def _columns(measured, dataset):
    """The columns of a data set that `ConceptNumbers` has something for."""
    from prefclip.evaluation.concept_table import TEST
    from prefclip.evaluation.metrics import CLEAN
    from prefclip.preferences.gender_parts import HELD_OUT_CONCEPTS, SEEN_CONCEPTS
    from prefclip.reporting.concept_lines import Column

    own = measured.rows[measured.rows["dataset"] == dataset]
    kinds = sorted(set(own.loc[own["axis"] == "kind", "group"]))
    depths = sorted(int(name.removeprefix("bias@")) for name in set(own["metric"]) if name.startswith("bias@"))
    depth = depths[len(depths) // 2] if depths else 0
    parts = {SEEN_CONCEPTS: "trained on", HELD_OUT_CONCEPTS: "held out"}
    columns = [
        Column(above, heading, CLEAN, part, metric, dataset)
        for above, metric in (
            ("Gender accuracy", "gender_accuracy"),
            ("Own gender's word", "probability_true"),
            ("Resolution gap", "resolution_gap"),
            ("Concept accuracy", "concept_accuracy"),
        )
        for part, heading in parts.items()
    ]
    columns[4:4] = [
        Column(f"Own gender's word, {gender}", heading, CLEAN, part, "probability_true", dataset, "gender", gender)
        for gender in ("woman", "man")
        for part, heading in parts.items()
    ]
    columns += [Column("Absolute gap", kind, CLEAN, TEST, "absolute_gap", dataset, "kind", kind) for kind in kinds]
    columns += [
        Column("vl_bias (ours)", kind, CLEAN, TEST, "vl_bias_text_swap", dataset, "kind", kind, "difference")
        for kind in kinds
    ]
    for axis in ("gender", "tone"):
        metrics = (f"max_skew@{depth}", "ndkl") + ((f"bias@{depth}",) if axis == "gender" else ())
        columns += [
            Column(f"Retrieval, {axis}", metric, CLEAN, TEST, metric, dataset, axis, unit=metric.partition("@")[0])
            for metric in metrics
        ]
    return [column for column in columns if ((own["axis"] == column.axis) & (own["metric"] == column.metric)).any()]
