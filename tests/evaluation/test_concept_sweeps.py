"""The sweep stages on a tiny world: what they write, that t = 0 is the untouched CLIP, and that bytes repeat."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from tiny_concepts import SCALES, concept_settings, write_concept_run

from prefclip.config import ZERO_SHOT_MEAN, ModelConfig
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.image_stacks import open_images
from prefclip.datasets.manifest import read_manifest
from prefclip.datasets.parquet_tables import TableError
from prefclip.evaluation.concept_sweep import OpenedMap, sweep_reading
from prefclip.evaluation.concept_table import CONCEPT_TABLE, ConceptRows, Place, read_concept_table
from prefclip.evaluation.gender_probe import MEASURED_PARTS, read_gender_probe
from prefclip.evaluation.gender_sweep import sweep_gender
from prefclip.evaluation.scoring import class_logits
from prefclip.evaluation.words_alone import PICTURES_PER_WORD, words_alone
from prefclip.models.concept_head import ConceptHeadError
from prefclip.models.loading import load_model
from prefclip.models.text_features import text_features


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return write_concept_run(tmp_path_factory.mktemp("concepts"))


@pytest.fixture(scope="module")
def maps(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("maps")
    return {
        "reading": run.train_reading(folder / "reading"),
        "gender": run.train_gender(folder / "gender"),
        "separate": run.train_reading(folder / "separate", separate=True),
    }


def reading(run, concept_map, folder):
    settings = concept_settings("reading")
    out = folder / "sweep.parquet"
    sweep_reading(
        run.config,
        settings,
        "reading",
        0,
        concept_map=concept_map,
        files=run.layout,
        out_sweep=out,
        threads=1,
        device="cpu",
    )
    return out


def gender(run, concept_map, folder):
    outputs = {f"out_{name}": folder / name for name in ("sweep", "neutral", "retrieval")}
    found = sweep_gender(
        run.config,
        concept_settings("gender"),
        "gender",
        0,
        concept_map=concept_map,
        files=run.layout,
        **outputs,
        threads=1,
        device="cpu",
    )
    return found, outputs


@pytest.fixture(scope="module")
def reading_table(run, maps, tmp_path_factory):
    return read_concept_table([reading(run, maps["reading"], tmp_path_factory.mktemp("swept"))])


@pytest.fixture(scope="module")
def gender_results(run, maps, tmp_path_factory):
    found, outputs = gender(run, maps["gender"], tmp_path_factory.mktemp("swept"))
    return found, read_concept_table([outputs["out_sweep"]]), outputs


def one(table, **where):
    chosen = table
    for column, value in where.items():
        chosen = chosen[chosen[column].isna()] if value is None else chosen[chosen[column] == value]
    assert len(chosen) == 1, where
    return chosen.iloc[0]


def test_reading_rows_are_complete(run, reading_table):
    assert list(reading_table.columns) == CONCEPT_TABLE.names
    for dataset, count in (("animals", 8), ("food", 8), ("people", 8)):
        for images, metrics in (
            ("clean", ["accuracy"]),
            ("typographic", ["accuracy", "text_confusion", "object_over_word"]),
        ):
            for metric in metrics:
                for t in (None, *SCALES):
                    row = one(reading_table, dataset=dataset, images=images, metric=metric, t=t)
                    assert row["n"] == (120 if dataset == "people" else count)
                    assert 0 <= row["ci_low"] <= row["value"] <= row["ci_high"] <= 1
    counts = {dataset: len(read_classes(run.layout.classes(dataset)).names) for dataset in ("animals", "food")}
    for dataset, count in (*counts.items(), (ZERO_SHOT_MEAN, counts["food"])):
        for t in (None, *SCALES):
            row = one(reading_table, dataset=dataset, images="words", t=t)
            assert row["metric"] == "accuracy" and 0 <= row["ci_low"] <= row["value"] <= row["ci_high"] <= 1
            assert row["n"] == count * PICTURES_PER_WORD
    assert "people" not in set(reading_table.loc[reading_table["images"] == "words", "dataset"])
    assert (reading_table["metric"] == "floored_values").sum() == len(SCALES)


def test_a_word_alone_is_its_ink_on_grey_and_the_same_each_time():
    pixels, label = words_alone(("cat", "hot dog"), "animals", 64, (10, 15))
    again, _ = words_alone(("hot dog",), "animals", 64, (10, 15))
    assert pixels.shape == (2 * PICTURES_PER_WORD, 64, 64, 3) and pixels.dtype == np.uint8
    assert label.tolist() == [0] * PICTURES_PER_WORD + [1] * PICTURES_PER_WORD
    assert (pixels[label == 1] == again).all() and len({picture.tobytes() for picture in pixels}) == len(pixels)
    few, named = words_alone(("cat", "hot dog"), "animals", 64, (10, 15), 3)
    assert named.tolist() == [0, 0, 1] and (few == pixels[[0, 1, PICTURES_PER_WORD]]).all()
    inked = (pixels != 128).any(axis=3).mean(axis=(1, 2))
    assert (inked > 0.02).all() and (inked < 0.5).all()


def test_power_zero_is_the_untouched_clip_and_its_accuracy_that_of_the_evaluation(run, reading_table):
    loaded = load_model(run.config.model)
    for dataset in ("animals", "food"):
        table = read_manifest(run.layout.manifest(dataset))
        table = table[table["split"] == "test"]
        texts = text_features(loaded, read_classes(run.layout.classes(dataset)))
        with torch.no_grad():
            logits = class_logits(loaded, texts, open_images(run.layout.images(dataset)), table["row"].to_numpy(), 8)
        expected = (logits.argmax(dim=1).numpy() == table["label"].to_numpy()).mean()
        for t in (None, 0.0):
            where = {"dataset": dataset, "images": "clean", "metric": "accuracy", "t": t}
            assert one(reading_table, **where)["value"] == pytest.approx(expected)


def test_a_separate_map_need_not_be_the_untouched_clip_at_zero(run, maps):
    opened = OpenedMap.open(run.config, concept_settings("reading"), maps["separate"], "cpu")
    images = torch.nn.functional.normalize(torch.randn(5, 8), dim=-1)
    (_, untouched), (_, at_zero) = opened.logits(images, images, [0.0])
    assert not torch.allclose(untouched, at_zero, atol=1e-6)


def test_gender_rows_cover_parts_groups_and_every_scale(gender_results):
    found, table, _ = gender_results
    scales = sorted({*SCALES, found.t})
    for part in MEASURED_PARTS:
        for metric in ("probability_true", "probability_bare", "certainty", "gender_accuracy", "concept_accuracy"):
            for t in (None, *scales):
                row = one(table, part=part, axis="all", metric=metric, t=t)
                assert 0 <= row["ci_low"] <= row["value"] <= row["ci_high"] <= 1
    assert set(table[table["axis"] == "concept"]["group"]) == {"cook", "judge", "pilot", "farmer", "running", "walking"}
    assert set(table[table["axis"] == "tone"]["group"]) == {"all", "default", "light", "dark"}
    gaps = table[table["metric"] == "probability_gap"]
    assert len(gaps) and gaps["value"].between(-1, 1).all() and (gaps["ci_low"] <= gaps["ci_high"]).all()
    skews = table[table["metric"].str.startswith("max_skew@")]
    assert set(skews["metric"]) == {"max_skew@2", "max_skew@5"} and (skews["value"] >= 0).all()
    assert set(skews["axis"]) == {"gender", "tone"}


def test_numbers_at_zero_are_those_without_a_map(gender_results):
    _, table, _ = gender_results
    keys = ["dataset", "part", "axis", "group", "metric"]
    table = table[table["part"] != "chance"]
    untouched = table[table["t"].isna()].set_index(keys)["value"].sort_index()
    at_zero = table[table["t"] == 0].set_index(keys)["value"].sort_index().reindex(untouched.index)
    assert np.allclose(untouched, at_zero, atol=1e-8)


def test_the_cost_elsewhere_is_measured(gender_results):
    _, table, _ = gender_results
    rows = table[(table["metric"] == "accuracy") & (table["images"] == "clean")]
    assert set(rows["dataset"]) == {"animals", "food", "zero_shot_mean"}
    by_set = rows.set_index(["dataset", "t"])["value"]
    assert (by_set["food"] == by_set["zero_shot_mean"]).all(), "the mean of one set is that set"


def test_chance_is_above_zero_and_knows_no_map(gender_results):
    _, table, _ = gender_results
    rows = table[table["part"] == "chance"]
    assert rows["t"].isna().all() and (rows["value"] > 0).all()
    assert {"ndkl", "max_skew@2", "max_skew@5", "absolute_gap"} == set(rows["metric"])


def test_the_neutral_scale_is_written_with_how_it_was_chosen(gender_results):
    found, _, outputs = gender_results
    written = json.loads(outputs["out_neutral"].read_text())
    assert written["t"] == found.t and written["chosen_on"] == "selection" and written["tolerance"] == 0.05
    assert -1 <= written["cos_text_image"] <= 1 and written["stretch_common"] > 0


def test_first_ranks_hold_each_picture_once(gender_results):
    found, _, outputs = gender_results
    ranks = pd.read_parquet(outputs["out_retrieval"])
    assert set(ranks["t"]) == {*SCALES, found.t}
    for _, group in ranks.groupby(["t", "query"]):
        assert group["rank"].tolist() == list(range(1, 11)) and group["id"].is_unique
        assert set(group["gender"]) <= {"man", "woman"}


def test_the_same_inputs_give_the_same_bytes(run, maps, tmp_path):
    for name in ("first", "again"):
        (tmp_path / name).mkdir()
        reading(run, maps["reading"], tmp_path / name)
        gender(run, maps["gender"], tmp_path / name)
    for path in (tmp_path / "first").iterdir():
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_probabilities_follow_their_definition(run, maps):
    opened = OpenedMap.open(run.config, concept_settings("gender"), maps["gender"], "cpu")
    layout = run.layout
    probe = read_gender_probe(opened, layout.manifest("people"), layout.images("people"), layout.classes("people"), 32)
    count = len(probe.classes.names)
    logits = torch.randn(
        len(probe.people), 3 * count + 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
    )
    outcome = probe.outcome(logits)
    for place in (0, 3, 7):
        row = probe.people.iloc[place]
        man, woman = (float(logits[place, row["label"] + shift]) for shift in (0, count))
        own, other = (man, woman) if row["gender"] == "man" else (woman, man)
        assert outcome.probability_true[place] == pytest.approx(np.exp(own) / (np.exp(own) + np.exp(other)))
        shift = 0 if row["gender"] == "man" else count
        factual = torch.softmax(logits[place, shift : shift + count], dim=0)[row["label"]]
        assert outcome.factual[place] == pytest.approx(float(factual))
        assert outcome.scores[:, place].tolist() == logits[place, 2 * count : 3 * count].tolist()


def test_a_map_of_another_base_model_is_refused(run, maps, tmp_path):
    other = ModelConfig(name="emoji-clip", weights="random", image_size=64)
    config = run.config.model_copy(update={"model": other})
    with pytest.raises(ConceptHeadError, match="was trained on other weights of emoji-clip"):
        OpenedMap.open(config, concept_settings("reading"), maps["reading"], "cpu")


def test_a_set_without_genders_is_refused(run, maps):
    opened = OpenedMap.open(run.config, concept_settings("gender"), maps["gender"], "cpu")
    layout = run.layout
    with pytest.raises(TableError, match=r"food/manifest.parquet: no picture is labelled man or woman"):
        read_gender_probe(opened, layout.manifest("food"), layout.images("food"), layout.classes("food"), 8)


def test_intervals_do_not_depend_on_the_order_of_calls(run, tmp_path):
    def written(places):
        rows = ConceptRows("m", "n", "reading", 0, run.config.evaluation)
        for place in places:
            rows.mean(place, 0.5, "accuracy", [0.1, 0.7, 0.2, 0.9])
        rows.write(tmp_path / "rows")
        return (tmp_path / "rows").read_bytes()

    places = [Place("a", "clean", "test"), Place("b", "clean", "test")]
    assert written(places) == written(places[::-1])
