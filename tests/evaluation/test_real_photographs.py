"""The untouched evaluation of real photographs, from the files to the table, with a ViT-B/32 of random weights."""

from pathlib import Path

import pytest

from prefclip.config import Config
from prefclip.datasets.build import build_manifest
from prefclip.evaluation.long_form import read_predictions
from prefclip.evaluation.zero_shot import evaluate
from prefclip.files import write_text
from prefclip.lineage.hashing import usable_cores
from prefclip.reporting.tables import leaf
from prefclip.run.files import RunFiles
from prefclip.run.steps.evaluate import Evaluate

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "photos"
MODEL = "ViT-B-32-quickgelu"
COUNTS = {"paint": 110, "rta100": 1000}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(not PHOTOS.is_dir(), reason=f"{PHOTOS} (real photographs) is not there"),
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Both sets as a run makes them, scored by `clip`; the other sets of the configuration are not at hand."""
    data = {"source": "downloaded", "root": str(PHOTOS), "train": "imagenet100", "zero_shot": [], "bias": []}
    model = {"name": MODEL, "weights": "random", "image_size": 224}
    values = {"data": {**data, "real": list(COUNTS)}, "model": model, "methods": {}}
    config = Config.model_validate({**values, "evaluation": {"bootstrap_samples": 50}})
    layout = RunFiles(str(tmp_path_factory.mktemp("real") / "results"))
    write_text(layout.config, config.model_dump_json())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Config, "scored_datasets", lambda self, method, seed: self.data.real)
        for name in COUNTS:
            build_manifest(config, name, layout.images(name), layout.manifest(name), layout.classes(name))
        assert all(Path(path).is_file() for path in Evaluate(config, "clip", 0, root=layout.root).inputs)
        evaluate(config, "clip", 0, None, layout, layout.predictions(MODEL, "clip", 0), threads=usable_cores())
    return config, layout


@pytest.mark.parametrize(("name", "names"), [("paint", 159), ("rta100", 100)])
def test_every_photograph_is_scored_once_among_all_names(run, name, names):
    _, layout = run
    rows = read_predictions(layout.predictions(MODEL, "clip", 0))
    rows = rows[rows["dataset"] == name]
    assert len(rows) == rows["id"].nunique() == COUNTS[name]
    assert set(rows["images"]) == {"typographic"} and (rows["word_label"] != rows["label"]).all()
    assert rows[["label", "word_label", "predicted"]].max().max() < names and rows["word_label"].min() >= 0
    assert rows["probability_true"].between(0, 1).all()


def test_the_table_of_real_photographs(run):
    config, layout = run
    table = leaf("real_photos").make(config, layout)
    rows = read_predictions(layout.predictions(MODEL, "clip", 0)).set_index("dataset")
    found = {(number.keys["dataset"], number.keys["metric"]): number for number in table.numbers}
    assert set(found) == {(name, metric) for name in COUNTS for metric in ("accuracy", "text_confusion")}
    for (name, metric), number in found.items():
        wanted = rows.loc[name, "label" if metric == "accuracy" else "word_label"]
        assert number.value == pytest.approx((rows.loc[name, "predicted"] == wanted).mean())
        assert number.n == COUNTS[name]
    assert "Candidate names" in table.caption
