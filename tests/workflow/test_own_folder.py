"""A folder of one's own as a data set, by configuration alone: unused it changes nothing, used it is scored."""

from pathlib import Path

import pandas as pd
import pytest
import yaml
from PIL import Image
from tiny_project import MODEL, RUN, SETTINGS, prefclip

from prefclip.config import Config, ConfigError, check_config
from prefclip.datasets.class_lists import read_classes
from prefclip.datasets.registry import DATASETS
from prefclip.lineage.project import Project
from prefclip.lineage.verify import verify
from prefclip.reporting.report.settings import read_settings
from prefclip.run.files import RunFiles
from prefclip.run.steps import step_class, step_names

FILES = RunFiles(RUN)
SHELF = {"folder": "pictures/$KIND", "template": "a photo of a {}."}


@pytest.fixture
def pictures(project, monkeypatch):
    """The finished run, with a folder of six pictures of three classes beside it."""
    monkeypatch.setenv("KIND", "shelf")
    for place in range(6):
        path = Path("pictures/shelf", ("egg", "hot_dog", "pear")[place % 3], f"{place}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (90, 70), (40 * place, 200 - 30 * place, 90)).save(path)
    return project


def configure(**data: object) -> Config:
    """Write tiny.yaml with the shelf and other changes of the section data."""
    settings = {**SETTINGS, "data": {**SETTINGS["data"], "own": {"shelf": SHELF}, **data}}
    Path("tiny.yaml").write_text(yaml.safe_dump(settings))
    return check_config(settings, "tiny.yaml", DATASETS)


def states() -> dict[str, str]:
    return verify(Project("."), [RUN], "tiny.yaml", threads=1).states()


def shown(config: Config) -> list[str]:
    """The sections of the settings that the report shows."""
    return [section.name for section in read_settings(config)]


def declared(config: Config) -> dict[tuple, tuple]:
    """What decides the bytes of every job of a configuration."""
    jobs = [job for name in step_names() for job in step_class(name).jobs(config)]
    return {(job.name(), *job.wildcards.items()): (job.inputs, job.params, job.code) for job in jobs}


def test_one_that_is_not_used_changes_nothing(pictures):
    before = states()
    config = configure()
    assert states() == before and "stale" not in before.values()
    assert "data.own.shelf" not in shown(config)
    assert declared(config) == declared(check_config(SETTINGS, "tiny.yaml", DATASETS))


def test_one_that_is_used_is_scored_beside_the_others(pictures):
    before = declared(configure())
    config = configure(zero_shot=["food", "shelf"])
    changed = {key[0] for key, value in declared(config).items() if before.get(key) not in (None, value)}
    assert not changed & {"fetch", "manifest", "attacks", "ink", "pairs", "reference", "train"}
    assert prefclip("config", "check", "tiny.yaml") == 0
    assert prefclip("init", "--config", "tiny.yaml") == 0
    for command in ("obtain", "manifest", "attacks", "ink"):
        assert prefclip(command, RUN, "shelf") == 0
    assert read_classes(FILES.classes("shelf")).names == ("egg", "hot dog", "pear")
    for method in ("clip", "ce", "dpo"):
        assert prefclip("evaluate", RUN, method) == 0
    scored = pd.read_parquet(FILES.predictions(MODEL, "dpo", 0))
    counts = scored[scored["dataset"] == "shelf"].groupby(["weights", "images"]).size()
    assert counts.to_dict() == {
        (kind, images): 6 for kind in ("averaged", "raw") for images in ("clean", "typographic", "ink")
    }
    assert prefclip("table", RUN, "typographic") == 0
    assert "shelf" in Path(FILES.table("typographic")).read_text()
    assert "data.own.shelf" in shown(config)

    now = states()
    assert now[FILES.sources("shelf")] == now[FILES.attacked_images("shelf")] == now[FILES.ink_images("shelf")] == "ok"
    picture = Path("pictures/shelf/egg/0.png")
    content = picture.read_bytes()
    picture.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert states()[FILES.sources("shelf")] == "stale", "a byte in a picture"
    picture.write_bytes(content)
    Image.new("RGB", (8, 8)).save("pictures/shelf/egg/new.png")
    later = states()
    assert {name for name in now if now[name] != later[name]} >= {FILES.sources("shelf")}
    assert later[FILES.sources("shelf")] == "stale" and later[FILES.images("animals")] == now[FILES.images("animals")]


def test_a_folder_that_is_not_there_is_named_before_anything_runs(pictures, monkeypatch, refused):
    monkeypatch.setenv("KIND", "attic")
    configure()
    message = refused("config", "check", "tiny.yaml")
    assert message.startswith("data.own.shelf.folder: pictures/attic is no folder; place the images there as <class>/")
    configure(zero_shot=["food", "shelf"])
    assert prefclip("init", "--config", "tiny.yaml") == 0
    assert "pictures/attic" in refused("obtain", RUN, "shelf")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"bias": ["shelf"]}, "data.bias: 'shelf' is one of data.own, which are for train and zero_shot."),
        ({"real": ["shelf"]}, "data.real: 'shelf' is one of data.own, which are for train and zero_shot."),
        ({"zero_shot": ["shelves"]}, "data.zero_shot: unknown data set 'shelves'; allowed: shelf, activities,"),
        ({"own": {"embedded": SHELF}}, "data.own: 'embedded' is a data set that prefclip knows; choose another name."),
        ({"own": {"food": SHELF}}, "data.own: 'food' is a data set that prefclip knows; choose another name."),
        ({"own": {"shelf": {"folder": "x", "template": "it"}}}, "data.own.shelf.template: 'it' must hold {} once"),
        ({"own": {"shelf": {}}}, "key 'data.own.shelf.folder' is missing"),
    ],
)
def test_mistakes(data, message):
    values = {**SETTINGS, "data": {**SETTINGS["data"], "own": {"shelf": SHELF}, **data}}
    with pytest.raises(ConfigError) as caught:
        check_config(values, "run.yaml", DATASETS)
    assert str(caught.value).startswith("run.yaml: ") and message in str(caught.value)
