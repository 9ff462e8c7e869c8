"""The report says of a rehearsal that it is one."""

import pytest
from downloaded_run import downloaded_config

from prefclip.files import write_json
from prefclip.reporting.report.contents import page_inputs
from prefclip.reporting.report.rehearsal import rehearsal_notes
from prefclip.run.files import RunFiles


@pytest.fixture
def notes_of(tmp_path):
    """`notes_of(["dtd"], model=…)` gives the notes of a run with some stand-ins."""

    def notes(stand_ins, **changes):
        config, files = downloaded_config(**changes), RunFiles(str(tmp_path))
        for name in config.datasets:
            write_json(files.sources(name), {"dataset": name} | ({"stand_in": True} if name in stand_ins else {}))
        assert {files.sources(name) for name in config.datasets} <= set(page_inputs(config, files))
        return rehearsal_notes(config, files)

    return notes


def test_a_run_on_data_is_none(notes_of):
    assert notes_of([]) == []


def test_every_reason_is_named(notes_of):
    assert notes_of(["dtd", "rta100"]) == ["Pictures are made up, stand-ins instead of data: DTD, RTA-100."]
    assert notes_of(downloaded_config().datasets)[0].endswith("all data sets.")
    assert notes_of([], reading={"max_images": 24}) == ["At most 24 images of each split are read."]
    random = {"name": "ViT-B-32-quickgelu", "weights": "random", "image_size": 224}
    assert notes_of([], model=random) == ["The model starts from random weights."]
