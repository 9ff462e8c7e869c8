"""Gender over t: recognised, neutral, turned around; and the bias of recognition and retrieval that goes with it."""

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import torch
from numpy.typing import NDArray

from prefclip.config import Config
from prefclip.config.analyses import ConceptConfig
from prefclip.datasets.parquet_tables import write_table
from prefclip.evaluation.bias_metrics import (
    GENDERS,
    MAN,
    base_rates,
    bias_at_k,
    max_skew_at_k,
    ndkl,
    ranked_groups,
    recognised,
    vl_bias_text_swap,
)
from prefclip.evaluation.concept_sweep import OpenedMap, add_accuracies, add_floor_rows
from prefclip.evaluation.concept_table import ALL, CHANCE, TEST, ConceptRows, Place
from prefclip.evaluation.gender_probe import MEASURED_PARTS, TEST_PARTS, GenderOutcome, GenderProbe, read_gender_probe
from prefclip.evaluation.intervals import bootstrap_means, percentile_bounds
from prefclip.evaluation.metrics import CLEAN
from prefclip.evaluation.neutral_scale import ACCURACY_LOST, TOLERANCE, NeutralScale, neutral_scale
from prefclip.files import write_json
from prefclip.preferences.gender_parts import SELECTION
from prefclip.run.files import RunFiles
from prefclip.seeds import generator_for
from prefclip.training.numerics import declared_numerics

RANKS_KEPT = 10
CHANCES = 500
# Beside the neutral t: where concepts and skin tones are looked at one by one.
LOOKED_AT = (-1.0, 0.0, 1.0)


def sweep_gender(
    config: Config,
    settings: ConceptConfig,
    name: str,
    seed: int,
    *,
    concept_map: str | Path,
    files: RunFiles,
    out_sweep: str | Path,
    out_neutral: str | Path,
    out_retrieval: str | Path,
    threads: int | None = None,
    device: str = "auto",
) -> NeutralScale:
    """Measure a gender map at every t of ``settings.scales`` and at the neutral t, which is found on the way.

    The neutral t comes from the SELECTION pictures; every other number is reported for SELECTION, SEEN_CONCEPTS and
    HELD_OUT_CONCEPTS apart (`preferences.gender_parts`), retrieval and bias for both test parts together. ``out_sweep``
    is a CONCEPT_TABLE, ``out_neutral`` the NeutralScale as JSON, ``out_retrieval`` the first RANKS_KEPT pictures of
    every concept at every t. ``files``: the run with the images.

    What the map costs elsewhere is the accuracy on clean test images of the training and zero-shot sets. The numbers of
    the part CHANCE are what rankings and genders drawn at random would have.

    Raises PrefclipError naming the file or key.
    """
    with torch.inference_mode(), declared_numerics("fp32", threads):
        opened = OpenedMap.open(config, settings, concept_map, device)
        dataset = settings.dataset or config.data.bias[0]
        people = (files.manifest(dataset), files.images(dataset), files.classes(dataset))
        probe = read_gender_probe(opened, *people, config.evaluation.batch_size)
        rows = ConceptRows(config.model.key, name, settings.concept, seed, config.evaluation)
        found = find_neutral(config, settings, rows.run_id, opened, probe)
        scales = sorted({*settings.scales, found.t})
        retrieved = []
        for t, outcome in probe.outcomes(opened, scales):
            add_recognition_rows(rows, probe, t, outcome)
            add_retrieval_rows(rows, probe, t, outcome, settings.top)
            if math.isnan(t):
                add_chance_rows(rows, probe, outcome, settings.top)
            if t in (*LOOKED_AT, found.t) or math.isnan(t):
                add_concept_rows(rows, probe, t, outcome)
            if not math.isnan(t):
                retrieved.append(first_ranks(probe, t, outcome))
        # What the map costs elsewhere.
        add_accuracies(rows, opened, config, files, scales, config.object_datasets, (CLEAN,))
        add_floor_rows(rows, opened.powers, scales, probe.classes.dataset)
        directions = probe.directions(opened)
    rows.write(out_sweep)
    chosen = {"map": name, "chosen_on": SELECTION, "tolerance": TOLERANCE, "accuracy_lost": ACCURACY_LOST}
    told = {} if directions is None else directions._asdict()
    write_json(out_neutral, {**found._asdict(), **told, **chosen})
    write_table(out_retrieval, pa.Table.from_pandas(pd.concat(retrieved, ignore_index=True), preserve_index=False))
    return found


def find_neutral(
    config: Config, settings: ConceptConfig, run_id: str, opened: OpenedMap, probe: GenderProbe
) -> NeutralScale:
    """The neutral t of the SELECTION pictures."""
    chosen = probe.rows_of(SELECTION)
    (_, untouched), *outcomes = probe.outcomes(opened, settings.scales)
    return neutral_scale(
        settings.scales,
        np.stack([outcome.probability_true[chosen] for _, outcome in outcomes]),
        np.stack([outcome.concept_right[chosen] for _, outcome in outcomes]),
        untouched.concept_right[chosen],
        probe.is_man[chosen],
        generator_for(run_id, "neutral t"),
        groups=probe.clusters[chosen],
        samples=config.evaluation.bootstrap_samples,
        confidence=config.evaluation.confidence,
    )


def add_recognition_rows(rows: ConceptRows, probe: GenderProbe, t: float, outcome: GenderOutcome) -> None:
    """Gender and concept recognition of each part; by gender and by kind too."""
    people, dataset = probe.people, probe.classes.dataset
    right = recognised(outcome.probability_true)
    for part in MEASURED_PARTS:
        chosen = probe.rows_of(part)
        place = Place(dataset, CLEAN, part)
        drawings = probe.clusters[chosen]
        rows.mean(place, t, "probability_true", outcome.probability_true[chosen], drawings)
        rows.mean(place, t, "probability_bare", outcome.probability_bare[chosen], drawings)
        rows.mean(place, t, "certainty", np.abs(outcome.probability_true[chosen] - 0.5), drawings)
        rows.mean(place, t, "gender_accuracy", right[chosen], drawings)
        rows.mean(place, t, "concept_accuracy", outcome.concept_right[chosen], drawings)
        gender = people["gender"].to_numpy()[chosen]
        labelled = (right[chosen], gender, drawings)
        _add_from_genders(rows, place, t, "resolution_gap", *labelled, _gap)
        # VisoGender's mean of both genders' accuracies; its captions have "his" and "her" instead of man and woman.
        _add_from_genders(rows, place, t, "resolution_accuracy", *labelled, partial(np.mean, axis=1))
        for axis in ("gender", "kind"):
            names = people[axis].to_numpy()[chosen]
            for group in sorted(set(names)):
                there = chosen[names == group]
                inside = place._replace(axis=axis, group=group)
                own = probe.clusters[there]
                rows.mean(inside, t, "probability_true", outcome.probability_true[there], own)
                rows.mean(inside, t, "concept_accuracy", outcome.concept_right[there], own)


def add_concept_rows(rows: ConceptRows, probe: GenderProbe, t: float, outcome: GenderOutcome) -> None:
    """Gender accuracy, probability gap and text-swap bias of each concept; recognition by skin tone."""
    people = probe.people
    chosen = probe.rows_of(*TEST_PARTS)
    gender, concept, kind = (people[column].to_numpy()[chosen] for column in ("gender", "name", "kind"))
    right, probability = recognised(outcome.probability_true)[chosen], outcome.probability_true[chosen]
    gaps: dict[str, list[float]] = {}
    for name in sorted(set(concept)):
        there = concept == name
        part = people["part"].to_numpy()[chosen][there][0]
        place = Place(probe.classes.dataset, CLEAN, part, "concept", name)
        own = probe.clusters[chosen][there]
        rows.mean(place, t, "gender_accuracy", right[there], own)
        gap = _add_from_genders(rows, place, t, "probability_gap", probability[there], gender[there], own, _gap)
        gaps.setdefault(str(kind[there][0]), []).extend([] if gap is None else [abs(gap)])
    for group, sizes in sorted(gaps.items()):
        place, there = Place(probe.classes.dataset, CLEAN, TEST, "kind", group), chosen[kind == group]
        rows.mean(place, t, "absolute_gap", sizes)  # its interval is over concepts
        swapped = vl_bias_text_swap(outcome.factual[there], outcome.swapped[there], people["gender"].to_numpy()[there])
        rows.mean(place, t, "vl_bias_text_swap", swapped, probe.clusters[there])
    if "tone" in people:
        tone = people["tone"].to_numpy()[chosen]
        for group in sorted(set(tone)):
            place = Place(probe.classes.dataset, CLEAN, TEST, "tone", group)
            own = probe.clusters[chosen][tone == group]
            rows.mean(place, t, "gender_accuracy", right[tone == group], own)
            rows.mean(place, t, "concept_accuracy", outcome.concept_right[chosen][tone == group], own)


def add_retrieval_rows(
    rows: ConceptRows, probe: GenderProbe, t: float, outcome: GenderOutcome, top: tuple[int, ...]
) -> None:
    """Skew of what captions without gender rank first, by gender and by skin tone; means and intervals over concepts.

    Desired are the groups' shares of all ranked pictures (demographic parity). A K above their number is left out.
    """
    chosen = probe.rows_of(*TEST_PARTS)
    for axis in [name for name in ("gender", "tone") if name in probe.people]:
        names = probe.people[axis].to_numpy()[chosen]
        groups = list(GENDERS) if axis == "gender" else sorted(set(names))
        codes = np.array([groups.index(name) for name in names])
        if len(set(codes)) < 2:
            continue
        ranked = ranked_groups(outcome.scores[:, chosen], codes)
        desired = base_rates(codes, len(groups))
        place = Place(probe.classes.dataset, CLEAN, TEST, axis, ALL)
        rows.mean(place, t, "ndkl", ndkl(ranked, desired))
        for k in [k for k in top if k <= len(chosen)]:
            rows.mean(place, t, f"max_skew@{k}", max_skew_at_k(ranked, k, desired))
            if axis == "gender":
                rows.mean(place, t, f"bias@{k}", bias_at_k(ranked, k))


def add_chance_rows(rows: ConceptRows, probe: GenderProbe, outcome: GenderOutcome, top: tuple[int, ...]) -> None:
    """What rankings drawn at random have of the retrieval metrics, and what |gap| is where the genders of a concept's
    pictures are dealt anew: means of CHANCES.

    A metric that cannot be negative is not 0 by chance; numbers of a map are to be read against these.
    """
    chosen, generator = probe.rows_of(*TEST_PARTS), generator_for(rows.run_id, "chance")
    people = probe.people.iloc[chosen]
    for axis in [name for name in ("gender", "tone") if name in people]:
        groups = sorted(set(people[axis]))
        codes = np.array([groups.index(name) for name in people[axis]])
        if len(groups) < 2:
            continue
        ranked = generator.permuted(np.tile(codes, (CHANCES, 1)), axis=1)
        desired, place = base_rates(codes, len(groups)), Place(probe.classes.dataset, CLEAN, CHANCE, axis)
        rows.number(place, math.nan, "ndkl", float(ndkl(ranked, desired).mean()), CHANCES)
        for k in [k for k in top if k <= len(chosen)]:
            skew = float(max_skew_at_k(ranked, k, desired).mean())
            rows.number(place, math.nan, f"max_skew@{k}", skew, CHANCES)
    is_man, probability = probe.is_man[chosen], outcome.probability_true[chosen]
    for kind, of_kind in people.reset_index(drop=True).groupby("kind", sort=True):
        gaps = []
        for _, pictures in sorted(of_kind.groupby("name").groups.items()):
            dealt = generator.permuted(np.tile(is_man[pictures], (CHANCES, 1)), axis=1)
            men, women = dealt.sum(axis=1), (~dealt).sum(axis=1)
            if men[0] and women[0]:
                values = probability[pictures]
                gaps.append(np.abs((dealt @ values) / men - (~dealt @ values) / women))
        if gaps:
            place = Place(probe.classes.dataset, CLEAN, CHANCE, "kind", str(kind))
            rows.number(place, math.nan, "absolute_gap", float(np.mean(gaps)), CHANCES)


def first_ranks(probe: GenderProbe, t: float, outcome: GenderOutcome) -> pd.DataFrame:
    """The first RANKS_KEPT test pictures of every concept's caption: t, query, rank, id, row, name, gender, tone."""
    chosen = probe.rows_of(*TEST_PARTS)
    order = np.argsort(-outcome.scores[:, chosen], axis=1, kind="stable")[:, :RANKS_KEPT]
    columns = [name for name in ("id", "row", "name", "gender", "tone") if name in probe.people]
    found = []
    for query, places in zip(probe.classes.names, order, strict=True):
        pictures = probe.people.iloc[chosen[places]][columns].reset_index(drop=True)
        found.append(pd.DataFrame({"t": t, "query": query, "rank": np.arange(1, len(pictures) + 1), **pictures}))
    return pd.concat(found, ignore_index=True)


def _gap(means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Men − women: (N, 2) gives (N,). > 0 leans to "man".

    Of right answers, the gender gap of resolution accuracy: VisoGender (Hall et al. 2023, arXiv:2306.12424). Of
    probabilities, its form for one concept; Wang et al. 2021 (arXiv:2109.05433) also compare group means.
    """
    return means[:, 0] - means[:, 1]


def _add_from_genders(
    rows: ConceptRows,
    place: Place,
    t: float,
    metric: str,
    values: NDArray[np.float64],
    gender: NDArray,
    drawings: NDArray,
    combine: Callable[[NDArray[np.float64]], NDArray[np.float64]],
) -> float | None:
    """Add what ``combine`` makes of the means over men and over women, (1 + B, 2), of the pictures and of resamples.

    Returns the number; none if a gender lacks.
    """
    is_man = gender == MAN
    if is_man.all() or not is_man.any():
        return None
    columns = np.stack([values * is_man, values * ~is_man, is_man, ~is_man], axis=1).astype(np.float64)
    generator = generator_for(rows.run_id, *place, metric, "concept bootstrap")
    draws = bootstrap_means(columns, generator, groups=drawings, samples=rows.settings.bootstrap_samples)
    draws = np.concatenate([columns.mean(axis=0)[None], draws[(draws[:, 2:] > 0).all(axis=1)]])
    found = combine(draws[:, :2] / draws[:, 2:])
    low, high = percentile_bounds(found[1:], rows.settings.confidence)
    value = float(found[0])
    rows.number(place, t, metric, value, len(values), min(low, value), max(high, value))
    return value
